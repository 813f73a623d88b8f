//! The document of 2026.

use serde_json::{Value, json};
use vault_tests::random;

use super::{CUSTOMER_2025, JSON_HEADERS_2025, Reader, members};

const CUSTOMER_HEADERS_2026: &[(&str, &str)] = &[
    ("Content-Type", "application/json"),
    ("x-profile-id", "<profile-id>"),
    ("Authorization", "api-key=<api-key>"),
];

const HEADERS_2026: &[(&str, &str)] = &[
    ("Content-Type", "application/json"),
    ("Accept", "application/json"),
    ("X-Profile-Id", "<profile-id>"),
    ("Authorization", "api-key=<api-key>"),
];

const DELETE_HEADERS_2026: &[(&str, &str)] = &[
    ("Authorization", "<api-key>"),
    ("X-Profile-Id", "<profile-id>"),
];

const CUSTOMER_2026: &str = r#"{   
    "merchant_reference_id": "customer_1770299",
    "name": "John Doe",
    "email": "guest@example.com"
}"#;

const CARD_2026: &str = r#"{
    "customer_id":"12345_cus_019e2102e4fb7a32b456d8f896e8f51e",
    "payment_method_type": "card",
    "payment_method_subtype": "credit",
    "payment_method_data": {
        "card": {
            "card_number": "4111111111111111",
            "card_exp_month": "03",
            "card_exp_year": "2030",
            "card_holder_name": "joseph Doe",
            "card_cvc": "737"
        }
    },
    "storage_type": "persistent"
}"#;

const UPDATE_2026: &str = r#"{
    "payment_method_data": {
        "card": {
            "card_holder_name": "joseph",
            "nick_name": "some_name11",
            "card_cvc": "737"
        }
    }
}"#;

#[test]
fn the_2026_document_creates_a_customer_and_a_payment_method() {
    let reader = Reader::new();

    let customer = reader
        .send(
            "POST",
            "/api/v1/customers",
            CUSTOMER_HEADERS_2026,
            Some(CUSTOMER_2026),
        )
        .ok();
    for (name, value) in members(CUSTOMER_2026).as_object().unwrap() {
        assert_eq!(&customer[name], value, "{name}");
    }
    let customer = customer["id"].as_str().unwrap();
    let method = reader
        .store("/api/v1/payment-methods", HEADERS_2026, CARD_2026, customer)
        .ok();

    let card = &method["payment_method_data"]["card"];
    assert_eq!(
        (&method["customer_id"], &method["storage_type"]),
        (&json!(customer), &json!("persistent"))
    );
    assert_eq!(
        (&card["last4_digits"], &card["expiry_month"]),
        (&json!("1111"), &json!("03"))
    );
    assert_eq!(
        (&card["card_holder_name"], &card["nick_name"]),
        (&json!("joseph Doe"), &Value::Null)
    );
}

#[test]
fn the_2026_document_retrieves_updates_and_deletes() {
    let reader = Reader::new();
    let customer = reader
        .send(
            "POST",
            "/api/v1/customers",
            CUSTOMER_HEADERS_2026,
            Some(CUSTOMER_2026),
        )
        .id();
    let id = reader
        .store(
            "/api/v1/payment-methods",
            HEADERS_2026,
            CARD_2026,
            &customer,
        )
        .id();
    let path = format!("/api/v1/payment-methods/{id}");

    for verb in ["GET", "POST"] {
        assert_eq!(
            reader.send(verb, &path, HEADERS_2026, None).id(),
            id,
            "{verb}"
        );
    }
    for verb in ["PUT", "PATCH"] {
        let update = format!("{path}/update-saved-payment-method");
        let updated = reader
            .send(verb, &update, HEADERS_2026, Some(UPDATE_2026))
            .ok();
        let card = &updated["payment_method_data"]["card"];
        assert_eq!(
            (&card["card_holder_name"], &card["nick_name"]),
            (&json!("joseph"), &json!("some_name11"))
        );
    }
    let deleted = reader.send(
        "DELETE",
        &format!("/v1/payment-methods/{id}"),
        DELETE_HEADERS_2026,
        None,
    );
    assert_eq!(
        (deleted.status, deleted.text),
        (200, json!({"id": id}).to_string())
    );
}

#[test]
fn the_reference_ids_of_both_documents_can_be_used_once_per_profile() {
    let reader = Reader::new();
    reader.customer_2025();
    let again = reader.send(
        "POST",
        "/v2/customers",
        JSON_HEADERS_2025,
        Some(CUSTOMER_2025),
    );
    again.refuses(
        400,
        "IR_12",
        "Customer with the given `customer_id` already exists",
    );
    let other = CUSTOMER_2025.replace("customer_1742551597", &random::name("customer"));
    reader
        .send("POST", "/v2/customers", JSON_HEADERS_2025, Some(&other))
        .ok();
}
