//! Reading what is stored, masked.

use serde_json::Value;
use vault_tests::{Card, Tenant};

use super::{full_request, path, without};
use crate::support::row;

#[test]
fn the_cvc_is_in_no_answer_and_in_no_row() {
    let tenant = Tenant::new();
    let card = Card {
        cvc: vault_tests::card::cvc(4),
        ..Card::new()
    };
    let answer = tenant.post("/v2/payment-methods", &card.create_for(&tenant.customer()));
    let id = answer.id();

    let storage = &answer.json()["card_cvc_token_storage"];
    assert_eq!(storage["is_stored"], true);
    let revealed = tenant
        .send(&tenant.revealing("GET", &format!("{}?fetch_raw_detail=true", path(&id))))
        .ok();
    let raw = revealed["raw_payment_method_data"]["card"].as_object();
    assert_eq!(raw.unwrap().get("card_cvc"), Some(&Value::Null));
    assert!(!row(&mut tenant.stack.superuser(), "payment_methods", &id).contains("cvc"));
}

#[test]
fn a_method_is_retrieved_as_it_was_created_by_get_by_post_and_by_sql() {
    let tenant = Tenant::new();
    let created = tenant.post(
        "/v2/payment-methods",
        &full_request(&Card::new(), &tenant.customer()),
    );
    let id = created.id();

    assert_eq!(tenant.get(&path(&id)).text, created.text);
    assert_eq!(
        tenant.send(&tenant.request("POST", path(&id))).text,
        created.text
    );
    assert_eq!(
        tenant
            .get(&format!("{}?fetch_raw_detail=false", path(&id)))
            .text,
        created.text
    );
    assert_eq!(
        tenant
            .sql()
            .call("retrieve_payment_method($1)", &[&id])
            .unwrap(),
        created.json()
    );
}

#[test]
fn a_method_stored_by_sql_is_the_same_over_http() {
    let tenant = Tenant::new();
    let request = full_request(&Card::new(), &tenant.customer());
    let created = tenant
        .sql()
        .call("create_payment_method($1)", &[&request])
        .unwrap();

    assert_eq!(
        tenant.get(&path(created["id"].as_str().unwrap())).ok(),
        created
    );
}

#[test]
fn the_details_leave_out_the_raw_data_and_the_cvc() {
    let tenant = Tenant::new();
    let created = tenant
        .post(
            "/v2/payment-methods",
            &full_request(&Card::new(), &tenant.customer()),
        )
        .ok();

    let answer = tenant.get(&format!(
        "{}/details",
        path(created["id"].as_str().unwrap())
    ));

    let expected = without(
        &created,
        &["card_cvc_token_storage", "raw_payment_method_data"],
    );
    assert_eq!((answer.status, answer.text), (200, expected.to_string()));
}
