//! Tokens that connectors made for a payment method: contract, section 6.

use serde::{Deserialize, Serialize};

use super::kinds::{ConnectorTokenStatus, TokenType};
use crate::contract::metadata::Metadata;
use crate::contract::refusal::Refusal;
use crate::contract::rules;

/// A token to add or replace, as it was sent: in full, or only `token` and its reference.
#[derive(Deserialize)]
pub struct ConnectorTokenDetails {
    connector_id: Option<String>,
    token_type: Option<TokenType>,
    status: Option<ConnectorTokenStatus>,
    token: String,
    connector_token_request_reference_id: Option<String>,
    original_payment_authorized_amount: Option<i64>,
    original_payment_authorized_currency: Option<String>,
    metadata: Option<Metadata>,
    connector_customer_id: Option<String>,
}

impl ConnectorTokenDetails {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        const PATH: &str = "connector_token_details";
        rules::each(PATH, rules::text, [("connector_id", &self.connector_id)])?;
        rules::token(PATH, "token", &self.token)?;
        rules::each(
            PATH,
            rules::text,
            [(
                "connector_token_request_reference_id",
                &self.connector_token_request_reference_id,
            )],
        )?;
        rules::each(
            PATH,
            rules::currency,
            [(
                "original_payment_authorized_currency",
                &self.original_payment_authorized_currency,
            )],
        )?;
        rules::each(
            PATH,
            rules::text,
            [("connector_customer_id", &self.connector_customer_id)],
        )
    }

    /// Finds the token's place among the existing ones. With a `connector_id` it replaces that connector's, without one
    /// the only one there is.
    ///
    /// # Errors
    /// [`Refusal::SeveralConnectorTokens`] without a `connector_id` when there are several.
    pub fn place(self, existing: &[ConnectorToken]) -> Result<PlacedToken, Refusal> {
        let position = match (&self.connector_id, existing) {
            (None, [] | [_]) => 0,
            (None, _) => return Err(Refusal::SeveralConnectorTokens),
            (Some(_), _) => existing
                .iter()
                .position(|token| token.connector_id == self.connector_id)
                .unwrap_or(existing.len()),
        };
        Ok(PlacedToken {
            position,
            token: self.replacing(existing.get(position)),
        })
    }

    /// The connector and the kind of token stay unless the request names others.
    fn replacing(self, old: Option<&ConnectorToken>) -> ConnectorToken {
        ConnectorToken {
            connector_id: self
                .connector_id
                .or_else(|| old.and_then(|old| old.connector_id.clone())),
            token_type: self
                .token_type
                .or(old.map(|old| old.token_type))
                .unwrap_or(TokenType::MultiUse),
            status: self.status.unwrap_or(ConnectorTokenStatus::Active),
            token: self.token,
            connector_token_request_reference_id: self.connector_token_request_reference_id,
            original_payment_authorized_amount: self.original_payment_authorized_amount,
            original_payment_authorized_currency: self.original_payment_authorized_currency,
            metadata: self.metadata,
            connector_customer_id: self.connector_customer_id,
        }
    }
}

/// Where a token goes.
pub struct PlacedToken {
    /// The index of the token that it replaces, or the number of existing ones when it is added.
    pub position: usize,
    /// The token.
    pub token: ConnectorToken,
}

/// A connector's token, as it is stored and answered. The members stand in the contract's order.
#[derive(Clone, Serialize, Deserialize)]
pub struct ConnectorToken {
    connector_id: Option<String>,
    token_type: TokenType,
    status: ConnectorTokenStatus,
    token: String,
    connector_token_request_reference_id: Option<String>,
    original_payment_authorized_amount: Option<i64>,
    original_payment_authorized_currency: Option<String>,
    metadata: Option<Metadata>,
    connector_customer_id: Option<String>,
}

impl ConnectorToken {
    /// A token that a connector has made, which can be used.
    pub fn made(
        connector_id: String,
        token_type: TokenType,
        token: String,
        reference: String,
        connector_customer_id: Option<String>,
    ) -> Self {
        Self {
            connector_id: Some(connector_id),
            token_type,
            status: ConnectorTokenStatus::Active,
            token,
            connector_token_request_reference_id: Some(reference),
            original_payment_authorized_amount: None,
            original_payment_authorized_currency: None,
            metadata: None,
            connector_customer_id,
        }
    }

    /// The connector account that made it, where one is known.
    pub fn connector_id(&self) -> Option<&str> {
        self.connector_id.as_deref()
    }

    /// How often it can be used.
    pub fn token_type(&self) -> TokenType {
        self.token_type
    }

    /// The connector's name for the card.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether it can be used.
    pub fn is_active(&self) -> bool {
        self.status == ConnectorTokenStatus::Active
    }

    /// Whether payments can be repeated with it.
    pub fn is_recurring(&self) -> bool {
        self.token_type == TokenType::MultiUse && self.status == ConnectorTokenStatus::Active
    }
}

#[cfg(test)]
mod tests {
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
            let details: ConnectorTokenDetails =
                serde_json::from_str(&request.to_string()).unwrap();
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
                details.check()
            };
            for length in [0, limit] {
                assert_eq!(check(length), Ok(()));
            }
            assert_eq!(
                check(limit + 1).unwrap_err().to_string(),
                format!(
                    "`connector_token_details.{member}` must be at most {limit} characters long"
                )
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
}
