//! What is answered about network tokens while the vault makes none: contract, section 7.

use serde::{Deserialize, Serialize};

use crate::contract::refusal::Refusal;
use crate::names::names;

names! {
    /// A kind of token that can be fetched.
    pub enum FetchedTokenType {
        /// The card network's.
        NetworkToken = "network_token",
    }
}

/// `POST /payment-methods/{id}/get-token`, as it was sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkTokenRequest {
    /// Which token is asked for.
    pub token_type: FetchedTokenType,
}

/// The answer of `check-network-token-status`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NetworkTokenStatus {
    /// There is none, or its state is not known.
    FailureResponse {
        /// Why.
        error_message: String,
    },
}

impl NetworkTokenStatus {
    /// The payment method has no network token.
    pub fn not_found() -> Self {
        Self::FailureResponse {
            error_message: Refusal::NetworkTokenNotFound.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::json::from_slice;

    #[test]
    fn a_missing_token_is_a_failure_response() {
        assert_eq!(
            serde_json::to_string(&NetworkTokenStatus::not_found()).unwrap(),
            r#"{"type":"failure_response","error_message":"Network token does not exist in our records"}"#
        );
    }

    #[test]
    fn only_network_tokens_can_be_fetched() {
        let request = |body: &str| from_slice::<NetworkTokenRequest>(body.as_bytes());
        assert!(request(r#"{"token_type":"network_token"}"#).is_ok());
        for body in [
            "{}",
            r#"{"token_type":"x"}"#,
            r#"{"token_type":"network_token","x":1}"#,
        ] {
            assert!(request(body).is_err(), "{body}");
        }
    }
}
