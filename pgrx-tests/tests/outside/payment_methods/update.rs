//! Updates.

use serde_json::{Value, json};
use vault_tests::{Card, Tenant};

use super::{full_request, list, path, update_path, without};
use crate::support::NO_PAYMENT_METHOD;

#[test]
fn an_update_changes_what_it_names_and_leaves_the_rest() {
    let tenant = Tenant::new();
    let created = tenant
        .post(
            "/v2/payment-methods",
            &full_request(&Card::new(), &tenant.customer()),
        )
        .ok();
    let id = created["id"].as_str().unwrap();

    for (verb, name) in [("PUT", "One"), ("PATCH", "Two")] {
        let update = json!({"payment_method_data": {"card": {"nick_name": name, "card_cvc": vault_tests::card::cvc(3)}}});
        let answer = tenant.send(&tenant.request(verb, update_path(id)).json(&update));
        let answer = answer.ok();
        let mut expected = created.clone();
        expected["payment_method_data"]["card"]["nick_name"] = json!(name);
        expected["card_cvc_token_storage"] = answer["card_cvc_token_storage"].clone();
        let settle = |body: Value| without(&body, &["last_used_at"]).to_string();
        assert_eq!(settle(answer), settle(expected.clone()), "{verb}");
        assert_eq!(
            settle(tenant.get(&path(id)).ok()),
            settle(expected),
            "{verb}"
        );
    }
}

#[test]
fn an_update_of_nothing_changes_nothing() {
    let tenant = Tenant::new();
    let created = tenant.post(
        "/v2/payment-methods",
        &full_request(&Card::new(), &tenant.customer()),
    );

    let answer = tenant.put(&update_path(&created.id()), &json!({}));

    assert_eq!((answer.status, answer.text), (200, created.text));
}

#[test]
fn a_network_transaction_id_is_kept() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());

    tenant
        .put(
            &update_path(&id),
            &json!({"network_transaction_id": "MCC123456789"}),
        )
        .ok();

    assert_eq!(
        tenant.get(&path(&id)).ok()["network_transaction_id"],
        "MCC123456789"
    );
}

#[test]
fn an_update_cannot_change_number_or_expiry() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    let before = tenant.get(&path(&id)).text;
    let other = Card::new();

    for (member, value) in [
        ("card_number", &other.number),
        ("card_exp_month", &other.month),
        ("card_exp_year", &other.year),
    ] {
        let mut update = json!({"payment_method_data": {"card": {"nick_name": "Changed"}}});
        update["payment_method_data"]["card"][member] = json!(value);
        let answer = tenant.put(&update_path(&id), &update);
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{member}: {}",
            answer.text
        );
    }
    assert_eq!(tenant.get(&path(&id)).text, before);
}

#[test]
fn a_failed_acknowledgement_hides_a_method_until_it_is_authenticated() {
    let tenant = Tenant::new();
    let mut sql = tenant.sql();
    let customer = tenant.customer();
    let id = tenant.store(&Card::new(), &customer);

    tenant
        .put(
            &update_path(&id),
            &json!({"acknowledgement_status": "failed"}),
        )
        .ok();
    tenant
        .get(&path(&id))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
    tenant
        .get(&format!("{}/details", path(&id)))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
    assert_eq!(
        sql.call("retrieve_payment_method($1)", &[&id])
            .unwrap_err()
            .pair(),
        ("P0002", NO_PAYMENT_METHOD)
    );
    assert!(list(&tenant, &customer).is_empty());
    let all = tenant.get(&format!(
        "/v2/customers/{customer}/saved-payment-methods?include_new=true"
    ));
    assert_eq!(all.text, r#"{"customer_payment_methods":[]}"#);

    tenant
        .put(
            &update_path(&id),
            &json!({"acknowledgement_status": "authenticated"}),
        )
        .ok();
    let body = tenant.get(&path(&id)).ok();
    assert_eq!(
        (&body["id"], &body["acknowledgement_status"]),
        (&json!(id), &json!("authenticated"))
    );
    assert_eq!(list(&tenant, &customer).len(), 1);
}
