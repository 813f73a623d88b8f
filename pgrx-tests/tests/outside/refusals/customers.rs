//! Customers that are not there, or taken.

use serde_json::{Value, json};
use vault_tests::tenant::customer;
use vault_tests::{Card, Tenant, random};

use super::{Argument, Call, Refusal, create_customer, create_method, plain, refused, settled};
use crate::support::{CUSTOMER_REDACTED, NO_CUSTOMER, unknown_id};

fn update_customer(id: &str, body: Value) -> Call {
    let arguments = vec![Argument::Text(id.into()), Argument::Json(body.clone())];
    let path = format!("/v2/customers/{id}");
    Call {
        verb: "PUT",
        path,
        body: Some(body),
        operation: "update_customer($1, $2)",
        arguments,
    }
}

#[test]
fn a_taken_reference_is_refused() {
    let (tenant, ..) = settled();
    let mut request = customer();
    request["merchant_reference_id"] = json!(random::name("ref"));
    tenant.post("/v2/customers", &request).ok();

    let taken = Refusal(
        400,
        "IR_12",
        "Customer with the given `customer_id` already exists",
        "23505",
    );
    refused(&tenant, &create_customer(request), taken);
}

#[test]
fn an_unknown_customer_is_not_found() {
    let (tenant, ..) = settled();
    let missing = || Refusal(404, "HE_02", NO_CUSTOMER, "P0002");
    let stranger = Tenant::new().customer();
    for id in [unknown_id("cus"), stranger, "nonsense".into()] {
        refused(
            &tenant,
            &plain("GET", "customers", &id, "retrieve_customer($1)"),
            missing(),
        );
        refused(
            &tenant,
            &plain(
                "GET",
                "customers/reference",
                &id,
                "retrieve_customer_by_reference($1)",
            ),
            missing(),
        );
        refused(
            &tenant,
            &plain("DELETE", "customers", &id, "delete_customer($1)"),
            missing(),
        );
        refused(
            &tenant,
            &update_customer(&id, json!({"name": "Ghost"})),
            missing(),
        );
        refused(
            &tenant,
            &create_method(Card::new().create_for(&id)),
            missing(),
        );
    }
}

#[test]
fn a_redacted_customer_is_refused() {
    let (tenant, id, _) = settled();
    tenant.delete(&format!("/v2/customers/{id}")).ok();
    let redacted = || Refusal(400, "IR_11", CUSTOMER_REDACTED, "55000");

    refused(
        &tenant,
        &plain("GET", "customers", &id, "retrieve_customer($1)"),
        redacted(),
    );
    refused(
        &tenant,
        &plain("DELETE", "customers", &id, "delete_customer($1)"),
        redacted(),
    );
    refused(
        &tenant,
        &update_customer(&id, json!({"name": "Ghost"})),
        redacted(),
    );
    refused(
        &tenant,
        &create_method(Card::new().create_for(&id)),
        redacted(),
    );
}

#[test]
fn a_persistent_method_needs_a_customer() {
    let (tenant, customer, _) = settled();
    for storage in [None, Some("persistent")] {
        let mut request = Card::new().create_for(&customer);
        request.as_object_mut().unwrap().remove("customer_id");
        if let Some(storage) = storage {
            request["storage_type"] = json!(storage);
        }
        let missing = Refusal(400, "IR_04", "Missing required param: customer_id", "22023");
        refused(&tenant, &create_method(request), missing);
    }
}
