//! Customers that are created and read.

use serde_json::json;
use vault_tests::tenant::customer;
use vault_tests::{Card, Tenant, random};

use super::{address, full_customer};
use crate::support::{CUSTOMER_ID, NO_CUSTOMER, TIME, has_form, unknown_id};

#[test]
fn a_created_customer_is_answered_with_every_member_in_order() {
    let tenant = Tenant::new();
    let reference = random::name("ref");
    let request = full_customer(&reference);

    let answer = tenant.post("/v2/customers", &request);

    let body = answer.ok();
    has_form(&body["id"], CUSTOMER_ID);
    has_form(&body["created_at"], TIME);
    let expected = json!({
        "id": body["id"],
        "merchant_reference_id": reference,
        "connector_customer_ids": null,
        "name": "Ada Byron",
        "email": "ada@example.com",
        "phone": "999999999",
        "phone_country_code": "+65",
        "description": "First customer",
        "default_billing_address": address("San Francisco"),
        "default_shipping_address": address("Oakland"),
        "created_at": body["created_at"],
        "metadata": {"udf1": "value1"},
        "default_payment_method_id": null,
        "tax_registration_id": "DE123456789",
        "document_details": null,
    });
    assert_eq!(answer.text, expected.to_string());
}

#[test]
fn what_a_create_leaves_out_is_answered_as_null() {
    let tenant = Tenant::new();

    let answer = tenant.post("/v2/customers", &customer());

    let body = answer.ok();
    let expected = json!({
        "id": body["id"], "merchant_reference_id": null, "connector_customer_ids": null,
        "name": "Ada Byron", "email": "ada@example.com", "phone": null, "phone_country_code": null,
        "description": null, "default_billing_address": null, "default_shipping_address": null,
        "created_at": body["created_at"], "metadata": null, "default_payment_method_id": null,
        "tax_registration_id": null, "document_details": null,
    });
    assert_eq!(answer.text, expected.to_string());
}

#[test]
fn what_an_address_leaves_out_is_answered_as_null() {
    let tenant = Tenant::new();
    let mut request = customer();
    request["default_billing_address"] = json!({"city": "Turin"});

    let body = tenant.post("/v2/customers", &request).ok();

    let expected = json!({
        "city": "Turin", "country": null, "line1": null, "line2": null, "line3": null,
        "zip": null, "state": null, "first_name": null, "last_name": null, "origin_zip": null,
    });
    assert_eq!(
        body["default_billing_address"].to_string(),
        expected.to_string()
    );
}

#[test]
fn a_customer_is_retrieved_as_it_was_created_by_id_by_reference_and_by_sql() {
    let tenant = Tenant::new();
    let reference = random::name("ref");
    let created = tenant.post("/v2/customers", &full_customer(&reference));
    let id = created.id();

    assert_eq!(
        tenant.get(&format!("/v2/customers/{id}")).text,
        created.text
    );
    assert_eq!(
        tenant
            .get(&format!("/v2/customers/reference/{reference}"))
            .text,
        created.text
    );
    let mut sql = tenant.sql();
    assert_eq!(
        sql.call("retrieve_customer($1)", &[&id]).unwrap(),
        created.json()
    );
    assert_eq!(
        sql.call("retrieve_customer_by_reference($1)", &[&reference])
            .unwrap(),
        created.json()
    );
}

#[test]
fn a_customer_created_by_sql_is_the_same_over_http() {
    let tenant = Tenant::new();
    let created = tenant
        .sql()
        .call(
            "create_customer($1)",
            &[&full_customer(&random::name("ref"))],
        )
        .unwrap();

    let id = created["id"].as_str().unwrap();
    assert_eq!(tenant.get(&format!("/v2/customers/{id}")).ok(), created);
}

#[test]
fn text_beyond_ascii_comes_back_as_it_was_sent() {
    let tenant = Tenant::new();
    let name = "Žofie 李 \u{1f600} \"quoted\" back\\slash";

    let id = tenant
        .post(
            "/v2/customers",
            &json!({"name": name, "email": "z@example.com"}),
        )
        .id();

    assert_eq!(
        tenant.get(&format!("/v2/customers/{id}")).ok()["name"],
        name
    );
}

#[test]
fn a_reference_is_trimmed() {
    let tenant = Tenant::new();
    let reference = random::name("ref");

    let body = tenant
        .post("/v2/customers", &full_customer(&format!("  {reference} ")))
        .ok();

    assert_eq!(body["merchant_reference_id"], reference);
}

#[test]
fn two_profiles_may_use_the_same_reference() {
    let tenant = Tenant::new();
    let request = full_customer(&random::name("ref"));
    let first = tenant.post("/v2/customers", &request).id();

    let second = tenant.sibling().post("/v2/customers", &request).id();

    assert_ne!(first, second);
}

#[test]
fn every_call_for_an_unknown_customer_finds_none() {
    let tenant = Tenant::new();
    let id = unknown_id("cus");
    let path = format!("/v2/customers/{id}");

    let calls = [
        tenant.request("GET", &path),
        tenant.request("GET", "/v2/customers/reference/nobody"),
        tenant.request("PUT", &path).json(&json!({"name": "Ghost"})),
        tenant.request("DELETE", &path),
        tenant.request("GET", format!("{path}/saved-payment-methods")),
        tenant.request(
            "POST",
            format!("{path}/payment-methods/{}/default", unknown_id("pm")),
        ),
        tenant
            .request("POST", "/v2/payment-methods")
            .json(&Card::new().create_for(&id)),
    ];
    for request in calls {
        let answer = tenant.send(&request);
        assert_eq!(
            answer.refusal(),
            ("HE_02".into(), NO_CUSTOMER.into()),
            "{request:?}"
        );
        answer.refuses(404, "HE_02", NO_CUSTOMER);
    }
}
