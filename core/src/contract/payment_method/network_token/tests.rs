use super::*;
use crate::contract::json::from_slice;

#[test]
fn a_service_that_does_not_answer_is_a_failure_response() {
    assert_eq!(
        serde_json::to_string(&NetworkTokenStatus::failure()).unwrap(),
        r#"{"type":"failure_response","error_message":"The token service did not answer"}"#
    );
}

#[test]
fn only_network_tokens_can_be_fetched() {
    let request = |body: &str| from_slice::<NetworkTokenRequest>(body.as_bytes());
    let check = |body: &str| request(body).map(|request| request.validate());
    assert_eq!(check(r#"{"token_type":"network_token"}"#), Ok(Ok(())));
    for other in ["single_use_token", "multi_use_token"] {
        assert_eq!(
            check(&format!(r#"{{"token_type":"{other}"}}"#)),
            Ok(Err(Refusal::TokenTypeNotSupported))
        );
    }
    for body in [
        "{}",
        r#"{"token_type":"x"}"#,
        r#"{"token_type":"network_token","x":1}"#,
    ] {
        assert!(request(body).is_err(), "{body}");
    }
}

#[test]
fn a_bin_has_six_to_eight_digits() {
    for query in ["card_bin=411111", "card_bin=41111111&x=1"] {
        assert!(EligibilityQuery::parse(query).is_ok(), "{query}");
    }
    for query in [
        "",
        "card_bin=",
        "card_bin=41111",
        "card_bin=411111111",
        "card_bin=41111a",
        "card_bin=411111&card_bin=411111",
    ] {
        assert!(EligibilityQuery::parse(query).is_err(), "{query}");
    }
}
