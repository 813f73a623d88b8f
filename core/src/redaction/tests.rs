use std::time::{Duration, Instant};

use super::*;

fn masked(text: &str) -> (bool, String) {
    let mut bytes = text.as_bytes().to_vec();
    let found = mask_secrets(&mut bytes);
    (found, String::from_utf8(bytes).unwrap())
}

#[test]
fn a_call_that_takes_credentials_is_recognised_however_it_is_written() {
    for statement in [
        "SELECT vault.create_connector('m', 'stripe', 'x', '{}', 'secret')",
        "select VAULT.Update_Connector('mca_1', credentials => 'secret')",
    ] {
        assert!(may_hold_credentials(statement.as_bytes()), "{statement}");
    }
    assert!(!may_hold_credentials(b"SELECT * FROM vault.connectors"));
}

#[test]
fn a_call_that_takes_credentials_is_masked_from_its_first_constant_on() {
    let masked = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        mask_credentials(&mut bytes);
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!(
        masked("statement: SELECT vault.create_connector('m', $$sk_ü$$)"),
        "statement: SELECT vault.create_connector(**** **********"
    );
    let other = "statement: SELECT 'sk_1' FROM vault.connectors";
    assert_eq!(masked(other), other);
}

#[test]
fn a_card_number_is_masked_wherever_it_stands() {
    let (found, text) = masked("SELECT '4111111111111111', 1;");
    assert!(found);
    assert_eq!(text, "SELECT '****************', 1;");
}

#[test]
fn a_card_number_with_separators_is_masked() {
    assert_eq!(masked("4111 1111-1111 1111").1, "**** ****-**** ****");
}

#[test]
fn a_card_number_beside_other_digits_is_masked() {
    let (_, two) = masked("4111111111111111 5555555555554444");
    assert_eq!(two, "**************** ****************");
    for text in [
        "4111111111111111 737",
        "4111111111111111-1",
        "12 4111 1111 1111 1111",
    ] {
        let (found, text) = masked(text);
        assert!(found && !text.contains("1111"), "{text}");
    }
}

#[test]
fn a_card_number_is_masked_to_its_end_where_its_first_digits_are_a_number_too() {
    let (_, text) = masked("9927 3099 0480 8280 8");
    assert_eq!(text, "**** **** **** **** *");
    let (_, text) = masked("14 4111 1111 1111 1111");
    assert_eq!(text, "** **** **** **** ****");
}

#[test]
fn a_cvc_and_a_mistyped_card_number_are_masked_behind_their_names() {
    let (found, text) = masked(r#"{"card_cvc": "737", \"card_number\":\"4111111111111112\"}"#);
    assert!(found);
    assert_eq!(
        text,
        r#"{"card_cvc": "***", \"card_number\":\"****************\"}"#
    );
}

#[test]
fn a_long_text_of_names_is_read_once() {
    let mut text = b"card_cvc".repeat(16_384);
    let start = Instant::now();
    assert!(!mask_secrets(&mut text));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn other_numbers_stay() {
    for text in [
        "duration: 1234.567 ms",
        "20261121010618",
        "id 41111111111",
        "card_cvc is missing; see line 12",
    ] {
        assert_eq!(masked(text), (false, text.to_owned()));
    }
}

#[test]
fn a_rule_about_a_member_is_not_its_value() {
    let rule = "`card_cvc` must be 3 or 4 digits";
    assert_eq!(masked(rule), (false, rule.to_owned()));
}

#[test]
fn a_member_of_a_constructor_is_masked() {
    let (_, text) = masked("jsonb_build_object('card_cvc', '737', 'x', 1)");
    assert_eq!(text, "jsonb_build_object('card_cvc', '***', 'x', 1)");
}

#[test]
fn an_api_key_is_masked_but_for_its_environment() {
    let key = format!("'dev_{}'", "aB3".repeat(21) + "x");
    assert_eq!(masked(&key), (true, format!("'dev_{}'", "*".repeat(64))));
    let longer = format!("dev_{}", "a".repeat(65));
    assert_eq!(masked(&longer), (false, longer.clone()));
}

#[test]
fn a_cut_out_text_loses_all_its_digits() {
    let mut text = b"...29123456781234\",\"z\"".to_vec();
    mask_digits(&mut text);
    assert_eq!(text, b"...**************\",\"z\"");
}

#[test]
fn every_occurrence_is_masked() {
    let (_, text) = masked("4111111111111111,5555555555554444");
    assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
}
