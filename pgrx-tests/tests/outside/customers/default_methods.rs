//! The default payment method.

use serde_json::{Value, json};
use vault_tests::{Card, Tenant};

use crate::support::{NO_PAYMENT_METHOD, unknown_id};

#[test]
fn a_default_method_is_set_by_its_own_call_and_by_an_update() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let first = tenant.store(&Card::new(), &customer);
    let second = tenant.store(&Card::new(), &customer);
    let path = format!("/v2/customers/{customer}");

    tenant
        .send(&tenant.request("POST", format!("{path}/payment-methods/{first}/default")))
        .ok();
    assert_eq!(tenant.get(&path).ok()["default_payment_method_id"], first);
    assert_eq!(defaults(&tenant, &customer), [first]);

    assert_eq!(
        tenant
            .put(&path, &json!({"default_payment_method_id": second}))
            .ok()["default_payment_method_id"],
        second
    );
    assert_eq!(tenant.get(&path).ok()["default_payment_method_id"], second);
    assert_eq!(defaults(&tenant, &customer), [second]);
}

fn defaults(tenant: &Tenant, customer: &str) -> Vec<String> {
    let list = tenant
        .get(&format!("/v2/customers/{customer}/saved-payment-methods"))
        .ok();
    let items = list["customer_payment_methods"].as_array().unwrap().clone();
    items
        .iter()
        .filter(|i| i["is_default"] == true)
        .map(|i| i["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_default_method_by_sql_shows_over_http() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let method = tenant.store(&Card::new(), &customer);

    tenant
        .sql()
        .call("set_default_payment_method($1, $2)", &[&customer, &method])
        .unwrap();

    assert_eq!(
        tenant.get(&format!("/v2/customers/{customer}")).ok()["default_payment_method_id"],
        method
    );
}

#[test]
fn a_default_method_must_be_the_customers_own() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let others = tenant.store(&Card::new(), &tenant.customer());
    let path = format!("/v2/customers/{customer}");

    for method in [others, unknown_id("pm")] {
        let set = tenant.request("POST", format!("{path}/payment-methods/{method}/default"));
        tenant.send(&set).refuses(404, "HE_02", NO_PAYMENT_METHOD);
        tenant
            .put(&path, &json!({"default_payment_method_id": method}))
            .refuses(404, "HE_02", NO_PAYMENT_METHOD);
    }
    assert_eq!(
        tenant.get(&path).ok()["default_payment_method_id"],
        Value::Null
    );
}

#[test]
fn a_deleted_method_is_no_default_any_more() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let method = tenant.store(&Card::new(), &customer);
    let path = format!("/v2/customers/{customer}");
    tenant
        .put(&path, &json!({"default_payment_method_id": method}))
        .ok();

    tenant.delete(&format!("/v2/payment-methods/{method}")).ok();

    assert_eq!(
        tenant.get(&path).ok()["default_payment_method_id"],
        Value::Null
    );
}
