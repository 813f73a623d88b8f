//! Every line of the contract's tables of refusals, over HTTP with the exact body and by SQL with SQLSTATE and
//! message; and none of them leaves a trace.

use serde_json::{Value, json};
use vault_tests::card::{account, ach_for, misread, number};
use vault_tests::tenant::{customer, unknown_key};
use vault_tests::{Card, Tenant, random};

use crate::connectors::NO_CONNECTOR;
use crate::support::{
    CUSTOMER_REDACTED, NO_CUSTOMER, NO_PAYMENT_METHOD, UNAUTHENTICATED, holdings, unknown_id,
};

/// What is refused: status, code and message of the HTTP answer, and the SQLSTATE of the same refusal by SQL.
struct Refusal(u16, &'static str, &'static str, &'static str);

/// A call by both doors.
struct Call {
    verb: &'static str,
    path: String,
    body: Option<Value>,
    operation: &'static str,
    arguments: Vec<Argument>,
}

enum Argument {
    Text(String),
    Json(Value),
}

fn create_customer(body: Value) -> Call {
    let arguments = vec![Argument::Json(body.clone())];
    Call {
        verb: "POST",
        path: "/v2/customers".into(),
        body: Some(body),
        operation: "create_customer($1)",
        arguments,
    }
}

fn update_customer(id: &str, body: Value) -> Call {
    let arguments = vec![Argument::Text(id.into()), Argument::Json(body.clone())];
    let path = format!("/v2/customers/{id}");
    Call {
        verb: "PUT",
        path,
        body: Some(body),
        operation: "update_customer($1, $2)",
        arguments,
    }
}

fn create_method(body: Value) -> Call {
    let arguments = vec![Argument::Json(body.clone())];
    let path = "/v2/payment-methods".into();
    Call {
        verb: "POST",
        path,
        body: Some(body),
        operation: "create_payment_method($1)",
        arguments,
    }
}

fn update_method(id: &str, body: Value) -> Call {
    let arguments = vec![Argument::Text(id.into()), Argument::Json(body.clone())];
    let path = format!("/v2/payment-methods/{id}/update-saved-payment-method");
    Call {
        verb: "PUT",
        path,
        body: Some(body),
        operation: "update_payment_method($1, $2)",
        arguments,
    }
}

/// A call that only names an id.
fn plain(verb: &'static str, resource: &str, id: &str, operation: &'static str) -> Call {
    let arguments = vec![Argument::Text(id.into())];
    Call {
        verb,
        path: format!("/v2/{resource}/{id}"),
        body: None,
        operation,
        arguments,
    }
}

/// Makes the call by both doors and compares both refusals and what the profile holds before and after.
#[track_caller]
fn refused(tenant: &Tenant, call: &Call, Refusal(status, code, message, sqlstate): Refusal) {
    let mut sql = tenant.sql();
    let before = holdings(&tenant.stack, &tenant.profile);

    let request = tenant.request(call.verb, &call.path);
    let answer = tenant.send(&match &call.body {
        Some(body) => request.json(body),
        None => request,
    });
    answer.refuses(status, code, message);

    let parameters: Vec<vault_tests::sql::Parameter> = call
        .arguments
        .iter()
        .map(|argument| match argument {
            Argument::Text(text) => text as vault_tests::sql::Parameter,
            Argument::Json(value) => value as vault_tests::sql::Parameter,
        })
        .collect();
    let by_sql = sql.call(call.operation, &parameters).unwrap_err();
    assert_eq!(by_sql.pair(), (sqlstate, message));

    assert_eq!(
        holdings(&tenant.stack, &tenant.profile),
        before,
        "a refusal left something behind"
    );
}

/// A tenant who already holds a customer with a card, so that keys exist before anything is refused.
fn settled() -> (Tenant, String, String) {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let method = tenant.store(&Card::new(), &customer);
    (tenant, customer, method)
}

#[test]
fn a_taken_reference_is_refused() {
    let (tenant, ..) = settled();
    let mut request = customer();
    request["merchant_reference_id"] = json!(random::name("ref"));
    tenant.post("/v2/customers", &request).ok();

    let taken = Refusal(
        400,
        "IR_12",
        "Customer with the given `customer_id` already exists",
        "23505",
    );
    refused(&tenant, &create_customer(request), taken);
}

#[test]
fn an_unknown_customer_is_not_found() {
    let (tenant, ..) = settled();
    let missing = || Refusal(404, "HE_02", NO_CUSTOMER, "P0002");
    let stranger = Tenant::new().customer();
    for id in [unknown_id("cus"), stranger, "nonsense".into()] {
        refused(
            &tenant,
            &plain("GET", "customers", &id, "retrieve_customer($1)"),
            missing(),
        );
        refused(
            &tenant,
            &plain(
                "GET",
                "customers/reference",
                &id,
                "retrieve_customer_by_reference($1)",
            ),
            missing(),
        );
        refused(
            &tenant,
            &plain("DELETE", "customers", &id, "delete_customer($1)"),
            missing(),
        );
        refused(
            &tenant,
            &update_customer(&id, json!({"name": "Ghost"})),
            missing(),
        );
        refused(
            &tenant,
            &create_method(Card::new().create_for(&id)),
            missing(),
        );
    }
}

#[test]
fn a_redacted_customer_is_refused() {
    let (tenant, id, _) = settled();
    tenant.delete(&format!("/v2/customers/{id}")).ok();
    let redacted = || Refusal(400, "IR_11", CUSTOMER_REDACTED, "55000");

    refused(
        &tenant,
        &plain("GET", "customers", &id, "retrieve_customer($1)"),
        redacted(),
    );
    refused(
        &tenant,
        &plain("DELETE", "customers", &id, "delete_customer($1)"),
        redacted(),
    );
    refused(
        &tenant,
        &update_customer(&id, json!({"name": "Ghost"})),
        redacted(),
    );
    refused(
        &tenant,
        &create_method(Card::new().create_for(&id)),
        redacted(),
    );
}

#[test]
fn an_unknown_payment_method_is_not_found() {
    let (tenant, ..) = settled();
    let missing = || Refusal(404, "HE_02", NO_PAYMENT_METHOD, "P0002");
    let other = Tenant::new();
    let stranger = other.store(&Card::new(), &other.customer());
    for id in [unknown_id("pm"), stranger, "nonsense".into()] {
        refused(
            &tenant,
            &plain("GET", "payment-methods", &id, "retrieve_payment_method($1)"),
            missing(),
        );
        refused(
            &tenant,
            &plain(
                "DELETE",
                "payment-methods",
                &id,
                "delete_payment_method($1)",
            ),
            missing(),
        );
        refused(
            &tenant,
            &update_method(&id, json!({"network_transaction_id": "N1"})),
            missing(),
        );
    }
}

#[test]
fn an_inactive_payment_method_is_not_found() {
    let (tenant, _, id) = settled();
    let update = format!("/v2/payment-methods/{id}/update-saved-payment-method");
    tenant
        .put(&update, &json!({"acknowledgement_status": "failed"}))
        .ok();

    let missing = Refusal(404, "HE_02", NO_PAYMENT_METHOD, "P0002");
    refused(
        &tenant,
        &plain("GET", "payment-methods", &id, "retrieve_payment_method($1)"),
        missing,
    );
}

#[test]
fn a_payment_method_is_deleted_only_once() {
    let (tenant, _, id) = settled();
    tenant.delete(&format!("/v2/payment-methods/{id}")).ok();

    let redacted = Refusal(
        400,
        "IR_11",
        "Payment method has already been redacted",
        "55000",
    );
    refused(
        &tenant,
        &plain(
            "DELETE",
            "payment-methods",
            &id,
            "delete_payment_method($1)",
        ),
        redacted,
    );
}

#[test]
fn a_deleted_payment_method_is_not_updated() {
    let (tenant, _, id) = settled();
    tenant.delete(&format!("/v2/payment-methods/{id}")).ok();

    for update in [json!({}), json!({"network_transaction_id": "N1"})] {
        let redacted = Refusal(
            422,
            "IR_06",
            "Redacted Payment Method cannot be updated",
            "55000",
        );
        refused(&tenant, &update_method(&id, update), redacted);
    }
}

#[test]
fn data_that_does_not_fit_the_type_is_refused() {
    let (tenant, customer, _) = settled();
    let misfit = || {
        Refusal(
            422,
            "IR_06",
            "Invalid 'payment_method_data' provided",
            "22023",
        )
    };

    let mut card_as_debit = Card::new().create_for(&customer);
    card_as_debit["payment_method_type"] = json!("bank_debit");
    card_as_debit["payment_method_subtype"] = json!("ach");
    refused(&tenant, &create_method(card_as_debit), misfit());

    let mut no_data = Card::new().create_for(&customer);
    no_data["payment_method_data"] = json!({});
    refused(&tenant, &create_method(no_data), misfit());

    let mut debit_as_card = ach_for(&customer, &account());
    debit_as_card["payment_method_type"] = json!("card");
    refused(&tenant, &create_method(debit_as_card), misfit());
}

#[test]
fn an_update_that_does_not_fit_the_stored_kind_is_refused() {
    let (tenant, customer, card) = settled();
    let debit = tenant
        .post("/v2/payment-methods", &ach_for(&customer, &account()))
        .id();
    let misfit = || Refusal(400, "IR_19", "Payment method type not supported", "0A000");

    let ach = json!({"payment_method_data": {"bank_debit": {"ach": {"bank_account_holder_name": "Jane"}}}});
    refused(&tenant, &update_method(&card, ach), misfit());
    refused(
        &tenant,
        &update_method(
            &debit,
            json!({"payment_method_data": {"card": {"nick_name": "Jane"}}}),
        ),
        misfit(),
    );
}

#[test]
fn types_that_are_not_served_are_refused() {
    let (tenant, customer, _) = settled();
    for kind in [
        "wallet",
        "pay_later",
        "bank_redirect",
        "bank_transfer",
        "crypto",
        "voucher",
        "gift_card",
        "upi",
    ] {
        let mut request = Card::new().create_for(&customer);
        request["payment_method_type"] = json!(kind);
        let invalid = Refusal(
            422,
            "IR_06",
            "Invalid 'payment_method_type' provided",
            "22023",
        );
        refused(&tenant, &create_method(request), invalid);
    }
}

#[test]
fn a_persistent_method_needs_a_customer() {
    let (tenant, customer, _) = settled();
    for storage in [None, Some("persistent")] {
        let mut request = Card::new().create_for(&customer);
        request.as_object_mut().unwrap().remove("customer_id");
        if let Some(storage) = storage {
            request["storage_type"] = json!(storage);
        }
        let missing = Refusal(400, "IR_04", "Missing required param: customer_id", "22023");
        refused(&tenant, &create_method(request), missing);
    }
}

#[test]
fn an_unknown_connector() {
    let (tenant, customer, _) = settled();
    let missing = Refusal(404, "HE_02", NO_CONNECTOR, "P0002");
    let mut psp = Card::new().create_for(&customer);
    psp["psp_tokenization"] =
        json!({"tokenization_type": "multi_use", "connector_id": "mca_aaaaaaaaaaaaaaaaaaaa"});
    refused(&tenant, &create_method(psp), missing);
}

/// A request for a card with some of its members changed.
fn card_with(customer: &str, changes: &[(&str, &str)]) -> Value {
    let mut request = Card::new().create_for(customer);
    for (member, value) in changes {
        request["payment_method_data"]["card"][*member] = json!(value);
    }
    request
}

#[test]
fn card_numbers_that_are_none_are_refused() {
    let (tenant, customer, _) = settled();
    let refuse = |number: &str, message: &'static str| {
        let call = create_method(card_with(&customer, &[("card_number", number)]));
        refused(&tenant, &call, Refusal(400, "IR_06", message, "22023"));
    };
    let good = number("4", 16);

    refuse(&misread(&good), "card number invalid");
    for strange in [
        good.replacen('4', "x", 1),
        format!("{good}-"),
        good.replacen('4', "\u{664}", 1),
    ] {
        refuse(&strange, "invalid character found in card number");
    }
    for length in [7, 20] {
        refuse(&number("4", length), "invalid card number length");
    }
    for nothing in ["", "   "] {
        refuse(nothing, "invalid card number length");
    }
}

#[test]
fn expiry_months_that_are_none_are_refused() {
    let (tenant, customer, _) = settled();
    for month in ["0", "00", "13", "99"] {
        let call = create_method(card_with(&customer, &[("card_exp_month", month)]));
        refused(
            &tenant,
            &call,
            Refusal(400, "IR_16", "Invalid Expiry Month", "22023"),
        );
    }
    for month in ["", "ab", "1x", "-1"] {
        let answer = tenant.post(
            "/v2/payment-methods",
            &card_with(&customer, &[("card_exp_month", month)]),
        );
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_07"),
            "{month:?}: {}",
            answer.text
        );
    }
}

#[test]
fn cards_that_have_expired_are_refused() {
    let (tenant, customer, _) = settled();
    let rows = tenant
        .stack
        .superuser()
        .rows(
            "select to_char(past, 'MM'), to_char(past, 'YYYY'), extract(year from past) = extract(year from today)
             from (select now() at time zone 'UTC', now() at time zone 'UTC' - interval '1 month') t (today, past)",
            &[],
        )
        .unwrap();
    let (month, year): (String, String) = (rows[0].get(0), rows[0].get(1));
    // In January the month before belongs to a year that is in the past as a whole.
    let message = if rows[0].get(2) {
        "Card Expired"
    } else {
        "Invalid Expiry Year"
    };
    let expired = card_with(
        &customer,
        &[("card_exp_month", &month), ("card_exp_year", &year)],
    );
    refused(
        &tenant,
        &create_method(expired),
        Refusal(400, "IR_16", message, "22023"),
    );

    for year in ["2020", "1999", "20", "25"] {
        let past = card_with(&customer, &[("card_exp_year", year)]);
        refused(
            &tenant,
            &create_method(past),
            Refusal(400, "IR_16", "Invalid Expiry Year", "22023"),
        );
    }
}

#[test]
fn verification_codes_have_three_or_four_digits() {
    let (tenant, customer, method) = settled();
    for code in ["", "12", "12345", "12a", "１２３", " 123"] {
        let answer = tenant.post(
            "/v2/payment-methods",
            &card_with(&customer, &[("card_cvc", code)]),
        );
        answer.refuses_like(400, "IR_06", ".*card_cvc.*");
        let update = json!({"payment_method_data": {"card": {"card_cvc": code}}});
        let path = format!("/v2/payment-methods/{method}/update-saved-payment-method");
        tenant
            .put(&path, &update)
            .refuses_like(400, "IR_06", ".*card_cvc.*");
    }
}

#[test]
fn what_is_required_is_refused_when_it_is_left_out() {
    let (tenant, id, _) = settled();
    let dropped = |mut whole: Value, pointer: &str, member: &str| {
        whole
            .pointer_mut(pointer)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(member);
        whole
    };
    let card = || Card::new().create_for(&id);
    let ach = || ach_for(&id, &account());
    let calls = [
        create_customer(dropped(customer(), "", "name")),
        create_customer(dropped(customer(), "", "email")),
        create_method(dropped(card(), "", "payment_method_type")),
        create_method(dropped(card(), "", "payment_method_data")),
        create_method(dropped(card(), "/payment_method_data/card", "card_number")),
        create_method(dropped(
            card(),
            "/payment_method_data/card",
            "card_exp_month",
        )),
        create_method(dropped(
            card(),
            "/payment_method_data/card",
            "card_exp_year",
        )),
        create_method(dropped(ach(), "", "payment_method_subtype")),
        create_method(dropped(
            ach(),
            "/payment_method_data/bank_debit/ach",
            "account_number",
        )),
        create_method(dropped(
            ach(),
            "/payment_method_data/bank_debit/ach",
            "routing_number",
        )),
    ];
    let mut sql = tenant.sql();
    let before = holdings(&tenant.stack, &tenant.profile);
    for call in calls {
        let body = call.body.unwrap();
        let answer = tenant.post(&call.path, &body);
        let members: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(
            answer.status, 400,
            "{} with {members:?}: {}",
            call.path, answer.text
        );
        let by_sql = sql.call(call.operation, &[&body]).unwrap_err();
        assert!(
            ["22023", "22032"].contains(&by_sql.sqlstate.as_str()),
            "{by_sql:?}"
        );
    }
    assert_eq!(holdings(&tenant.stack, &tenant.profile), before);
}

#[test]
fn a_request_without_any_key_is_not_authenticated() {
    let tenant = Tenant::new();
    tenant
        .send(
            &tenant
                .request("GET", "/v2/customers/list")
                .without("api-key"),
        )
        .refuses(401, "IR_01", UNAUTHENTICATED);
}

#[test]
fn keys_that_do_not_open_are_all_refused_alike() {
    let (tenant, ..) = settled();
    let before = holdings(&tenant.stack, &tenant.profile);
    let mut admin = tenant.admin();
    let (revoked_id, revoked) = tenant.new_key(&[]);
    admin
        .execute("select vault.revoke_api_key($1)", &[&revoked_id])
        .unwrap();
    let expired: String = admin
        .value(
            "select api_key from vault.create_api_key($1, 'old', '{}', now() - interval '1 second')",
            &[&tenant.merchant],
        )
        .unwrap();
    let strangers = Tenant::new().key;
    let good = &tenant.key;
    let keys = [
        unknown_key(),
        revoked,
        expired,
        strangers,
        "x".into(),
        good[..good.len() - 1].to_owned(),
        format!("{good}a"),
        good.to_uppercase(),
        "' or 1=1 --".into(),
    ];

    for key in keys {
        // Each from an address of its own: failures are counted, and must not lock this tenant out.
        let client = tenant.stack.client();
        let request = tenant
            .request("GET", "/v2/customers/list")
            .without("api-key")
            .header("api-key", &key);
        client.send(&request).refuses(401, "IR_01", UNAUTHENTICATED);
        let refused = tenant
            .stack
            .session(&vault_tests::tenant::login_role(
                &tenant.stack,
                &["vault_client"],
            ))
            .execute(
                "select vault.authenticate($1, $2)",
                &[&key, &tenant.profile],
            )
            .unwrap_err();
        assert_eq!(refused.pair(), ("28000", UNAUTHENTICATED));
    }
    assert_eq!(holdings(&tenant.stack, &tenant.profile), before);
}

#[test]
fn a_missing_profile_header_is_refused() {
    let tenant = Tenant::new();
    let request = tenant
        .request("GET", "/v2/customers/list")
        .without("x-profile-id");
    tenant
        .send(&request)
        .refuses(422, "IR_06", "Missing header key: `X-Profile-Id`");
}

#[test]
fn a_malformed_profile_header_is_refused() {
    let tenant = Tenant::new();
    let twice = format!("{0}, {0}", tenant.profile);
    let long = "a".repeat(65);
    for profile in [&twice, &long, "pro 1", "pro/1", "pro'1", "\u{fc}", "pro;1"] {
        let request = tenant
            .request("GET", "/v2/customers/list")
            .without("x-profile-id")
            .header("x-profile-id", profile);
        let answer = tenant.send(&request);
        assert_eq!(
            answer.refusal().1,
            "`X-Profile-Id` header is invalid",
            "{profile:?}"
        );
        answer.refuses(422, "IR_06", "`X-Profile-Id` header is invalid");
    }
}

#[test]
fn an_unknown_profile_is_not_told_from_a_wrong_key() {
    let tenant = Tenant::new();
    for profile in ["pro_aaaaaaaaaaaaaaaaaaaa", "a", &"a".repeat(64)] {
        let request = tenant
            .request("GET", "/v2/customers/list")
            .without("x-profile-id")
            .header("x-profile-id", profile);
        tenant
            .stack
            .client()
            .send(&request)
            .refuses(401, "IR_01", UNAUTHENTICATED);
    }
}

#[test]
fn the_body_is_judged_before_the_key_and_the_key_before_the_fields() {
    let tenant = Tenant::new();
    let stranger = |body: &str| {
        let request = tenant
            .request("POST", "/v2/customers")
            .without("api-key")
            .body(body);
        tenant.stack.client().send(&request)
    };
    stranger(&" ".repeat(32_769)).refuses(413, "IR_06", "Request body is larger than 32768 bytes");
    stranger("{").refuses_like(
        400,
        "IR_06",
        "Json deserialize error: .* at line 1 column 1",
    );
    stranger(r#"{"name":"","email":"nonsense"}"#).refuses(401, "IR_01", UNAUTHENTICATED);
}

#[test]
fn a_role_without_a_profile_is_refused_every_operation() {
    let (tenant, customer, method) = settled();
    let role = vault_tests::tenant::login_role(&tenant.stack, &["vault_client", "vault_reveal"]);
    let mut stranger = tenant.stack.session(&role);
    let person = vault_tests::tenant::customer();
    let card = Card::new().create_for(&customer);
    let calls: [(&str, Vec<vault_tests::sql::Parameter>); 12] = [
        ("create_customer($1)", vec![&person]),
        ("retrieve_customer($1)", vec![&customer]),
        ("retrieve_customer_by_reference($1)", vec![&customer]),
        ("update_customer($1, '{}')", vec![&customer]),
        ("delete_customer($1)", vec![&customer]),
        ("list_customers()", vec![]),
        ("create_payment_method($1)", vec![&card]),
        ("retrieve_payment_method($1, true)", vec![&method]),
        ("update_payment_method($1, '{}')", vec![&method]),
        ("delete_payment_method($1)", vec![&method]),
        ("list_payment_methods($1)", vec![&customer]),
        (
            "set_default_payment_method($1, $2)",
            vec![&customer, &method],
        ),
    ];
    for (operation, parameters) in calls {
        let refused = stranger.call(operation, &parameters).unwrap_err();
        assert_eq!(refused.sqlstate, "28000", "{operation}: {refused:?}");
    }
}
