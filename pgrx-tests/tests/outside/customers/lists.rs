//! Lists and numbers.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use vault_tests::tenant::customer;
use vault_tests::{Card, Tenant, random};

use super::full_customer;

/// Three customers, oldest first, with their references.
fn three(tenant: &Tenant) -> (Vec<Value>, Vec<String>) {
    let references: Vec<String> = (0..3).map(|_| random::name("ref")).collect();
    let customers = references
        .iter()
        .map(|reference| {
            // Times are shown in milliseconds: let each have one of its own. Nobody could be asked for anything but the time.
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
