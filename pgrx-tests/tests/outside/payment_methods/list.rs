//! A customer's list.

use serde_json::json;
use vault_tests::{Card, Tenant};

use super::{billing, full_request, list};
use crate::support::unknown_id;

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

#[test]
fn a_list_is_read_page_by_page_and_every_method_comes_once() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let mut ids: Vec<String> = (0..5)
        .map(|_| tenant.store(&Card::new(), &customer))
        .collect();
    ids.reverse();
    let path = format!("/v2/customers/{customer}/saved-payment-methods");
    for limit in 1..=6 {
        let mut found = Vec::new();
        let mut query = format!("?limit={limit}");
        loop {
            let page = tenant.get(&(path.clone() + &query)).ok();
            let items = page["customer_payment_methods"].as_array().unwrap();
            assert!(items.len() <= limit);
            found.extend(
                items
                    .iter()
                    .map(|item| item["id"].as_str().unwrap().to_owned()),
            );
            if page.get("has_more").is_none() {
                break;
            }
            assert_eq!((&page["has_more"], items.len()), (&json!(true), limit));
            query = format!("?limit={limit}&starting_after={}", found.last().unwrap());
        }
        assert_eq!(found, ids, "{limit}");
    }
    let by_sql = tenant
        .sql()
        .call("list_payment_methods($1, 2, $2)", &[&customer, &ids[1]])
        .unwrap();
    let by_http = tenant.get(&format!("{path}?limit=2&starting_after={}", ids[1]));
    assert_eq!(by_sql, by_http.ok());
}

#[test]
fn a_page_begins_after_a_method_that_was_deleted_but_not_after_one_that_never_was() {
    let (tenant, stranger) = (Tenant::new(), Tenant::new());
    let customer = tenant.customer();
    let older = tenant.store(&Card::new(), &customer);
    let last = tenant.store(&Card::new(), &customer);
    tenant.delete(&format!("/v2/payment-methods/{last}")).ok();
    let after = |id: &str| {
        let path = format!("/v2/customers/{customer}/saved-payment-methods");
        tenant.get(&format!("{path}?starting_after={id}"))
    };
    assert_eq!(
        after(&last).ok()["customer_payment_methods"][0]["id"],
        older
    );

    let of_stranger = stranger.store(&Card::new(), &stranger.customer());
    let of_another = tenant.store(&Card::new(), &tenant.customer());
    for id in [of_stranger, of_another, unknown_id("pm")] {
        after(&id).refuses(404, "HE_02", "Payment method does not exist in our records");
    }
}

#[test]
fn a_limit_is_1_to_1000() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let path = format!("/v2/customers/{customer}/saved-payment-methods");
    let refusal = "`limit` must be 1 to 1000";
    for limit in ["0", "1001", "-1"] {
        tenant
            .get(&format!("{path}?limit={limit}"))
            .refuses(400, "IR_06", refusal);
        let by_sql = tenant
            .sql()
            .call(&format!("list_payment_methods($1, {limit})"), &[&customer]);
        assert_eq!(by_sql.unwrap_err().pair(), ("22023", refusal));
    }
    tenant.get(&format!("{path}?starting_after=")).refuses(
        400,
        "IR_06",
        "`starting_after` must be left out or not empty",
    );
}
