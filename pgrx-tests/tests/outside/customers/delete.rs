//! Deletion.

use serde_json::json;
use vault_tests::{Card, Session, Tenant, random};

use super::full_customer;
use crate::support::{CUSTOMER_REDACTED, NO_PAYMENT_METHOD, sealed};

#[test]
fn a_delete_is_answered_in_order() {
    let tenant = Tenant::new();
    let reference = random::name("ref");
    let id = tenant
        .post("/v2/customers", &full_customer(&reference))
        .id();

    let answer = tenant.delete(&format!("/v2/customers/{id}"));

    let expected = json!({
        "id": id, "merchant_reference_id": reference, "customer_deleted": true,
        "address_deleted": true, "payment_methods_deleted": true,
    });
    assert_eq!((answer.status, answer.text), (200, expected.to_string()));
}

#[test]
fn a_delete_removes_the_details_and_deletes_the_payment_methods() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let customer = tenant.customer();
    let method = tenant.store(&Card::new(), &customer);
    let sealed_details =
        |superuser: &mut Session| sealed(superuser, "customers", "details", &customer);
    assert!(
        sealed_details(&mut superuser).is_some(),
        "a living customer has details"
    );

    tenant.delete(&format!("/v2/customers/{customer}")).ok();

    assert_eq!(sealed_details(&mut superuser), None);
    for column in ["instrument", "summary"] {
        assert_eq!(
            sealed(&mut superuser, "payment_methods", column, &method),
            None,
            "{column}"
        );
    }
    tenant
        .get(&format!("/v2/payment-methods/{method}"))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
}

#[test]
fn every_use_of_a_deleted_customer_is_refused() {
    let tenant = Tenant::new();
    let reference = random::name("ref");
    let id = tenant
        .post("/v2/customers", &full_customer(&reference))
        .id();
    let method = tenant.store(&Card::new(), &id);
    let path = format!("/v2/customers/{id}");
    tenant.delete(&path).ok();

    let uses = [
        tenant.request("GET", &path),
        tenant.request("GET", format!("/v2/customers/reference/{reference}")),
        tenant.request("PUT", &path).json(&json!({"name": "Ghost"})),
        tenant.request("DELETE", &path),
        tenant.request("GET", format!("{path}/saved-payment-methods")),
        tenant.request("POST", format!("{path}/payment-methods/{method}/default")),
        tenant
            .request("POST", "/v2/payment-methods")
            .json(&Card::new().create_for(&id)),
    ];
    for request in uses {
        let answer = tenant.send(&request);
        assert_eq!(
            answer.refusal(),
            ("IR_11".into(), CUSTOMER_REDACTED.into()),
            "{request:?}"
        );
        answer.refuses(400, "IR_11", CUSTOMER_REDACTED);
    }
}

#[test]
fn the_reference_of_a_deleted_customer_stays_taken() {
    let tenant = Tenant::new();
    let request = full_customer(&random::name("ref"));
    let id = tenant.post("/v2/customers", &request).id();
    tenant.delete(&format!("/v2/customers/{id}")).ok();

    tenant.post("/v2/customers", &request).refuses(
        400,
        "IR_12",
        "Customer with the given `customer_id` already exists",
    );
}
