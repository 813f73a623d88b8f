//! The same card again.

use serde_json::json;
use vault_tests::{Card, Tenant};

use super::{full_request, list, path};

#[test]
fn the_same_card_for_the_same_customer_is_one_method_with_its_names_refreshed() {
    let tenant = Tenant::new();
    let card = Card {
        month: "03".into(),
        year: "2040".into(),
        ..Card::new()
    };
    let customer = tenant.customer();
    let created = tenant
        .post("/v2/payment-methods", &full_request(&card, &customer))
        .ok();

    let mut request = full_request(
        &Card {
            month: "3".into(),
            year: "40".into(),
            ..card
        },
        &customer,
    );
    request["payment_method_data"]["card"]["card_holder_name"] = json!("Jane Doe");
    request["payment_method_data"]["card"]["nick_name"] = json!("Jane");
    request["billing"] = json!({"email": "jane@example.com"});
    let again = tenant.post("/v2/payment-methods", &request).ok();

    assert_eq!(again["id"], created["id"]);
    assert_eq!(again["created"], created["created"]);
    for body in [
        &again,
        &tenant.get(&path(again["id"].as_str().unwrap())).ok(),
    ] {
        let data = &body["payment_method_data"]["card"];
        assert_eq!(
            (&data["card_holder_name"], &data["nick_name"]),
            (&json!("Jane Doe"), &json!("Jane"))
        );
        assert_eq!(
            data["card_fingerprint"],
            created["payment_method_data"]["card"]["card_fingerprint"]
        );
        assert_eq!(body["billing"]["email"], "jane@example.com");
    }
    assert_eq!(list(&tenant, &customer).len(), 1);
}

#[test]
fn another_expiry_or_another_customer_makes_another_method() {
    let tenant = Tenant::new();
    let card = Card::new();
    let customer = tenant.customer();
    let first = tenant.store(&card, &customer);

    let later = tenant.store(&card.expiring_in(2040), &customer);
    let other_month = tenant.store(
        &Card {
            month: "11".into(),
            ..card.clone()
        },
        &customer,
    );
    let others = tenant.store(&card, &tenant.customer());

    let mut ids = vec![first, later, other_month, others];
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[test]
fn the_fingerprint_is_that_of_the_card_within_its_profile() {
    let tenant = Tenant::new();
    let card = Card::new();
    let fingerprint = |tenant: &Tenant, card: &Card| {
        let body = tenant
            .post("/v2/payment-methods", &card.create_for(&tenant.customer()))
            .ok();
        body["payment_method_data"]["card"]["card_fingerprint"].clone()
    };

    let first = fingerprint(&tenant, &card);
    assert_eq!(fingerprint(&tenant, &card), first, "another customer");
    assert_eq!(
        fingerprint(&tenant, &card.expiring_in(2040)),
        first,
        "another expiry"
    );
    assert_ne!(fingerprint(&tenant, &Card::new()), first, "another card");
    assert_ne!(
        fingerprint(&tenant.sibling(), &card),
        first,
        "another profile"
    );
}
