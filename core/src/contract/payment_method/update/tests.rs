use serde_json::{Value, json};

use super::*;
use crate::contract::json::from_slice;

fn update(body: &Value) -> Result<PaymentMethodChanges, Refusal> {
    from_slice::<PaymentMethodUpdate>(body.to_string().as_bytes())?.into_valid()
}

fn message(body: &Value) -> String {
    update(body).err().unwrap().to_string()
}

#[test]
fn an_update_with_every_member_is_taken() {
    let changes = update(&json!({
        "payment_method_data": {"card": {
            "card_holder_name": "joseph",
            "nick_name": "some_name11",
            "card_cvc": "737",
        }},
        "connector_token_details": {
            "token": "pm_9UhMqBMEOooRIvJFFdeW",
            "connector_token_request_reference_id": "<string>",
        },
        "network_transaction_id": "123",
        "acknowledgement_status": "failed",
    }));
    let changes = changes.ok().unwrap();
    assert!(!changes.is_empty());
    assert_eq!(
        changes.acknowledgement_status,
        Some(AcknowledgementStatus::Failed)
    );
    assert!(changes.connector_token_details.is_some());
    assert_eq!(changes.card_cvc.unwrap().expose(), "737");
}

#[test]
fn an_update_may_change_nothing() {
    for body in [json!({}), json!({"payment_method_data": {}})] {
        assert!(update(&body).ok().unwrap().is_empty(), "{body}");
    }
    for body in [
        json!({"payment_method_data": {"card": {}}}),
        json!({"network_transaction_id": "1"}),
        json!({"acknowledgement_status": "authenticated"}),
        json!({"connector_token_details": {"token": "t"}}),
    ] {
        assert!(!update(&body).ok().unwrap().is_empty(), "{body}");
    }
}

#[test]
fn number_and_expiry_cannot_change() {
    for member in ["card_number", "card_exp_month", "card_exp_year"] {
        for value in [
            json!("4111111111111111"),
            json!(4),
            json!({"a": "4111111111111111"}),
        ] {
            let data = json!({"card": {member: value, "nick_name": "a"}});
            assert_eq!(
                message(&json!({"payment_method_data": data})),
                format!("`{member}` must be left out: it cannot change")
            );
        }
        let nothing = json!({"payment_method_data": {"card": {member: null}}});
        assert!(update(&nothing).is_ok());
    }
    for member in ["account_number", "routing_number"] {
        let data = json!({"bank_debit": {"ach": {member: "1"}}});
        assert_eq!(
            message(&json!({"payment_method_data": data})),
            format!("`{member}` must be left out: it cannot change")
        );
    }
}

#[test]
fn other_members_are_refused_at_the_top_and_ignored_further_in() {
    for member in ["x", "4111111111111111", "metadata"] {
        let message = message(&json!({member: {}}));
        assert!(
            message.starts_with("Json deserialize error: unknown field, expected one of"),
            "{message}"
        );
        assert!(!message.contains("4111"), "{message}");
    }
    for body in [
        json!({"payment_method_data": {"x": 1}}),
        json!({"payment_method_data": {"card": {"x": 1}}}),
        json!({"payment_method_data": {"bank_debit": {"ach": {"x": 1}, "x": 1}}}),
        json!({"connector_token_details": {"token": "t", "x": {"y": 1}}}),
    ] {
        assert!(update(&body).is_ok(), "{body}");
    }
}

#[test]
fn a_failure_after_an_authentication_is_dropped_and_everything_else_stands() {
    use AcknowledgementStatus::{Authenticated, Failed};
    let settled = |known, status: &str| {
        let mut changes = update(&json!({"acknowledgement_status": status}))
            .ok()
            .unwrap();
        changes.settle(known);
        changes.acknowledgement_status
    };
    assert_eq!(settled(Some(Authenticated), "failed"), None);
    assert_eq!(
        settled(Some(Authenticated), "authenticated"),
        Some(Authenticated)
    );
    for known in [None, Some(Failed)] {
        assert_eq!(settled(known, "failed"), Some(Failed));
        assert_eq!(settled(known, "authenticated"), Some(Authenticated));
    }
    let both = json!({"acknowledgement_status": "failed", "network_transaction_id": "1"});
    let mut changes = update(&both).ok().unwrap();
    changes.settle(Some(Authenticated));
    assert!(!changes.is_empty());
}

#[test]
fn one_kind_of_data_changes_at_a_time() {
    let data = json!({"card": {}, "bank_debit": {"ach": {}}});
    let refusal = update(&json!({"payment_method_data": data})).err();
    assert_eq!(refusal, Some(Refusal::InvalidPaymentMethodData));
}

#[test]
fn fields_are_checked() {
    let long = "a".repeat(256);
    let card =
        |member: &str, value: &str| json!({"payment_method_data": {"card": {member: value}}});
    let cases = [
        (
            card("card_holder_name", &long),
            "`card_holder_name` must be at most 255 characters long",
        ),
        (
            card("nick_name", &long),
            "`nick_name` must be at most 255 characters long",
        ),
        (card("card_cvc", "12"), "`card_cvc` must be 3 or 4 digits"),
        (
            json!({"payment_method_data": {"bank_debit": {"ach": {"bank_account_holder_name": long}}}}),
            "`bank_account_holder_name` must be at most 255 characters long",
        ),
        (
            json!({"network_transaction_id": long}),
            "`network_transaction_id` must be at most 255 characters long",
        ),
        (
            json!({"connector_token_details": {"token": "t", "original_payment_authorized_currency": "usd"}}),
            "`connector_token_details.original_payment_authorized_currency` must be an ISO 4217 currency code",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(message(&body), expected);
    }
    for length in [0, 255] {
        assert!(update(&card("nick_name", &"a".repeat(length))).is_ok());
    }
}

#[test]
fn an_unknown_status_is_refused() {
    assert!(
        message(&json!({"acknowledgement_status": "4111"})).starts_with(
            "Json deserialize error: unknown variant, expected `authenticated` or `failed`"
        )
    );
}
