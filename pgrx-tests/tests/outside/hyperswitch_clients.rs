//! What clients that were written for Hyperswitch send: nulls for all that they know of, empty texts, names in capitals,
//! members of later versions. By HTTP and by SQL, for both keep the same rules.

use serde_json::{Value, json};
use vault_tests::card::{account, ach_for};
use vault_tests::sql::{Parameter, Refused};
use vault_tests::tenant::customer;
use vault_tests::{Answer, Card, Session, Tenant};

use crate::support::NO_PAYMENT_METHOD;

/// A tenant by both doors.
struct Doors {
    tenant: Tenant,
    sql: Session,
}

/// What one request came to by both doors.
struct Both {
    http: Answer,
    sql: Result<Value, Refused>,
}

impl Doors {
    fn new() -> Doors {
        let tenant = Tenant::new();
        let sql = tenant.sql();
        Doors { tenant, sql }
    }

    fn call(
        &mut self,
        (verb, path, body): (&str, &str, &Value),
        operation: &str,
        arguments: &[Parameter],
    ) -> Both {
        Both {
            http: self
                .tenant
                .send(&self.tenant.request(verb, path).json(body)),
            sql: self.sql.call(operation, arguments),
        }
    }

    fn create_customer(&mut self, body: &Value) -> Both {
        let request = ("POST", "/v2/customers", body);
        self.call(request, "create_customer($1)", &[body])
    }

    fn update_customer(&mut self, id: &str, body: &Value) -> Both {
        let path = format!("/v2/customers/{id}");
        let request = ("PUT", path.as_str(), body);
        self.call(request, "update_customer($1, $2)", &[&id, body])
    }

    fn create_method(&mut self, body: &Value) -> Both {
        let request = ("POST", "/v2/payment-methods", body);
        self.call(request, "create_payment_method($1)", &[body])
    }

    fn update_method(&mut self, id: &str, body: &Value) -> Both {
        let request = ("PATCH", &*update_path(id), body);
        self.call(request, "update_payment_method($1, $2)", &[&id, body])
    }
}

impl Both {
    /// Both answers, which must be there.
    #[track_caller]
    fn ok(self) -> [Value; 2] {
        [self.http.ok(), self.sql.unwrap()]
    }

    #[track_caller]
    fn refused(self, status: u16, code: &str, sqlstate: &str, message: &str) {
        self.http.refuses(status, code, message);
        assert_eq!(self.sql.unwrap_err().pair(), (sqlstate, message));
    }

    /// A refusal with the place in the JSON, which differs: jsonb is written anew.
    #[track_caller]
    fn refused_for_its_form(self, what: &str) {
        let pattern = format!("Json deserialize error: {what}.* at line 1 column [0-9]+");
        self.http.refuses_like(400, "IR_06", &pattern);
        let refused = self.sql.unwrap_err();
        assert_eq!(refused.sqlstate, "22032", "{refused:?}");
        let expected = format!("Json deserialize error: {what}");
        assert!(refused.message.starts_with(&expected), "{refused:?}");
    }
}

fn update_path(id: &str) -> String {
    format!("/v2/payment-methods/{id}/update-saved-payment-method")
}

fn acknowledged(status: &str) -> Value {
    json!({"acknowledgement_status": status})
}

/// A create of a new card with further members of the card.
fn card_with(customer: &str, members: Value) -> Value {
    let mut request = Card::new().create_for(customer);
    let card = &mut request["payment_method_data"]["card"];
    for (name, value) in members.as_object().unwrap() {
        card[name] = value.clone();
    }
    request
}

#[test]
fn document_details_are_taken_and_not_kept() {
    let mut doors = Doors::new();
    let document = json!({"document_type": "cpf", "document_number": "12345678909"});
    for value in [Value::Null, json!({}), document] {
        let mut request = customer();
        request["document_details"] = value.clone();
        let created = doors.create_customer(&request);
        let last = r#","tax_registration_id":null,"document_details":null}"#;
        assert!(created.http.text.ends_with(last), "{}", created.http.text);
        for created in created.ok() {
            assert_eq!(created["document_details"], Value::Null);
            let id = created["id"].as_str().unwrap();
            let update = json!({"document_details": value, "name": "Grace Hopper"});
            for updated in doors.update_customer(id, &update).ok() {
                assert_eq!(updated["document_details"], Value::Null);
                assert_eq!(updated["name"], "Grace Hopper");
            }
        }
    }
    let id = doors.tenant.customer();
    for value in [json!("x"), json!([]), json!(7), json!(true)] {
        let mut request = customer();
        request["document_details"] = value.clone();
        let form = "invalid type, expected an object";
        doors.create_customer(&request).refused_for_its_form(form);
        let update = json!({"document_details": value});
        doors
            .update_customer(&id, &update)
            .refused_for_its_form(form);
    }
}

#[test]
fn empty_texts_are_values_where_no_lower_limit_is_given() {
    let mut doors = Doors::new();
    let address = json!({
        "city": "", "country": null, "line1": "", "line2": "", "line3": "", "zip": "", "state": "",
        "first_name": "", "last_name": "", "origin_zip": "",
    });
    let request = json!({
        "name": "", "email": "ada@example.com", "phone": "", "phone_country_code": "",
        "default_billing_address": address, "default_shipping_address": address, "tax_registration_id": "",
    });
    for created in doors.create_customer(&request).ok() {
        for (member, value) in request.as_object().unwrap() {
            assert_eq!(&created[member], value, "{member}");
        }
    }

    let id = doors.tenant.customer();
    let names = json!({"card_holder_name": "", "nick_name": "", "card_issuer": ""});
    let mut request = card_with(&id, names.clone());
    request["billing"] = json!({
        "address": address, "phone": {"number": "", "country_code": ""}, "email": "",
    });
    for created in doors.create_method(&request).ok() {
        for (member, value) in names.as_object().unwrap() {
            assert_eq!(&created["payment_method_data"]["card"][member], value);
        }
        assert_eq!(created["billing"], request["billing"]);
    }

    let mut debit = ach_for(&id, &account());
    let ach = &mut debit["payment_method_data"]["bank_debit"]["ach"];
    ach["bank_account_holder_name"] = json!("");
    ach["bank_name"] = json!("");
    for created in doors.create_method(&debit).ok() {
        let shown = &created["payment_method_data"]["bank_debit"]["ach_bank_debit"];
        assert_eq!(shown["bank_account_holder_name"], "");
        assert_eq!(shown["bank_name"], "");
    }
}

#[test]
fn an_update_by_empty_texts_empties_what_was_there() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let method = doors
        .tenant
        .post(
            "/v2/payment-methods",
            &card_with(&id, json!({"nick_name": "Travel"})),
        )
        .id();
    let update = json!({
        "payment_method_data": {"card": {"card_holder_name": "", "nick_name": ""}},
        "network_transaction_id": "",
        "connector_token_details": {
            "token": "", "connector_token_request_reference_id": "", "connector_customer_id": "",
        },
    });
    for updated in doors.update_method(&method, &update).ok() {
        let card = &updated["payment_method_data"]["card"];
        assert_eq!(
            (&card["card_holder_name"], &card["nick_name"]),
            (&json!(""), &json!(""))
        );
        assert_eq!(updated["network_transaction_id"], "");
        let token = &updated["connector_tokens"][0];
        for member in update["connector_token_details"]
            .as_object()
            .unwrap()
            .keys()
        {
            assert_eq!(token[member], "", "{member}");
        }
    }
    for updated in doors
        .update_customer(&id, &json!({"phone": "", "name": ""}))
        .ok()
    {
        assert_eq!(
            (&updated["phone"], &updated["name"]),
            (&json!(""), &json!(""))
        );
    }
}

#[test]
fn empty_texts_are_refused_where_a_lower_limit_or_a_form_is_given() {
    let mut doors = Doors::new();
    let cases = [
        (
            "description",
            "`description` must be 1 to 255 characters long",
        ),
        ("email", "`email` must be 1 to 319 characters long"),
        (
            "merchant_reference_id",
            "`merchant_reference_id` must be 1 to 64 letters, digits, underscores or hyphens",
        ),
    ];
    for (member, message) in cases {
        let mut request = customer();
        request[member] = json!("");
        doors
            .create_customer(&request)
            .refused(400, "IR_06", "22023", message);
    }
    let mut request = customer();
    request["default_billing_address"] = json!({"country": ""});
    let message = "`default_billing_address.country` must be an ISO 3166-1 alpha-2 country code";
    doors
        .create_customer(&request)
        .refused(400, "IR_06", "22023", message);
}

#[test]
fn every_card_network_is_taken_by_its_name_and_in_capitals_and_answered_by_its_name() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let names = [
        "Visa",
        "Mastercard",
        "AmericanExpress",
        "JCB",
        "DinersClub",
        "Discover",
        "CartesBancaires",
        "UnionPay",
        "Interac",
        "RuPay",
        "Maestro",
        "Star",
        "Pulse",
        "Accel",
        "Nyce",
        "Prop",
        "PrivateLabel",
        "Dinacard",
    ];
    let in_capitals = names.map(str::to_uppercase);
    let in_capitals = in_capitals.iter().map(String::as_str).zip(names);
    let cases = names
        .into_iter()
        .zip(names)
        .chain(in_capitals)
        .chain([("AMEX", "AmericanExpress")]);
    for (sent, answered) in cases {
        let request = card_with(&id, json!({"card_network": sent}));
        for created in doors.create_method(&request).ok() {
            let card = &created["payment_method_data"]["card"];
            assert_eq!(card["card_network"], answered, "{sent}");
        }
    }
    for unknown in ["visa", "Amex", "Solo", ""] {
        let request = card_with(&id, json!({"card_network": unknown}));
        doors
            .create_method(&request)
            .refused_for_its_form("unknown variant, expected one of `Visa`");
    }
}

/// Puts a member that nobody knows into the object at the pointer.
fn with_a_stranger(mut body: Value, pointer: &str) -> Value {
    body.pointer_mut(pointer).unwrap()["since_a_later_version"] = json!({"a": [1, null]});
    body
}

#[test]
fn unknown_members_are_ignored_in_nested_objects_of_customers() {
    let mut doors = Doors::new();
    let mut request = customer();
    for member in ["default_billing_address", "default_shipping_address"] {
        request[member] = json!({"city": "Turin"});
    }
    for pointer in ["/default_billing_address", "/default_shipping_address"] {
        for created in doors
            .create_customer(&with_a_stranger(request.clone(), pointer))
            .ok()
        {
            assert_eq!(created.pointer(pointer).unwrap()["city"], "Turin");
            assert!(!created.to_string().contains("later_version"), "{created}");
        }
    }
    let unknown = "unknown field, expected one of `name`";
    doors
        .create_customer(&with_a_stranger(request.clone(), ""))
        .refused_for_its_form(unknown);
    let id = doors.tenant.customer();
    doors
        .update_customer(&id, &with_a_stranger(json!({}), ""))
        .refused_for_its_form(unknown);
}

#[test]
fn unknown_members_are_ignored_in_nested_objects_of_payment_methods() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let mut card = card_with(&id, json!({"nick_name": "Travel"}));
    card["billing"] = json!({"address": {"city": "Turin"}, "phone": {"number": "1"}});
    card["network_tokenization"] = json!({"enable": "Skip"});
    let debit = ach_for(&id, &account());
    let data = "/payment_method_data";
    let cases = [
        (&card, data.to_owned()),
        (&card, format!("{data}/card")),
        (&card, "/billing".to_owned()),
        (&card, "/billing/address".to_owned()),
        (&card, "/billing/phone".to_owned()),
        (&card, "/network_tokenization".to_owned()),
        (&debit, format!("{data}/bank_debit")),
        (&debit, format!("{data}/bank_debit/ach")),
    ];
    for (request, pointer) in cases {
        for created in doors
            .create_method(&with_a_stranger(request.clone(), &pointer))
            .ok()
        {
            assert!(!created.to_string().contains("later_version"), "{created}");
            if request == &card {
                assert_eq!(
                    created["payment_method_data"]["card"]["nick_name"],
                    "Travel"
                );
                assert_eq!(created["billing"]["phone"]["number"], "1");
            }
        }
    }
    doors
        .create_method(&with_a_stranger(card, ""))
        .refused_for_its_form("unknown field, expected one of `payment_method_type`");
}

#[test]
fn unknown_members_are_ignored_in_nested_objects_of_updates() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let method = doors.tenant.store(&Card::new(), &id);
    let update = json!({
        "payment_method_data": {"card": {"nick_name": "Travel"}},
        "connector_token_details": {"token": "pm_1"},
    });
    for pointer in [
        "/payment_method_data",
        "/payment_method_data/card",
        "/connector_token_details",
    ] {
        for updated in doors
            .update_method(&method, &with_a_stranger(update.clone(), pointer))
            .ok()
        {
            assert_eq!(
                updated["payment_method_data"]["card"]["nick_name"],
                "Travel"
            );
            assert_eq!(updated["connector_tokens"][0]["token"], "pm_1");
            assert!(!updated.to_string().contains("later_version"), "{updated}");
        }
    }
    doors
        .update_method(&method, &with_a_stranger(update, ""))
        .refused_for_its_form("unknown field, expected one of `payment_method_data`");
}

#[test]
fn number_and_expiry_in_an_update_are_refused_and_not_ignored() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let method = doors.tenant.store(&Card::new(), &id);
    let other = Card::new();
    for (member, value) in [
        ("card_number", &other.number),
        ("card_exp_month", &other.month),
        ("card_exp_year", &other.year),
    ] {
        let update =
            json!({"payment_method_data": {"card": {"nick_name": "Changed", member: value}}});
        let message = format!("`{member}` must be left out: it cannot change");
        doors
            .update_method(&method, &update)
            .refused(400, "IR_06", "22023", &message);
    }
    let debit = doors
        .tenant
        .post("/v2/payment-methods", &ach_for(&id, &account()))
        .id();
    for member in ["account_number", "routing_number"] {
        let update = json!({"payment_method_data": {"bank_debit": {"ach": {member: account()}}}});
        let message = format!("`{member}` must be left out: it cannot change");
        doors
            .update_method(&debit, &update)
            .refused(400, "IR_06", "22023", &message);
    }
}

/// What the answer tells of a card beside number and names.
fn told(method: &Value) -> Value {
    let card = &method["payment_method_data"]["card"];
    json!([
        method["payment_method_subtype"],
        card["card_network"],
        card["card_issuer"],
        card["card_type"],
        card["issuer_country"]
    ])
}

/// The same card again, with more told of it.
fn again(request: &Value, subtype: Value, members: Value) -> Value {
    let mut request = request.clone();
    request["payment_method_subtype"] = subtype;
    for (name, value) in members.as_object().unwrap() {
        request["payment_method_data"]["card"][name] = value.clone();
    }
    request
}

#[test]
fn a_repeated_create_tells_what_was_unknown_and_leaves_what_was_known() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let first = Card::new().create_for(&id);
    let known = doors.create_method(&first).ok();
    for created in &known {
        assert_eq!(told(created), json!([null, "Visa", null, null, null]));
    }
    let more =
        json!({"card_issuer": "First Bank", "card_type": "debit", "card_issuing_country": "FR"});
    let other =
        json!({"card_issuer": "Other Bank", "card_type": "credit", "card_issuing_country": "US"});
    let requests = [
        again(&first, json!("debit"), more),
        again(&first, json!("credit"), other),
        first.clone(),
    ];
    for request in &requests {
        let expected = json!(["debit", "Visa", "First Bank", "debit", "FR"]);
        for repeated in doors.create_method(request).ok() {
            assert_eq!(repeated["id"], known[0]["id"]);
            assert_eq!(told(&repeated), expected);
        }
        let path = format!("/v2/payment-methods/{}", known[0]["id"].as_str().unwrap());
        assert_eq!(told(&doors.tenant.get(&path).ok()), expected);
    }
}

#[test]
fn a_repeated_create_refreshes_billing_and_metadata() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let mut request = Card::new().create_for(&id);
    doors.tenant.post("/v2/payment-methods", &request).ok();
    for order in ["1", "2"] {
        request["metadata"] = json!({"order": order});
        request["billing"] = json!({"email": format!("{order}@example.com")});
        for refreshed in doors.create_method(&request).ok() {
            assert_eq!(refreshed["metadata"], json!({"order": order}));
            assert_eq!(refreshed["billing"]["email"], request["billing"]["email"]);
        }
    }
    request["metadata"] = Value::Null;
    for refreshed in doors.create_method(&request).ok() {
        assert_eq!(refreshed["metadata"], json!({"order": "2"}));
    }
}

#[test]
fn the_bin_table_fills_what_nobody_told_at_once_or_when_the_card_comes_again() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let mut admin = doors.tenant.admin();
    let mut load = |card: &Card| {
        let row =
            "insert into vault.card_bins values ($1, 'CARTESBANCAIRES', 'Banque', 'debit', 'FR')";
        admin.execute(row, &[&&card.number[..8]]).unwrap();
    };
    let (early, late) = (Card::new(), Card::new());
    load(&early);
    for created in doors.create_method(&early.create_for(&id)).ok() {
        let expected = json!(["debit", "CartesBancaires", "Banque", "debit", "FR"]);
        assert_eq!(told(&created), expected);
    }
    let named = again(
        &early.expiring_in(2040).create_for(&id),
        json!("credit"),
        json!({"card_network": "VISA", "card_issuer": "Mine", "card_type": "credit", "card_issuing_country": "US"}),
    );
    for created in doors.create_method(&named).ok() {
        assert_eq!(
            told(&created),
            json!(["credit", "Visa", "Mine", "credit", "US"])
        );
    }

    let request = late.create_for(&id);
    for created in doors.create_method(&request).ok() {
        assert_eq!(told(&created), json!([null, "Visa", null, null, null]));
    }
    load(&late);
    for repeated in doors.create_method(&request).ok() {
        assert_eq!(
            told(&repeated),
            json!(["debit", "Visa", "Banque", "debit", "FR"])
        );
    }
}

#[test]
fn a_failure_after_an_authentication_changes_nothing() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    for first in ["authenticated", "failed"] {
        let method = doors.tenant.store(&Card::new(), &id);
        let update = |status: &str| {
            doors
                .tenant
                .put(&update_path(&method), &acknowledged(status))
        };
        update(first).ok();
        update("authenticated").ok();
        let path = format!("/v2/payment-methods/{method}");
        let before = doors.tenant.get(&path);
        for failed in doors.update_method(&method, &acknowledged("failed")).ok() {
            assert_eq!(failed, before.json());
        }
        assert_eq!(doors.tenant.get(&path).text, before.text);

        let mut with_more = acknowledged("failed");
        with_more["network_transaction_id"] = json!("N1");
        for updated in doors.update_method(&method, &with_more).ok() {
            assert_eq!(updated["network_transaction_id"], "N1");
            assert_eq!(updated["acknowledgement_status"], "authenticated");
        }
    }
}

#[test]
fn every_call_on_an_inactive_method_finds_none() {
    let mut doors = Doors::new();
    let tenant = doors.tenant.clone();
    let customer = tenant.customer();
    let id = tenant.store(&Card::new(), &customer);
    tenant.put(&update_path(&id), &acknowledged("failed")).ok();

    let path = format!("/v2/payment-methods/{id}");
    let default = json!({"default_payment_method_id": id});
    let token = json!({"token_type": "network_token"});
    let get_token = format!("{path}/get-token");
    let requests = [
        tenant.request("GET", &path),
        tenant.request("POST", &path),
        tenant.request("GET", format!("{path}?fetch_raw_detail=false")),
        tenant.revealing("GET", &format!("{path}?fetch_raw_detail=true")),
        tenant.request("GET", format!("{path}/details")),
        tenant.request("DELETE", &path),
        tenant.request(
            "POST",
            format!("/v2/customers/{customer}/payment-methods/{id}/default"),
        ),
        tenant
            .request("PUT", format!("/v2/customers/{customer}"))
            .json(&default),
        tenant.request("GET", format!("{path}/check-network-token-status")),
        tenant.revealing("GET", &get_token).json(&token),
        tenant.revealing("POST", &get_token).json(&token),
    ];
    for request in requests {
        let answer = tenant.send(&request);
        assert_eq!(answer.status, 404, "{request:?}: {}", answer.text);
        answer.refuses(404, "HE_02", NO_PAYMENT_METHOD);
    }
    for update in [
        json!({}),
        json!({"network_transaction_id": "N1"}),
        acknowledged("failed"),
    ] {
        doors
            .update_method(&id, &update)
            .refused(404, "HE_02", "P0002", NO_PAYMENT_METHOD);
    }

    let missing = ("P0002", NO_PAYMENT_METHOD);
    let mut revealing = tenant.revealing_sql();
    let calls: [(&str, &[Parameter]); 5] = [
        ("retrieve_payment_method($1)", &[&id]),
        ("retrieve_payment_method($1, true)", &[&id]),
        ("delete_payment_method($1)", &[&id]),
        ("set_default_payment_method($1, $2)", &[&customer, &id]),
        ("update_customer($1, $2)", &[&customer, &default]),
    ];
    for (operation, arguments) in calls {
        let refused = revealing.call(operation, arguments).unwrap_err();
        assert_eq!(refused.pair(), missing, "{operation}");
    }
    let code = revealing
        .rows("select vault.use_cvc($1)", &[&id])
        .unwrap_err();
    assert_eq!(code.sqlstate, "P0002");

    for updated in doors
        .update_method(&id, &acknowledged("authenticated"))
        .ok()
    {
        assert_eq!(updated["acknowledgement_status"], "authenticated");
    }
    tenant.delete(&path).ok();
}

#[test]
fn a_repeated_create_makes_an_inactive_method_active_again() {
    let mut doors = Doors::new();
    let customer = doors.tenant.customer();
    let request = Card::new().create_for(&customer);
    let id = doors.tenant.post("/v2/payment-methods", &request).id();
    for _ in 0..2 {
        doors
            .tenant
            .put(&update_path(&id), &acknowledged("failed"))
            .ok();
        for created in doors.create_method(&request).ok() {
            assert_eq!(created["id"], id);
            assert_eq!(created["acknowledgement_status"], Value::Null);
        }
        doors.tenant.get(&format!("/v2/payment-methods/{id}")).ok();
    }
}

#[test]
fn a_revealed_card_has_a_code_that_is_null() {
    let tenant = Tenant::new();
    let card = Card::new();
    let id = tenant.store(&card, &tenant.customer());
    let path = format!("/v2/payment-methods/{id}?fetch_raw_detail=true");
    let http = tenant.send(&tenant.revealing("GET", &path));
    let last = r#""card_type":null,"card_cvc":null}}"#;
    assert!(http.text.contains(last), "{}", http.text);
    let sql = tenant
        .revealing_sql()
        .call("retrieve_payment_method($1, true)", &[&id]);
    for revealed in [http.ok(), sql.unwrap()] {
        let raw = revealed["raw_payment_method_data"]["card"]
            .as_object()
            .unwrap();
        assert_eq!(raw["card_number"], card.number);
        assert_eq!(raw.get("card_cvc"), Some(&Value::Null));
    }
}

#[test]
fn the_connectors_customer_stands_behind_a_tokens_metadata() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    for value in [json!(null), json!("cus_at_the_connector")] {
        let method = doors.tenant.store(&Card::new(), &id);
        let details = json!({
            "connector_id": "mca_aaaaaaaaaaaaaaaaaaaa", "token_type": "multi_use", "status": "active", "token": "pm_1",
            "connector_token_request_reference_id": "ref", "original_payment_authorized_amount": 1200,
            "original_payment_authorized_currency": "EUR", "metadata": {"k": "v"}, "connector_customer_id": value,
        });
        let update = json!({"connector_token_details": details});
        let updated = doors.update_method(&method, &update);
        let entry = json!([details]).to_string();
        assert!(updated.http.text.contains(&entry), "{}", updated.http.text);
        for updated in updated.ok() {
            assert_eq!(updated["connector_tokens"], json!([details]));
        }
        let shown = doors.tenant.get(&format!("/v2/payment-methods/{method}"));
        assert_eq!(shown.ok()["connector_tokens"], json!([details]));
    }
}

#[test]
fn other_types_of_payment_methods_are_refused_whatever_their_data() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let types = [
        "card_redirect",
        "pay_later",
        "wallet",
        "bank_redirect",
        "bank_transfer",
        "crypto",
        "reward",
        "real_time_payment",
        "upi",
        "voucher",
        "gift_card",
        "open_banking",
        "mobile_payment",
        "network_token",
    ];
    let card = Card::new().data();
    let data = [
        json!({}),
        json!(null),
        json!("x"),
        json!([card]),
        json!({"wallet": {"apple_pay": {"payment_data": "x"}}}),
        json!({"card": 7}),
        card,
    ];
    let message = "Invalid 'payment_method_type' provided";
    for (place, kind) in types.into_iter().enumerate() {
        let request = json!({
            "customer_id": id, "payment_method_type": kind, "payment_method_subtype": "apple_pay",
            "payment_method_data": data[place % data.len()],
        });
        doors
            .create_method(&request)
            .refused(422, "IR_06", "22023", message);
    }
    for data in &data {
        let request = json!({"payment_method_type": "wallet", "payment_method_data": data});
        doors
            .create_method(&request)
            .refused(422, "IR_06", "22023", message);
    }
    let without_data = json!({"payment_method_type": "wallet"});
    doors
        .create_method(&without_data)
        .refused(422, "IR_06", "22023", message);
    // Whoever may not call learns nothing of types.
    let request = doors
        .tenant
        .request("POST", "/v2/payment-methods")
        .json(&without_data);
    let stranger = doors
        .tenant
        .stack
        .client()
        .send(&request.without("api-key"));
    assert_eq!(stranger.status, 401, "{}", stranger.text);
}

#[test]
fn queries_are_checked_where_a_call_knows_their_members() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let id = tenant.store(&Card::new(), &customer);
    let saved = format!("/v2/customers/{customer}/saved-payment-methods");
    let method = format!("/v2/payment-methods/{id}");
    for value in ["", "1", "yes", "TRUE", "null"] {
        for (path, member) in [(&saved, "include_new"), (&method, "fetch_raw_detail")] {
            let message = format!("`{member}` must be `true` or `false`");
            let answer = tenant.get(&format!("{path}?{member}={value}"));
            answer.refuses(400, "IR_06", &message);
        }
    }
    let message = "`customer_id` must be left out or not empty";
    for path in ["/v2/customers/list", "/v2/customers/list_with_count"] {
        for query in ["customer_id=", "customer_id", "limit=5&customer_id="] {
            tenant
                .get(&format!("{path}?{query}"))
                .refuses(400, "IR_06", message);
        }
    }
    let by_sql = tenant
        .sql()
        .call("list_customers(10, 0, '')", &[])
        .unwrap_err();
    assert_eq!(by_sql.pair(), ("22023", message));

    for query in [
        "include_new=true",
        "include_new=false",
        "x=",
        "fetch_raw_detail=perhaps",
    ] {
        tenant.get(&format!("{saved}?{query}")).ok();
    }
    tenant.get(&format!("{method}?include_new=perhaps&x=")).ok();
    tenant.get("/v2/customers/list?start_time=never&x=").ok();
}

#[test]
fn a_subtype_has_up_to_255_characters() {
    let mut doors = Doors::new();
    let mut request = Card::new().create_for(&doors.tenant.customer());
    request["payment_method_subtype"] = json!("a".repeat(255));
    for created in doors.create_method(&request).ok() {
        assert_eq!(
            created["payment_method_subtype"],
            request["payment_method_subtype"]
        );
    }
    let message =
        "`payment_method_subtype` must be 1 to 255 lower-case letters, digits or underscores";
    for subtype in ["a".repeat(256), String::new(), "Credit".into()] {
        request["payment_method_subtype"] = json!(subtype);
        doors
            .create_method(&request)
            .refused(400, "IR_06", "22023", message);
    }
}
