//! Full numbers.

use serde_json::{Value, json};
use vault_tests::{Card, Tenant};

use super::{full_request, path};

#[test]
fn the_full_number_comes_back_to_a_key_with_the_reveal_scope_that_asks_for_it() {
    let tenant = Tenant::new();
    let card = Card::new();
    let created = tenant
        .post(
            "/v2/payment-methods",
            &full_request(&card, &tenant.customer()),
        )
        .ok();
    let id = created["id"].as_str().unwrap();

    let answer =
        tenant.send(&tenant.revealing("GET", &format!("{}?fetch_raw_detail=true", path(id))));

    let body = answer.ok();
    let raw = &body["raw_payment_method_data"]["card"];
    assert_eq!(raw["card_number"], card.number);
    assert_eq!(
        (&raw["card_exp_month"], &raw["card_exp_year"]),
        (&json!(card.month), &json!(card.year))
    );
    let mut masked = body.clone();
    masked["raw_payment_method_data"] = Value::Null;
    assert_eq!(masked.to_string(), created.to_string());
    let unasked = tenant.send(&tenant.revealing("GET", &path(id)));
    assert_eq!(unasked.text, created.to_string());
}

#[test]
fn the_full_number_is_refused_to_a_key_without_the_scope_and_to_a_role_without_membership() {
    let tenant = Tenant::new();
    let card = Card::new();
    let id = tenant.store(&card, &tenant.customer());
    let message = "The API key does not carry the `reveal` scope";

    for verb in ["GET", "POST"] {
        tenant
            .send(&tenant.request(verb, format!("{}?fetch_raw_detail=true", path(&id))))
            .refuses(403, "IR_19", message);
    }
    let refused = tenant
        .sql()
        .call("retrieve_payment_method($1, true)", &[&id])
        .unwrap_err();
    assert_eq!(refused.sqlstate, "42501");
    let revealed = tenant
        .revealing_sql()
        .call("retrieve_payment_method($1, true)", &[&id])
        .unwrap();
    assert_eq!(
        revealed["raw_payment_method_data"]["card"]["card_number"],
        card.number
    );
}

#[test]
fn fetch_raw_detail_is_true_or_false_and_nothing_else() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    for value in ["yes", "1", "TRUE", ""] {
        let answer = tenant
            .send(&tenant.revealing("GET", &format!("{}?fetch_raw_detail={value}", path(&id))));
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{value:?}: {}",
            answer.text
        );
    }
}
