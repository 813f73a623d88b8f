//! A customer's list.

use serde_json::json;
use vault_tests::{Card, Tenant};

use super::{billing, full_request, list};

#[test]
fn a_list_item_has_every_member_in_order() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let created = tenant
        .post(
            "/v2/payment-methods",
            &full_request(&Card::new(), &customer),
        )
        .ok();

    let answer = tenant.get(&format!("/v2/customers/{customer}/saved-payment-methods"));

    let expected = json!({"customer_payment_methods": [{
        "id": created["id"], "customer_id": customer, "payment_method_type": "card",
        "payment_method_subtype": "credit", "recurring_enabled": false,
        "payment_method_data": created["payment_method_data"], "created": created["created"],
        "requires_cvv": true, "last_used_at": created["last_used_at"], "is_default": false,
        "billing": billing(), "network_tokenization": null, "connector_tokens": null, "network_transaction_id": null,
    }]});
    assert_eq!(answer.text, expected.to_string());
    assert_eq!(
        tenant
            .sql()
            .call("list_payment_methods($1)", &[&customer])
            .unwrap(),
        answer.json()
    );
}

#[test]
fn the_list_has_the_last_used_method_first() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let ids: Vec<String> = (0..3)
        .map(|_| tenant.store(&Card::new(), &customer))
        .collect();

    let listed: Vec<String> = list(&tenant, &customer)
        .iter()
        .map(|i| i["id"].as_str().unwrap().to_owned())
        .collect();

    assert_eq!(listed, [ids[2].as_str(), &ids[1], &ids[0]]);
}

#[test]
fn a_list_shows_one_customers_methods_only() {
    let tenant = Tenant::new();
    let (one, two) = (tenant.customer(), tenant.customer());
    let id = tenant.store(&Card::new(), &one);

    assert_eq!(list(&tenant, &one)[0]["id"], id);
    assert!(list(&tenant, &two).is_empty());
}
