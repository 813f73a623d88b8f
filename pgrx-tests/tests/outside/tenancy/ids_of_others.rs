//! What another profile has looks like what nobody has.

use serde_json::{Value, json};
use vault_tests::sql::Parameter;
use vault_tests::tenant::customer;
use vault_tests::{Card, Tenant, random};

use super::Owner;
use crate::support::{NO_CUSTOMER, NO_PAYMENT_METHOD, unknown_id};

/// Every call over HTTP that names a customer or a payment method of `b`, or one that nobody has.
fn calls(tenant: &Tenant, customer: &str, method: &str) -> Vec<vault_tests::Request> {
    let c = format!("/v2/customers/{customer}");
    let m = format!("/v2/payment-methods/{method}");
    vec![
        tenant.request("GET", &c),
        tenant.request("PUT", &c).json(&json!({"name": "Mallory"})),
        tenant.request("DELETE", &c),
        tenant.request("GET", format!("{c}/saved-payment-methods")),
        tenant.request("POST", format!("{c}/payment-methods/{method}/default")),
        tenant
            .request("POST", "/v2/payment-methods")
            .json(&Card::new().create_for(customer)),
        tenant.request("GET", &m),
        tenant.revealing("GET", &format!("{m}?fetch_raw_detail=true")),
        tenant.request("GET", format!("{m}/details")),
        tenant.request("GET", format!("{m}/check-network-token-status")),
        tenant.revealing("GET", &format!("{m}/get-token")),
        tenant
            .request("PUT", format!("{m}/update-saved-payment-method"))
            .json(&json!({"network_transaction_id": "N"})),
        tenant.request("DELETE", &m),
    ]
}

#[test]
fn ids_of_another_profile_are_answered_as_ids_of_nobody() {
    let b = Owner::new();
    // One asks from another merchant's profile, one from another profile of the same merchant.
    for a in [Tenant::new(), b.tenant.sibling()] {
        let theirs = calls(&a, &b.customer, &b.method);
        let nobodys = calls(&a, &unknown_id("cus"), &unknown_id("pm"));
        for (their, nobody) in theirs.iter().zip(&nobodys) {
            let (their_answer, nobody_answer) = (a.send(their), a.send(nobody));
            assert_eq!(their_answer.status, 404, "{their:?}: {}", their_answer.text);
            assert_eq!(their_answer.text, nobody_answer.text, "{their:?}");
        }
        let reference = a.get(&format!("/v2/customers/reference/{}", b.reference));
        reference.refuses(404, "HE_02", NO_CUSTOMER);
    }
    assert_eq!(
        b.tenant.get(&format!("/v2/customers/{}", b.customer)).ok()["name"],
        "Ada Byron"
    );
    assert_eq!(
        b.tenant
            .get(&format!("/v2/payment-methods/{}", b.method))
            .id(),
        b.method
    );
}

#[test]
fn what_another_profile_has_shows_in_no_list_and_no_count() {
    let b = Owner::new();
    let a = b.tenant.sibling();

    assert_eq!(a.get("/v2/customers/list").text, "[]");
    assert_eq!(
        a.get("/v2/customers/list_with_count").text,
        r#"{"data":[],"total_count":0}"#
    );
    assert_eq!(
        a.get("/v2/customers/total-payment-methods").text,
        r#"{"total_count":0}"#
    );
    assert_eq!(
        a.get(&format!("/v2/customers/list?customer_id={}", b.reference))
            .text,
        "[]"
    );
    let mut sql = a.sql();
    assert_eq!(sql.call("list_customers()", &[]).unwrap(), json!([]));
    assert_eq!(
        sql.call(
            "list_customers(merchant_reference_id => $1)",
            &[&b.reference]
        )
        .unwrap(),
        json!([])
    );
}

#[test]
fn what_another_profile_has_cannot_be_told_by_duplicates() {
    let b = Owner::new();
    let a = b.tenant.sibling();
    let shape = |reference: &str, card: &Card| {
        let mut person = customer();
        person["merchant_reference_id"] = json!(reference);
        let made = a.post("/v2/customers", &person).ok();
        let stored = a
            .post(
                "/v2/payment-methods",
                &card.create_for(made["id"].as_str().unwrap()),
            )
            .ok();
        assert_ne!(made["id"], b.customer);
        assert_ne!(stored["id"], b.method);
        (made, stored)
    };
    let (taken_by_b, stored_by_b) = shape(&b.reference, &b.card);
    let (new, stored_new) = shape(&random::name("ref"), &Card::new());
    let constant = |body: &Value, members: &[&str]| -> Vec<Value> {
        members.iter().map(|m| body[*m].clone()).collect()
    };
    let members = [
        "name",
        "email",
        "phone",
        "metadata",
        "default_payment_method_id",
    ];
    assert_eq!(constant(&taken_by_b, &members), constant(&new, &members));
    let members = [
        "recurring_enabled",
        "connector_tokens",
        "network_transaction_id",
        "acknowledgement_status",
        "billing",
    ];
    assert_eq!(
        constant(&stored_by_b, &members),
        constant(&stored_new, &members)
    );

    let theirs = b
        .tenant
        .get(&format!("/v2/payment-methods/{}", b.method))
        .ok();
    let fingerprint =
        |body: &Value| body["payment_method_data"]["card"]["card_fingerprint"].clone();
    assert_ne!(
        fingerprint(&theirs),
        fingerprint(&stored_by_b),
        "fingerprints would tell that both have the card"
    );
}

#[test]
fn a_role_bound_to_one_profile_learns_nothing_of_another() {
    let b = Owner::new();
    let a = Owner::of(b.tenant.sibling());
    let mut role = a.tenant.revealing_sql();
    let (no_customer, no_method) = (unknown_id("cus"), unknown_id("pm"));
    let update = json!({"name": "Mallory"});
    let token = json!({"network_transaction_id": "N"});
    let card = b.card.create_for(&b.customer);
    let stray = b.card.create_for(&no_customer);
    let default = json!({"default_payment_method_id": b.method});
    let stray_default = json!({"default_payment_method_id": no_method});
    let pairs: [(&str, Vec<Parameter>, Vec<Parameter>, &str); 11] = [
        (
            "retrieve_customer($1)",
            vec![&b.customer],
            vec![&no_customer],
            NO_CUSTOMER,
        ),
        (
            "update_customer($1, $2)",
            vec![&b.customer, &update],
            vec![&no_customer, &update],
            NO_CUSTOMER,
        ),
        (
            "delete_customer($1)",
            vec![&b.customer],
            vec![&no_customer],
            NO_CUSTOMER,
        ),
        (
            "create_payment_method($1)",
            vec![&card],
            vec![&stray],
            NO_CUSTOMER,
        ),
        (
            "list_payment_methods($1)",
            vec![&b.customer],
            vec![&no_customer],
            NO_CUSTOMER,
        ),
        (
            "retrieve_payment_method($1)",
            vec![&b.method],
            vec![&no_method],
            NO_PAYMENT_METHOD,
        ),
        (
            "retrieve_payment_method($1, true)",
            vec![&b.method],
            vec![&no_method],
            NO_PAYMENT_METHOD,
        ),
        (
            "update_payment_method($1, $2)",
            vec![&b.method, &token],
            vec![&no_method, &token],
            NO_PAYMENT_METHOD,
        ),
        (
            "delete_payment_method($1)",
            vec![&b.method],
            vec![&no_method],
            NO_PAYMENT_METHOD,
        ),
        (
            "set_default_payment_method($1, $2)",
            vec![&a.customer, &b.method],
            vec![&a.customer, &no_method],
            NO_PAYMENT_METHOD,
        ),
        (
            "update_customer($1, $2)",
            vec![&a.customer, &default],
            vec![&a.customer, &stray_default],
            NO_PAYMENT_METHOD,
        ),
    ];
    for (operation, theirs, nobodys, message) in pairs {
        let refused = role.call(operation, &theirs).unwrap_err();
        assert_eq!(refused.pair(), ("P0002", message), "{operation}");
        assert_eq!(
            refused,
            role.call(operation, &nobodys).unwrap_err(),
            "{operation}"
        );
    }
    let reference = role
        .call("retrieve_customer_by_reference($1)", &[&b.reference])
        .unwrap_err();
    assert_eq!(reference.pair(), ("P0002", NO_CUSTOMER));
    assert_eq!(
        role.call("retrieve_customer($1)", &[&a.customer]).unwrap()["id"],
        a.customer
    );
}
