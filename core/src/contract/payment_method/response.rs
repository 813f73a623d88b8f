//! What is answered about payment methods.

use serde::Serialize;

use super::connector_token::ConnectorToken;
use super::instrument::Instrument;
use super::kinds::{AcknowledgementStatus, PaymentMethodType, StorageType};
use super::network_token::{NetworkTokenResponse, NetworkTokenState, NetworkTokenSummary};
use super::raw::RawPaymentMethodData;
use super::summary::{Billing, PaymentMethodSummary, Summary};
use crate::contract::metadata::Metadata;
use crate::contract::stored::Unstorable;
use crate::ids::{CustomerId, MerchantId, PaymentMethodId};
use crate::time::Timestamp;

/// An active payment method, from which the different answers are made.
#[expect(missing_docs, reason = "the names of the members say what they are")]
pub struct PaymentMethod {
    pub id: PaymentMethodId,
    pub merchant_id: MerchantId,
    pub customer_id: Option<CustomerId>,
    pub payment_method_type: PaymentMethodType,
    pub payment_method_subtype: Option<String>,
    pub storage_type: StorageType,
    /// When the CVC that is stored beside the payment method expires. `None` if no CVC is stored.
    pub card_cvc_expires_at: Option<Timestamp>,
    pub created: Timestamp,
    pub last_used_at: Timestamp,
    pub summary: Summary,
    pub connector_tokens: Vec<ConnectorToken>,
    pub network_token: Option<NetworkTokenSummary>,
}

impl PaymentMethod {
    /// The ordinary answer.
    pub fn into_response(self) -> PaymentMethodResponse {
        let network_token = self.shown_network_token();
        PaymentMethodResponse {
            recurring_enabled: self.is_recurring(),
            id: self.id,
            merchant_id: self.merchant_id,
            customer_id: self.customer_id,
            payment_method_type: self.payment_method_type,
            payment_method_subtype: self.payment_method_subtype,
            created: self.created,
            last_used_at: self.last_used_at,
            payment_method_data: self.summary.payment_method_data,
            connector_tokens: none_if_empty(self.connector_tokens),
            network_token,
            storage_type: self.storage_type,
            card_cvc_token_storage: CardCvcTokenStorage {
                is_stored: self.card_cvc_expires_at.is_some(),
                expires_at: self.card_cvc_expires_at,
            },
            network_transaction_id: self.summary.network_transaction_id,
            raw_payment_method_data: None,
            billing: self.summary.billing,
            acknowledgement_status: self.summary.acknowledgement_status,
            metadata: self.summary.metadata,
        }
    }

    /// The answer with the full number, for a caller who may see it.
    ///
    /// # Errors
    /// [`Unstorable`] when the instrument is of another kind than the summary.
    pub fn into_revealed(
        self,
        instrument: Instrument,
    ) -> Result<PaymentMethodResponse, Unstorable> {
        let raw = RawPaymentMethodData::compose(instrument, &self.summary.payment_method_data)?;
        Ok(PaymentMethodResponse {
            raw_payment_method_data: Some(raw),
            ..self.into_response()
        })
    }

    /// The ordinary answer, which says nothing about the number and the CVC.
    pub fn into_details(self) -> PaymentMethodDetails {
        let response = self.into_response();
        PaymentMethodDetails {
            id: response.id,
            merchant_id: response.merchant_id,
            customer_id: response.customer_id,
            payment_method_type: response.payment_method_type,
            payment_method_subtype: response.payment_method_subtype,
            recurring_enabled: response.recurring_enabled,
            created: response.created,
            last_used_at: response.last_used_at,
            payment_method_data: response.payment_method_data,
            connector_tokens: response.connector_tokens,
            network_token: response.network_token,
            storage_type: response.storage_type,
            network_transaction_id: response.network_transaction_id,
            billing: response.billing,
            acknowledgement_status: response.acknowledgement_status,
            metadata: response.metadata,
        }
    }

    /// An item in the list of a customer's payment methods.
    pub fn into_list_item(self, is_default: bool) -> ListItem {
        let network_tokenization = self.shown_network_token();
        ListItem {
            recurring_enabled: self.is_recurring(),
            id: self.id,
            customer_id: self.customer_id,
            payment_method_type: self.payment_method_type,
            payment_method_subtype: self.payment_method_subtype,
            payment_method_data: self.summary.payment_method_data,
            created: self.created,
            requires_cvv: true,
            last_used_at: self.last_used_at,
            is_default,
            billing: self.summary.billing,
            network_tokenization,
            connector_tokens: none_if_empty(self.connector_tokens),
            network_transaction_id: self.summary.network_transaction_id,
        }
    }

    /// What an answer shows of the network token: nothing of one that is deleted.
    fn shown_network_token(&self) -> Option<NetworkTokenResponse> {
        let token = self.network_token.as_ref()?;
        match &self.summary.payment_method_data {
            PaymentMethodSummary::Card(card) if token.state != NetworkTokenState::Deleted => {
                Some(token.shown_with(card))
            }
            _ => None,
        }
    }

    fn is_recurring(&self) -> bool {
        self.connector_tokens
            .iter()
            .any(ConnectorToken::is_recurring)
    }
}

/// A payment method. The members stand in the contract's order.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PaymentMethodResponse {
    id: PaymentMethodId,
    merchant_id: MerchantId,
    customer_id: Option<CustomerId>,
    payment_method_type: PaymentMethodType,
    payment_method_subtype: Option<String>,
    recurring_enabled: bool,
    created: Timestamp,
    last_used_at: Timestamp,
    payment_method_data: PaymentMethodSummary,
    connector_tokens: Option<Vec<ConnectorToken>>,
    network_token: Option<NetworkTokenResponse>,
    storage_type: StorageType,
    card_cvc_token_storage: CardCvcTokenStorage,
    network_transaction_id: Option<String>,
    raw_payment_method_data: Option<RawPaymentMethodData>,
    billing: Option<Billing>,
    acknowledgement_status: Option<AcknowledgementStatus>,
    metadata: Option<Metadata>,
}

/// Whether a CVC is stored, and until when.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
struct CardCvcTokenStorage {
    is_stored: bool,
    expires_at: Option<Timestamp>,
}

/// `GET /payment-methods/{id}/details`. The members stand in the contract's order.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(description = "A payment method, without what is said about number and CVC.")
)]
pub struct PaymentMethodDetails {
    id: PaymentMethodId,
    merchant_id: MerchantId,
    customer_id: Option<CustomerId>,
    payment_method_type: PaymentMethodType,
    payment_method_subtype: Option<String>,
    recurring_enabled: bool,
    created: Timestamp,
    last_used_at: Timestamp,
    payment_method_data: PaymentMethodSummary,
    connector_tokens: Option<Vec<ConnectorToken>>,
    network_token: Option<NetworkTokenResponse>,
    storage_type: StorageType,
    network_transaction_id: Option<String>,
    billing: Option<Billing>,
    acknowledgement_status: Option<AcknowledgementStatus>,
    metadata: Option<Metadata>,
}

/// A payment method among a customer's. The members stand in the contract's order.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "SavedPaymentMethod"))]
pub struct ListItem {
    id: PaymentMethodId,
    customer_id: Option<CustomerId>,
    payment_method_type: PaymentMethodType,
    payment_method_subtype: Option<String>,
    recurring_enabled: bool,
    payment_method_data: PaymentMethodSummary,
    created: Timestamp,
    requires_cvv: bool,
    last_used_at: Timestamp,
    is_default: bool,
    billing: Option<Billing>,
    network_tokenization: Option<NetworkTokenResponse>,
    connector_tokens: Option<Vec<ConnectorToken>>,
    network_transaction_id: Option<String>,
}

/// A customer's active payment methods.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SavedPaymentMethods {
    /// Last used first.
    pub customer_payment_methods: Vec<ListItem>,
    /// There, and true, if further ones follow. `starting_after` with the id of the last one asks for them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schemars(extend("const" = true)))]
    pub has_more: bool,
}

/// The answer to a delete.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PaymentMethodDeleted {
    /// The payment method that is gone.
    pub id: PaymentMethodId,
}

/// The answer to making a payment method its customer's default.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the names of the members say what they are")]
pub struct DefaultPaymentMethod {
    pub default_payment_method_id: PaymentMethodId,
    pub customer_id: CustomerId,
    pub payment_method_type: PaymentMethodType,
    pub payment_method_subtype: Option<String>,
}

fn none_if_empty(tokens: Vec<ConnectorToken>) -> Option<Vec<ConnectorToken>> {
    (!tokens.is_empty()).then_some(tokens)
}

#[cfg(test)]
mod tests;
