//! The sandboxes themselves: that they answer, are strict, and misbehave as they are told.

mod json_tokens;
mod misbehaviour;
mod stripe;
mod token_service;

use serde_json::{Value, json};
use vault_tests::card::{this_year, with_check_digit};
use vault_tests::sandbox::{Program, SandboxProvider};
use vault_tests::{Card, Request, random};

fn provider() -> SandboxProvider {
    SandboxProvider::start(env!("CARGO_BIN_EXE_sandbox-provider"))
}

/// Sends what must be refused with this status, and be a violation that has these words.
#[track_caller]
fn assert_violation(sandbox: &Program, request: &Request, status: u16, words: &str) {
    let before = sandbox.violations().len();
    let answer = sandbox.send(request);
    assert_eq!(answer.status, status, "{words}: {}", answer.text);
    let violations = sandbox.violations();
    assert_eq!(violations.len(), before + 1, "{words}");
    assert!(violations[before].contains(words), "{violations:?} {words}");
}

/// A card that is in no ledger: no vault gets it.
fn new_card() -> Card {
    Card {
        number: with_check_digit(&format!("4{}", random::digits(14))),
        month: "10".to_owned(),
        year: (this_year() + 3).to_string(),
        cvc: "123".to_owned(),
    }
}

/// The number with a wrong check digit.
fn misread(number: &str) -> String {
    let (body, check) = number.split_at(15);
    format!("{body}{}", (check.parse::<u8>().unwrap() + 1) % 10)
}

// The JSON API.

fn json_order(provider: &SandboxProvider, key: &str, body: &str) -> Request {
    Request::new("POST", "/tokens")
        .header("X-Api-Key", &provider.secret_key)
        .header("Idempotency-Key", key)
        .body(body)
}

fn card_json(card: &Card) -> Value {
    json!({"type": "card", "number": card.number, "expiry_month": card.month, "expiry_year": card.year})
}
