//! The examples of docs/connectors.md are settings and credentials that can be used, and make the calls that they describe.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::caller::{CARD_NUMBER, make, order, rules_for};
use crate::connectors::{Account, Kind};
use crate::server::{Server, ok};

const DOCUMENT: &str = include_str!("../../../docs/connectors.md");

/// The blocks of JSON under a heading.
fn blocks(heading: &str) -> Vec<Value> {
    let heading = format!("\n{heading}\n");
    let (_, section) = DOCUMENT.split_once(&heading).unwrap();
    let section = section.split("\n#").next().unwrap();
    let blocks = section.split("```json\n").skip(1);
    blocks
        .map(|block| serde_json::from_str(block.split("```").next().unwrap()).unwrap())
        .collect()
}

fn settings_and_credentials(heading: &str) -> (Value, String) {
    let [settings, mut credentials] = blocks(heading).try_into().unwrap();
    for secret in credentials.as_object_mut().unwrap().values_mut() {
        *secret = json!(secret.as_str().unwrap().replace('…', "SECRET"));
    }
    (settings, credentials.to_string())
}

/// What the example sends when its provider is a server of ours that gives this answer.
fn sent(heading: &str, answer: &str, token: &str) -> Value {
    let (mut settings, credentials) = settings_and_credentials(heading);
    let as_it_stands = Account::parse(Kind::HttpTemplate, &settings.to_string(), &credentials);
    assert_eq!(as_it_stands.unwrap().urls()[0].scheme(), "https");

    let server = Server::answering(ok(answer));
    settings["request"]["url"] = json!(server.url());
    let account = Account::parse(Kind::HttpTemplate, &settings.to_string(), &credentials);
    let made = make(&Arc::new(account.unwrap()), order(), rules_for(&server)).unwrap();
    assert_eq!(*made.token, token);
    server.the_request().json()
}

#[test]
fn the_example_for_stripe_can_be_used() {
    let [settings] = blocks("## Stripe: `stripe`").try_into().unwrap();
    Account::parse(Kind::Stripe, &settings.to_string(), "sk_test_1").unwrap();
}

#[test]
fn the_example_for_adyen_makes_the_call() {
    let answer = r#"{"id": "M5N7TQ4TG5PFWR50", "shopperReference": "cus_1"}"#;
    let expected = json!({
        "merchantAccount": "SECRET",
        "recurringProcessingModel": "CardOnFile",
        "shopperReference": "cus_1",
        "paymentMethod": {
            "type": "scheme",
            "number": CARD_NUMBER,
            "expiryMonth": "03",
            "expiryYear": "2031",
            "holderName": "Joseph Doe",
        },
    });
    assert_eq!(sent("### Adyen", answer, "M5N7TQ4TG5PFWR50"), expected);
}

#[test]
fn the_example_for_checkout_com_makes_the_call() {
    let answer = r#"{"type": "card", "token": "tok_ubfj2q76miwundwlk72vxt2i7q"}"#;
    let expected = json!({
        "type": "card",
        "number": CARD_NUMBER,
        "expiry_month": 3,
        "expiry_year": 2031,
        "name": "Joseph Doe",
    });
    let body = sent("### Checkout.com", answer, "tok_ubfj2q76miwundwlk72vxt2i7q");
    assert_eq!(body, expected);
}
