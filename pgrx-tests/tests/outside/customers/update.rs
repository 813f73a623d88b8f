//! Updates.

use serde_json::json;
use vault_tests::{Tenant, random};

use super::full_customer;

#[test]
fn put_patch_and_post_all_update() {
    let tenant = Tenant::new();
    let id = tenant.customer();

    for (verb, name) in [("PUT", "One"), ("PATCH", "Two"), ("POST", "Three")] {
        let request = tenant
            .request(verb, format!("/v2/customers/{id}"))
            .json(&json!({"name": name}));
        assert_eq!(tenant.send(&request).ok()["name"], name, "{verb}");
        assert_eq!(
            tenant.get(&format!("/v2/customers/{id}")).ok()["name"],
            name,
            "{verb}"
        );
    }
}

#[test]
fn an_update_changes_what_it_names_and_leaves_the_rest() {
    let tenant = Tenant::new();
    let created = tenant.post("/v2/customers", &full_customer(&random::name("ref")));
    let id = created.id();

    let answer = tenant.put(
        &format!("/v2/customers/{id}"),
        &json!({
            "email": "countess@example.com", "phone": "1", "description": "Second",
            "default_shipping_address": {"city": "Turin"}, "metadata": {"udf2": "value2"}, "name": null,
        }),
    );

    let mut expected = created.json();
    expected["email"] = json!("countess@example.com");
    expected["phone"] = json!("1");
    expected["description"] = json!("Second");
    expected["default_shipping_address"] = json!({
        "city": "Turin", "country": null, "line1": null, "line2": null, "line3": null,
        "zip": null, "state": null, "first_name": null, "last_name": null, "origin_zip": null,
    });
    expected["metadata"] = json!({"udf2": "value2"});
    assert_eq!(answer.text, expected.to_string());
    assert_eq!(
        tenant.get(&format!("/v2/customers/{id}")).text,
        expected.to_string()
    );
}

#[test]
fn an_update_of_nothing_changes_nothing() {
    let tenant = Tenant::new();
    let created = tenant.post("/v2/customers", &full_customer(&random::name("ref")));

    let answer = tenant.put(&format!("/v2/customers/{}", created.id()), &json!({}));

    assert_eq!((answer.status, answer.text), (200, created.text));
}

#[test]
fn a_reference_cannot_be_changed() {
    let tenant = Tenant::new();
    let created = tenant.post("/v2/customers", &full_customer(&random::name("ref")));
    let path = format!("/v2/customers/{}", created.id());

    let answer = tenant.put(
        &path,
        &json!({"merchant_reference_id": random::name("ref")}),
    );

    assert_eq!(
        (answer.status, answer.refusal().0.as_str()),
        (400, "IR_06"),
        "{}",
        answer.text
    );
    assert_eq!(tenant.get(&path).text, created.text);
}
