//! Texts that are too long, or have not the form of what they stand for.

use serde_json::{Value, json};
use vault_tests::card::{account, ach_for};
use vault_tests::tenant::customer;
use vault_tests::{Answer, Card, Tenant};

use super::{SECRET, repeats_nothing};

/// Which text lengths a member takes: its pointer, how many characters at most.
fn limits() -> Vec<(&'static str, String, usize)> {
    let address = [
        "city",
        "line1",
        "line2",
        "line3",
        "zip",
        "state",
        "first_name",
        "last_name",
        "origin_zip",
    ];
    let mut limits: Vec<(&str, String, usize)> = vec![
        ("customer", "/name".into(), 255),
        ("customer", "/phone".into(), 255),
        ("customer", "/phone_country_code".into(), 8),
        ("customer", "/description".into(), 255),
        ("customer", "/tax_registration_id".into(), 255),
        (
            "card",
            "/payment_method_data/card/card_holder_name".into(),
            255,
        ),
        ("card", "/payment_method_data/card/nick_name".into(), 255),
        ("card", "/payment_method_data/card/card_issuer".into(), 255),
        ("card", "/billing/phone/number".into(), 255),
        ("card", "/billing/email".into(), 319),
        (
            "ach",
            "/payment_method_data/bank_debit/ach/bank_account_holder_name".into(),
            255,
        ),
        (
            "ach",
            "/payment_method_data/bank_debit/ach/bank_name".into(),
            255,
        ),
        ("update", "/network_transaction_id".into(), 255),
        (
            "update",
            "/payment_method_data/card/card_holder_name".into(),
            255,
        ),
        ("update", "/payment_method_data/card/nick_name".into(), 255),
        ("update", "/connector_token_details/token".into(), 1024),
        (
            "update",
            "/connector_token_details/connector_token_request_reference_id".into(),
            255,
        ),
        (
            "update",
            "/connector_token_details/connector_customer_id".into(),
            255,
        ),
        ("card", "/billing/phone/country_code".into(), 8),
    ];
    for member in address {
        limits.push((
            "customer",
            format!("/default_billing_address/{member}"),
            255,
        ));
        limits.push((
            "customer",
            format!("/default_shipping_address/{member}"),
            255,
        ));
        limits.push(("card", format!("/billing/address/{member}"), 255));
    }
    limits
}

/// The body of a request of that kind with `text` at `pointer`.
fn with_text(kind: &str, customer_id: &str, pointer: &str, text: &str) -> Value {
    let mut body = match kind {
        "customer" => customer(),
        "card" => Card::new().create_for(customer_id),
        "ach" => ach_for(customer_id, &account()),
        _ => json!({}),
    };
    if pointer.starts_with("/connector_token_details") {
        body["connector_token_details"] =
            json!({"token": "t", "connector_token_request_reference_id": "r"});
    }
    let mut place = &mut body;
    for member in pointer.split('/').skip(1) {
        if place.is_null() {
            *place = json!({});
        }
        place = &mut place[member];
    }
    *place = json!(text);
    body
}

/// Sends the body by both doors, which agree, and gives the answer by HTTP.
#[track_caller]
fn send_by_both(tenant: &Tenant, kind: &str, method: &str, body: &Value) -> Answer {
    let mut sql = tenant.sql();
    let (http, sql) = match kind {
        "customer" => (
            tenant.post("/v2/customers", body),
            sql.call("create_customer($1)", &[body]),
        ),
        "update" => (
            tenant.put(
                &format!("/v2/payment-methods/{method}/update-saved-payment-method"),
                body,
            ),
            sql.call("update_payment_method($1, $2)", &[&method, body]),
        ),
        _ => (
            tenant.post("/v2/payment-methods", body),
            sql.call("create_payment_method($1)", &[body]),
        ),
    };
    match sql {
        Ok(_) => assert_eq!(http.status, 200, "{}", http.text),
        Err(refused) => assert_eq!(refused.message, http.refusal().1),
    }
    http
}

#[test]
fn texts_are_taken_up_to_their_limit_in_characters_and_refused_beyond_it() {
    let tenant = Tenant::new();
    let id = tenant.customer();
    let method = tenant.store(&Card::new(), &id);
    for (kind, pointer, limit) in limits() {
        let send = |text: &str| {
            let body = with_text(kind, &id, &pointer, text);
            send_by_both(&tenant, kind, &method, &body)
        };
        for letter in ["x", "\u{e9}"] {
            let answer = send(&letter.repeat(limit));
            assert_eq!(
                answer.status, 200,
                "{kind}{pointer} of {limit} {letter}: {}",
                answer.text
            );
            let answer = send(&letter.repeat(limit + 1));
            assert_eq!(
                answer.status,
                400,
                "{kind}{pointer} of {} {letter}: {}",
                limit + 1,
                answer.text
            );
            answer.refuses_like(400, "IR_06", "`[a-z0-9_.]+` must be .+");
            let member = pointer.rsplit('/').next().unwrap();
            assert!(
                answer.refusal().1.contains(member),
                "{kind}{pointer}: {}",
                answer.text
            );
        }
        let answer = send("");
        let expected = if pointer == "/description" { 400 } else { 200 };
        assert_eq!(
            answer.status, expected,
            "{kind}{pointer} empty: {}",
            answer.text
        );
    }
}

#[test]
fn an_email_is_an_address_of_at_most_319_characters() {
    let tenant = Tenant::new();
    let domain = [63, 63, 63].map(|length| "d".repeat(length)).join(".") + "." + &"e".repeat(62);
    let create =
        |email: &str| tenant.post("/v2/customers", &json!({"name": "Ada", "email": email}));

    assert_eq!(domain.len(), 254);
    assert_eq!(create(&format!("{}@{domain}", "l".repeat(64))).status, 200);
    for bad in [
        format!("{}@{domain}", "l".repeat(65)),
        SECRET.into(),
        format!("{SECRET}@"),
        "@example.com".into(),
        "a b@example.com".into(),
        String::new(),
    ] {
        let answer = create(&bad);
        repeats_nothing(&answer);
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{bad:?}: {}",
            answer.text
        );
        answer.refuses_like(400, "IR_06", "`email` must be .+");
    }
}

#[test]
fn a_reference_has_1_to_64_letters_digits_dashes_and_underscores() {
    let tenant = Tenant::new();
    let create = |reference: &str| {
        let mut request = customer();
        request["merchant_reference_id"] = json!(reference);
        tenant.post("/v2/customers", &request)
    };
    assert_eq!(create(&format!("aZ0-_{}", "x".repeat(59))).status, 200);
    for bad in [
        &"x".repeat(65),
        "",
        "   ",
        "a b",
        "a/b",
        "a.b",
        "a%20b",
        "\u{e9}",
        "a'b",
        "a\nb",
    ] {
        let answer = create(bad);
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{bad:?}: {}",
            answer.text
        );
        answer.refuses_like(400, "IR_06", "`merchant_reference_id` must be .+");
    }
}

#[test]
fn countries_are_two_capital_letters_that_name_one() {
    let tenant = Tenant::new();
    for country in ["us", "USA", "U", "", "ZZ", "1A"] {
        let mut request = customer();
        request["default_billing_address"] = json!({"country": country});
        let answer = tenant.post("/v2/customers", &request);
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{country:?}: {}",
            answer.text
        );
    }
}
