//! What answers have beyond the contract's examples, and what is refused.

use serde_json::{Value, json};
use vault_tests::{Card, Tenant};

use super::Doors;

#[test]
fn a_revealed_card_has_a_cvc_that_is_null() {
    let tenant = Tenant::new();
    let card = Card::new();
    let id = tenant.store(&card, &tenant.customer());
    let path = format!("/v2/payment-methods/{id}?fetch_raw_detail=true");
    let http = tenant.send(&tenant.revealing("GET", &path));
    let last = r#""card_type":null,"card_cvc":null}}"#;
    assert!(http.text.contains(last), "{}", http.text);
    let sql = tenant
        .revealing_sql()
        .call("retrieve_payment_method($1, true)", &[&id]);
    for revealed in [http.ok(), sql.unwrap()] {
        let raw = revealed["raw_payment_method_data"]["card"]
            .as_object()
            .unwrap();
        assert_eq!(raw["card_number"], card.number);
        assert_eq!(raw.get("card_cvc"), Some(&Value::Null));
    }
}

#[test]
fn the_connectors_customer_stands_behind_a_tokens_metadata() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    for value in [json!(null), json!("cus_at_the_connector")] {
        let method = doors.tenant.store(&Card::new(), &id);
        let details = json!({
            "connector_id": "mca_aaaaaaaaaaaaaaaaaaaa", "token_type": "multi_use", "status": "active", "token": "pm_1",
            "connector_token_request_reference_id": "ref", "original_payment_authorized_amount": 1200,
            "original_payment_authorized_currency": "EUR", "metadata": {"k": "v"}, "connector_customer_id": value,
        });
        let update = json!({"connector_token_details": details});
        let updated = doors.update_method(&method, &update);
        let entry = json!([details]).to_string();
        assert!(updated.http.text.contains(&entry), "{}", updated.http.text);
        for updated in updated.ok() {
            assert_eq!(updated["connector_tokens"], json!([details]));
        }
        let shown = doors.tenant.get(&format!("/v2/payment-methods/{method}"));
        assert_eq!(shown.ok()["connector_tokens"], json!([details]));
    }
}

#[test]
fn other_types_of_payment_methods_are_refused_whatever_their_data() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let types = [
        "card_redirect",
        "pay_later",
        "wallet",
        "bank_redirect",
        "bank_transfer",
        "crypto",
        "reward",
        "real_time_payment",
        "upi",
        "voucher",
        "gift_card",
        "open_banking",
        "mobile_payment",
        "network_token",
    ];
    let card = Card::new().data();
    let data = [
        json!({}),
        json!(null),
        json!("x"),
        json!([card]),
        json!({"wallet": {"apple_pay": {"payment_data": "x"}}}),
        json!({"card": 7}),
        card,
    ];
    let message = "Invalid 'payment_method_type' provided";
    for (place, kind) in types.into_iter().enumerate() {
        let request = json!({
            "customer_id": id, "payment_method_type": kind, "payment_method_subtype": "apple_pay",
            "payment_method_data": data[place % data.len()],
        });
        doors
            .create_method(&request)
            .refused(422, "IR_06", "22023", message);
    }
    for data in &data {
        let request = json!({"payment_method_type": "wallet", "payment_method_data": data});
        doors
            .create_method(&request)
            .refused(422, "IR_06", "22023", message);
    }
    let without_data = json!({"payment_method_type": "wallet"});
    doors
        .create_method(&without_data)
        .refused(422, "IR_06", "22023", message);
    // Whoever may not call learns nothing of types.
    let request = doors
        .tenant
        .request("POST", "/v2/payment-methods")
        .json(&without_data);
    let stranger = doors
        .tenant
        .stack
        .client()
        .send(&request.without("api-key"));
    assert_eq!(stranger.status, 401, "{}", stranger.text);
}

#[test]
fn queries_are_checked_where_a_call_knows_their_members() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let id = tenant.store(&Card::new(), &customer);
    let saved = format!("/v2/customers/{customer}/saved-payment-methods");
    let method = format!("/v2/payment-methods/{id}");
    for value in ["", "1", "yes", "TRUE", "null"] {
        for (path, member) in [(&saved, "include_new"), (&method, "fetch_raw_detail")] {
            let message = format!("`{member}` must be `true` or `false`");
            let answer = tenant.get(&format!("{path}?{member}={value}"));
            answer.refuses(400, "IR_06", &message);
        }
    }
    let message = "`customer_id` must be left out or not empty";
    for path in ["/v2/customers/list", "/v2/customers/list_with_count"] {
        for query in ["customer_id=", "customer_id", "limit=5&customer_id="] {
            tenant
                .get(&format!("{path}?{query}"))
                .refuses(400, "IR_06", message);
        }
    }
    let by_sql = tenant
        .sql()
        .call("list_customers(10, 0, '')", &[])
        .unwrap_err();
    assert_eq!(by_sql.pair(), ("22023", message));

    for query in [
        "include_new=true",
        "include_new=false",
        "x=",
        "fetch_raw_detail=perhaps",
    ] {
        tenant.get(&format!("{saved}?{query}")).ok();
    }
    tenant.get(&format!("{method}?include_new=perhaps&x=")).ok();
    tenant.get("/v2/customers/list?start_time=never&x=").ok();
}
