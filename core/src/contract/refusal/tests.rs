use std::collections::BTreeSet;

use super::*;

#[test]
fn the_error_body_has_type_message_and_code_in_this_order() {
    assert_eq!(
        Refusal::Unauthenticated.body(),
        r#"{"error":{"type":"invalid_request","message":"API key not provided or invalid API key used","code":"IR_01"}}"#
    );
}

#[test]
fn every_code_of_the_table_is_listed_and_no_other() {
    let (_, table) = include_str!("../refusal.rs")
        .split_once("fn row(&self)")
        .unwrap();
    let (table, _) = table.split_once("#[cfg(test)]").unwrap();
    let is_code = |text: &&str| {
        let (kind, number) = text.split_once('_').unwrap_or_default();
        ["HE", "IR"].contains(&kind) && number.len() == 2
    };
    let codes: BTreeSet<&str> = table.split('"').filter(is_code).collect();
    assert_eq!(codes, BTreeSet::from(CODES));
}

#[test]
fn refusals_of_the_server_have_the_type_api() {
    for refusal in [Refusal::TokenServiceFailed, Refusal::Unexpected] {
        assert!(refusal.status() >= 500);
        assert!(refusal.body().starts_with(r#"{"error":{"type":"api","#));
    }
}

#[test]
fn a_field_refusal_names_the_field_and_the_rule() {
    let refusal = Refusal::field("card_cvc", "3 or 4 digits");
    assert_eq!(refusal.to_string(), "`card_cvc` must be 3 or 4 digits");
    assert_eq!(
        (refusal.status(), refusal.code(), refusal.sqlstate()),
        (400, "IR_06", "22023")
    );
}

#[test]
fn too_many_requests_tell_when_to_come_again_and_nothing_else_does() {
    let refusal = Refusal::TooManyRequests { retry_after: 17 };
    assert_eq!(
        (refusal.status(), refusal.code(), refusal.sqlstate()),
        (429, "IR_90", "53400")
    );
    assert_eq!(refusal.retry_after(), Some(17));
    assert_eq!(Refusal::Unauthenticated.retry_after(), None);
}

#[test]
fn the_body_is_json_even_when_the_message_has_quotes() {
    let refusal = Refusal::Json {
        reason: "expected `\"`".into(),
        line: 1,
        column: 2,
    };
    let body: serde_json::Value = serde_json::from_str(&refusal.body()).unwrap();
    assert_eq!(
        body["error"]["message"],
        "Json deserialize error: expected `\"` at line 1 column 2"
    );
}
