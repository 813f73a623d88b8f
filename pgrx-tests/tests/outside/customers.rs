//! Customers: contract, section 3.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use vault_tests::tenant::customer;
use vault_tests::{Card, Session, Tenant, random};

use crate::support::{
    CUSTOMER_ID, CUSTOMER_REDACTED, NO_CUSTOMER, NO_PAYMENT_METHOD, TIME, has_form, sealed,
    unknown_id,
};

fn address(city: &str) -> Value {
    json!({
        "city": city, "country": "US", "line1": "1467", "line2": "Harrison Street", "line3": "Back yard",
        "zip": "94122", "state": "California", "first_name": "joseph", "last_name": "Doe", "origin_zip": "94000",
    })
}

fn full_customer(reference: &str) -> Value {
    json!({
        "merchant_reference_id": reference,
        "name": "Ada Byron",
        "email": "ada@example.com",
        "phone": "999999999",
        "phone_country_code": "+65",
        "description": "First customer",
        "default_billing_address": address("San Francisco"),
        "default_shipping_address": address("Oakland"),
        "metadata": {"udf1": "value1"},
        "tax_registration_id": "DE123456789",
    })
}

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

/// Three customers, oldest first, with their references.
fn three(tenant: &Tenant) -> (Vec<Value>, Vec<String>) {
    let references: Vec<String> = (0..3).map(|_| random::name("ref")).collect();
    let customers = references
        .iter()
        .map(|reference| {
            // Times are shown in milliseconds: let each have one of its own.
            sleep(Duration::from_millis(2));
            tenant.post("/v2/customers", &full_customer(reference)).ok()
        })
        .collect();
    (customers, references)
}

#[test]
fn the_list_shows_whole_customers_oldest_first() {
    let tenant = Tenant::new();
    assert_eq!(tenant.get("/v2/customers/list").text, "[]");

    let (customers, _) = three(&tenant);

    let expected = Value::Array(customers);
    assert_eq!(tenant.get("/v2/customers/list").text, expected.to_string());
    assert_eq!(
        tenant.sql().call("list_customers()", &[]).unwrap(),
        expected
    );
}

#[test]
fn the_list_gives_a_page_of_the_asked_size_and_place() {
    let tenant = Tenant::new();
    let (customers, _) = three(&tenant);

    let page = |query: &str| tenant.get(&format!("/v2/customers/list?{query}")).ok();
    assert_eq!(page("limit=2"), json!(customers[..2]));
    assert_eq!(page("limit=2&offset=2"), json!(customers[2..]));
    assert_eq!(page("offset=1&limit=1"), json!(customers[1..2]));
    assert_eq!(page("offset=3"), json!([]));
    assert_eq!(page("limit=100"), json!(customers));
    assert_eq!(
        tenant.sql().call("list_customers(2, 1)", &[]).unwrap(),
        json!(customers[1..])
    );
}

#[test]
fn the_list_is_filtered_by_reference() {
    let tenant = Tenant::new();
    let (customers, references) = three(&tenant);

    assert_eq!(
        tenant
            .get(&format!("/v2/customers/list?customer_id={}", references[1]))
            .ok(),
        json!(customers[1..2])
    );
    assert_eq!(
        tenant.get("/v2/customers/list?customer_id=nobody").ok(),
        json!([])
    );
    let by_sql = tenant
        .sql()
        .call(
            "list_customers(merchant_reference_id => $1)",
            &[&references[2]],
        )
        .unwrap();
    assert_eq!(by_sql, json!(customers[2..]));
}

#[test]
fn the_list_shows_ten_when_not_told_how_many_and_the_counted_list_twenty() {
    let tenant = Tenant::new();
    let mut sql = tenant.sql();
    for _ in 0..22 {
        sql.call("create_customer($1)", &[&customer()]).unwrap();
    }

    assert_eq!(
        tenant
            .get("/v2/customers/list")
            .ok()
            .as_array()
            .unwrap()
            .len(),
        10
    );
    let counted = tenant.get("/v2/customers/list_with_count").ok();
    assert_eq!(counted["data"].as_array().unwrap().len(), 20);
    assert_eq!(counted["total_count"], 22);
}

#[test]
fn limits_outside_one_to_a_hundred_are_refused() {
    let tenant = Tenant::new();
    for list in ["list", "list_with_count"] {
        for query in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=ten",
            "offset=-1",
            "offset=x",
            "limit=99999999999999999999",
        ] {
            let answer = tenant.get(&format!("/v2/customers/{list}?{query}"));
            assert_eq!(
                (answer.status, answer.refusal().0.as_str()),
                (400, "IR_06"),
                "{list}?{query}: {}",
                answer.text
            );
        }
    }
    for call in [
        "list_customers(0)",
        "list_customers(101)",
        "list_customers(10, -1)",
    ] {
        assert_eq!(
            tenant.sql().call(call, &[]).unwrap_err().sqlstate,
            "22023",
            "{call}"
        );
    }
}

#[test]
fn the_counted_list_gives_customers_and_their_number_in_order() {
    let tenant = Tenant::new();
    let (customers, references) = three(&tenant);

    let answer = tenant.get("/v2/customers/list_with_count?limit=2&offset=1");
    assert_eq!(
        answer.text,
        json!({"data": customers[1..], "total_count": 3}).to_string()
    );
    let answer = tenant.get(&format!(
        "/v2/customers/list_with_count?customer_id={}",
        references[0]
    ));
    assert_eq!(
        answer.text,
        json!({"data": customers[..1], "total_count": 1}).to_string()
    );
}

#[test]
fn the_counted_list_is_filtered_by_time() {
    let tenant = Tenant::new();
    let (customers, _) = three(&tenant);
    let total = |query: &str| {
        tenant
            .get(&format!("/v2/customers/list_with_count?{query}"))
            .ok()["total_count"]
            .clone()
    };

    let newest = customers[2]["created_at"].as_str().unwrap();
    assert_eq!(total("start_time=2020-01-01T00:00:00.000Z"), 3);
    assert_eq!(total("end_time=2020-01-01T00:00:00.000Z"), 0);
    assert_eq!(
        total("start_time=2020-01-01T00:00:00.000Z&end_time=2099-01-01T00:00:00.000Z"),
        3
    );
    assert_eq!(
        total(&format!(
            "start_time={newest}&end_time=2099-01-01T00:00:00.000Z"
        )),
        1
    );
    assert_eq!(
        total("start_time=2020-01-01T00%3A00%3A00.000Z"),
        3,
        "percent-encoded"
    );
}

#[test]
fn a_list_does_not_show_deleted_customers() {
    let tenant = Tenant::new();
    let (customers, _) = three(&tenant);
    tenant
        .delete(&format!(
            "/v2/customers/{}",
            customers[0]["id"].as_str().unwrap()
        ))
        .ok();

    assert_eq!(tenant.get("/v2/customers/list").ok(), json!(customers[1..]));
    assert_eq!(
        tenant.get("/v2/customers/list_with_count").ok()["total_count"],
        2
    );
}

#[test]
fn the_number_of_payment_methods_counts_the_active_ones_of_the_profile() {
    let tenant = Tenant::new();
    let total = || tenant.get("/v2/customers/total-payment-methods").text;
    assert_eq!(total(), r#"{"total_count":0}"#);

    let methods: Vec<String> = (0..3)
        .map(|_| tenant.store(&Card::new(), &tenant.customer()))
        .collect();
    assert_eq!(total(), r#"{"total_count":3}"#);
    tenant
        .delete(&format!("/v2/payment-methods/{}", methods[0]))
        .ok();
    let update = format!(
        "/v2/payment-methods/{}/update-saved-payment-method",
        methods[1]
    );
    tenant
        .put(&update, &json!({"acknowledgement_status": "failed"}))
        .ok();
    assert_eq!(total(), r#"{"total_count":1}"#);
    let sibling = tenant.sibling();
    assert_eq!(
        sibling.get("/v2/customers/total-payment-methods").text,
        r#"{"total_count":0}"#
    );
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
