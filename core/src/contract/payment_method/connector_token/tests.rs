use serde_json::{Value, json};

use super::*;

fn place(request: &Value, existing: &[ConnectorToken]) -> (usize, Value) {
    let details: ConnectorTokenDetails = serde_json::from_str(&request.to_string()).unwrap();
    let placed = details.place(existing).ok().unwrap();
    (placed.position, serde_json::to_value(placed.token).unwrap())
}

fn token(connector_id: &str) -> ConnectorToken {
    let details = json!({
        "connector_id": connector_id,
        "token_type": "single_use",
        "status": "inactive",
        "token": "old",
        "connector_token_request_reference_id": "ref-old",
    });
    let details: ConnectorTokenDetails = serde_json::from_str(&details.to_string()).unwrap();
    details.replacing(None)
}

fn short() -> Value {
    json!({"token": "new", "connector_token_request_reference_id": "ref-new"})
}

#[test]
fn a_short_form_makes_the_first_token() {
    let (position, token) = place(&short(), &[]);
    assert_eq!(position, 0);
    assert_eq!(
        token,
        json!({
            "connector_id": null,
            "token_type": "multi_use",
            "status": "active",
            "token": "new",
            "connector_token_request_reference_id": "ref-new",
            "original_payment_authorized_amount": null,
            "original_payment_authorized_currency": null,
            "metadata": null,
            "connector_customer_id": null,
        })
    );
}

#[test]
fn a_short_form_replaces_the_only_token_and_keeps_its_connector() {
    let (position, token) = place(&short(), &[token("mca_a")]);
    assert_eq!(position, 0);
    assert_eq!(token["connector_id"], "mca_a");
    assert_eq!(token["token_type"], "single_use");
    assert_eq!(token["status"], "active");
    assert_eq!(token["token"], "new");
    assert_eq!(token["connector_token_request_reference_id"], "ref-new");
}

#[test]
fn a_short_form_among_several_tokens_is_refused() {
    let details: ConnectorTokenDetails = serde_json::from_str(&short().to_string()).unwrap();
    let refusal = details.place(&[token("mca_a"), token("mca_b")]).err();
    assert_eq!(refusal, Some(Refusal::SeveralConnectorTokens));
}

#[test]
fn a_full_form_replaces_the_token_of_its_connector_or_adds_one() {
    let full = |connector_id: &str| {
        json!({
            "connector_id": connector_id,
            "token_type": "multi_use",
            "status": "inactive",
            "token": "new",
            "original_payment_authorized_amount": 1000,
            "original_payment_authorized_currency": "USD",
            "metadata": {"a": 1},
            "connector_customer_id": "cus_1",
            "a member that a later client sends": 1,
        })
    };
    let existing = [token("mca_a"), token("mca_b")];
    for (connector_id, expected) in [("mca_a", 0), ("mca_b", 1), ("mca_c", 2)] {
        let (position, token) = place(&full(connector_id), &existing);
        assert_eq!(position, expected);
        assert_eq!(token["connector_id"], connector_id);
        assert_eq!(token["token_type"], "multi_use");
        assert_eq!(token["status"], "inactive");
        assert_eq!(token["metadata"], json!({"a": 1}));
        assert_eq!(token["connector_customer_id"], "cus_1");
        assert_eq!(token["connector_token_request_reference_id"], Value::Null);
    }
}

#[test]
fn a_token_is_recurring_when_it_is_active_and_for_many_uses() {
    for (token_type, status, expected) in [
        ("multi_use", "active", true),
        ("multi_use", "inactive", false),
        ("single_use", "active", false),
    ] {
        let request = json!({"token": "t", "token_type": token_type, "status": status});
        let details: ConnectorTokenDetails = serde_json::from_str(&request.to_string()).unwrap();
        assert_eq!(details.replacing(None).is_recurring(), expected);
    }
}

#[test]
fn tokens_are_written_in_the_contracts_order() {
    assert_eq!(
        serde_json::to_string(&token("mca_a")).unwrap(),
        concat!(
            r#"{"connector_id":"mca_a","token_type":"single_use","status":"inactive","token":"old","#,
            r#""connector_token_request_reference_id":"ref-old","original_payment_authorized_amount":null,"#,
            r#""original_payment_authorized_currency":null,"metadata":null,"connector_customer_id":null}"#
        )
    );
}

#[test]
fn every_field_is_taken_at_its_limit_and_refused_one_over() {
    let limits = [
        ("token", 1024),
        ("connector_id", 255),
        ("connector_token_request_reference_id", 255),
        ("connector_customer_id", 255),
    ];
    for (member, limit) in limits {
        let check = |length: usize| {
            let mut request = short();
            request[member] = "a".repeat(length).into();
            let details: ConnectorTokenDetails =
                serde_json::from_str(&request.to_string()).unwrap();
            details.into_valid().map(drop)
        };
        for length in [0, limit] {
            assert_eq!(check(length), Ok(()));
        }
        assert_eq!(
            check(limit + 1).unwrap_err().to_string(),
            format!("`connector_token_details.{member}` must be at most {limit} characters long")
        );
    }
}

#[test]
fn a_token_that_was_stored_without_a_connectors_customer_is_read() {
    let mut stored = serde_json::to_value(token("mca_a")).unwrap();
    stored
        .as_object_mut()
        .unwrap()
        .remove("connector_customer_id");
    let read: ConnectorToken = serde_json::from_str(&stored.to_string()).unwrap();
    let shown = serde_json::to_value(read).unwrap();
    assert_eq!(shown["connector_customer_id"], Value::Null);
}
