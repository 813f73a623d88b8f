//! Tokens that connectors made for a payment method: contract, section 6.

use serde::{Deserialize, Serialize};

use super::kinds::{ConnectorTokenStatus, TokenType};
use crate::contract::metadata::Metadata;
use crate::contract::refusal::Refusal;
use crate::contract::rules;

/// A token to add or replace, as it was sent: in full, or only `token` and its reference.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        description = "A token to add or replace. `token` alone replaces the only one there is."
    )
)]
pub struct ConnectorTokenDetails {
    connector_id: Option<String>,
    token_type: Option<TokenType>,
    status: Option<ConnectorTokenStatus>,
    #[cfg_attr(feature = "openapi", schemars(length(max = 1024)))]
    token: String,
    connector_token_request_reference_id: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(range(min = i64::MIN, max = i64::MAX)))]
    original_payment_authorized_amount: Option<i64>,
    #[cfg_attr(feature = "openapi", schemars(transform = crate::contract::schema::currency))]
    original_payment_authorized_currency: Option<String>,
    metadata: Option<Metadata>,
    connector_customer_id: Option<String>,
}

impl ConnectorTokenDetails {
    pub(super) fn into_valid(self) -> Result<Self, Refusal> {
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
        )?;
        Ok(self)
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
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(description = "A token that a payment service provider made for the payment method.")
)]
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
mod tests;
