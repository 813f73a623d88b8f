//! Network tokens (section 7 of the contract). A network token is used in place of a card's number.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::kinds::CardType;
use super::summary::CardSummary;
use crate::card::CardNetwork;
use crate::contract::query::Query;
use crate::contract::refusal::Refusal;
use crate::ids::{CustomerId, PaymentMethodId};
use crate::names::names;

names! {
    /// A kind of token that can be asked for.
    pub enum FetchedTokenType {
        /// The card network's.
        NetworkToken = "network_token",
        /// A connector's; not served by this call.
        SingleUseToken = "single_use_token",
        /// A connector's; not served by this call.
        MultiUseToken = "multi_use_token",
    }
}

names! {
    /// Whether a network token can be used, as the token service says.
    pub enum NetworkTokenState {
        /// It can.
        Active = "ACTIVE",
        /// Not yet.
        Inactive = "INACTIVE",
        /// Not at present.
        Suspended = "SUSPENDED",
        /// Not any more.
        Expired = "EXPIRED",
        /// Not any more.
        Deleted = "DELETED",
    }
}

impl NetworkTokenState {
    /// Whether the token can be used now or later.
    pub fn is_of_use(self) -> bool {
        !matches!(self, Self::Expired | Self::Deleted)
    }
}

/// `GET` or `POST /payment-methods/{id}/get-token`, as it was sent.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(description = "Asks for a network token in full.")
)]
#[serde(deny_unknown_fields)]
pub struct NetworkTokenRequest {
    token_type: FetchedTokenType,
}

impl NetworkTokenRequest {
    /// The request that the SQL function makes.
    pub fn for_network_token() -> Self {
        Self {
            token_type: FetchedTokenType::NetworkToken,
        }
    }

    /// Refuses kinds of tokens that the call does not serve.
    ///
    /// # Errors
    /// [`Refusal::TokenTypeNotSupported`] for a connector's token.
    pub fn validate(&self) -> Result<(), Refusal> {
        match self.token_type {
            FetchedTokenType::NetworkToken => Ok(()),
            _ => Err(Refusal::TokenTypeNotSupported),
        }
    }
}

/// `GET /payment-methods/get-network-token-eligibility?card_bin=`
pub struct EligibilityQuery {
    /// The first six to eight digits of a card number.
    pub card_bin: String,
}

impl EligibilityQuery {
    /// Reads the query part of a URL.
    ///
    /// # Errors
    /// [`Refusal::Field`] unless `card_bin` is given once, as 6 to 8 digits.
    pub fn parse(query: &str) -> Result<Self, Refusal> {
        Self::new(Query::parse(query).text("card_bin")?.unwrap_or_default())
    }

    /// Checks digits that did not come in a URL.
    ///
    /// # Errors
    /// [`Refusal::Field`] unless they are 6 to 8 digits.
    pub fn new(card_bin: String) -> Result<Self, Refusal> {
        let is_bin =
            (6..=8).contains(&card_bin.len()) && card_bin.bytes().all(|byte| byte.is_ascii_digit());
        if is_bin {
            Ok(Self { card_bin })
        } else {
            Err(Refusal::field("card_bin", "6 to 8 digits"))
        }
    }
}

/// The answer of `get-network-token-eligibility`.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "NetworkTokenEligibility"))]
pub struct Eligibility {
    /// Whether such cards can have network tokens.
    pub eligible_for_network_tokenization: bool,
}

/// What the vault keeps about a network token. The vault does not keep the token itself, and nobody can pay with these
/// members.
#[derive(Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names of the members say what they are")]
pub struct NetworkTokenSummary {
    /// The name by which the token service knows the token.
    pub requestor_reference: String,
    pub last4_digits: String,
    pub expiry_month: String,
    pub expiry_year: String,
    /// The token's own first digits.
    pub isin: Option<String>,
    /// The payment account reference: the same for every token of the account.
    pub par: Option<String>,
    pub state: NetworkTokenState,
}

impl NetworkTokenSummary {
    /// What an answer shows of the token, together with its card.
    pub fn shown_with(&self, card: &CardSummary) -> NetworkTokenResponse {
        NetworkTokenResponse {
            payment_method_data: NetworkTokenData {
                last4_digits: self.last4_digits.clone(),
                issuer_country: card.issuer_country.clone(),
                network_token_expiry_month: self.expiry_month.clone(),
                network_token_expiry_year: self.expiry_year.clone(),
                nick_name: card.nick_name.clone(),
                card_holder_name: card.card_holder_name.clone(),
                card_isin: self.isin.clone(),
                card_issuer: card.card_issuer.clone(),
                card_network: card.card_network,
                card_type: card.card_type,
                saved_to_locker: true,
                par: self.par.clone(),
            },
        }
    }
}

/// `network_token` of an answer, and `network_tokenization` of a list's item.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(description = "The network token of a card, as far as nobody can pay with it.")
)]
pub struct NetworkTokenResponse {
    payment_method_data: NetworkTokenData,
}

/// The members stand in the contract's order.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(description = "A network token without its digits, with the names of its card.")
)]
struct NetworkTokenData {
    last4_digits: String,
    issuer_country: Option<String>,
    network_token_expiry_month: String,
    network_token_expiry_year: String,
    nick_name: Option<String>,
    card_holder_name: Option<String>,
    card_isin: Option<String>,
    card_issuer: Option<String>,
    card_network: Option<CardNetwork>,
    card_type: Option<CardType>,
    saved_to_locker: bool,
    par: Option<String>,
}

/// The answer of `check-network-token-status`. The members stand in the contract's order.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the members say what they are")]
pub enum NetworkTokenStatus {
    /// What the token service says.
    SuccessResponse {
        status: NetworkTokenState,
        token_expiry_month: String,
        token_expiry_year: String,
        card_last_four: String,
        token_last_four: String,
        card_expiry_month: String,
        card_expiry_year: String,
        payment_method_id: PaymentMethodId,
        customer_id: Option<CustomerId>,
    },
    /// The token service did not say.
    FailureResponse {
        /// Why.
        error_message: &'static str,
    },
}

impl NetworkTokenStatus {
    /// What the token service says of a card's token.
    pub fn success(
        payment_method_id: PaymentMethodId,
        customer_id: Option<CustomerId>,
        card: &CardSummary,
        token: &NetworkTokenSummary,
    ) -> Self {
        Self::SuccessResponse {
            status: token.state,
            token_expiry_month: token.expiry_month.clone(),
            token_expiry_year: token.expiry_year.clone(),
            card_last_four: card.last4_digits.clone(),
            token_last_four: token.last4_digits.clone(),
            card_expiry_month: card.expiry_month.clone(),
            card_expiry_year: card.expiry_year.clone(),
            payment_method_id,
            customer_id,
        }
    }

    /// The token service could not be asked, or gave no answer that can be used.
    pub fn failure() -> Self {
        Self::FailureResponse {
            error_message: "The token service did not answer",
        }
    }
}

/// The answer of `get-token`: a network token, in full. The members stand in the contract's order.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NetworkTokenDetails {
    payment_method_id: PaymentMethodId,
    token_type: FetchedTokenType,
    token_details: TokenDetails,
}

/// A network token with what one payment needs, as the token service gave it.
pub struct FullNetworkToken {
    /// Digits.
    pub token: Zeroizing<String>,
    /// `01` to `12`.
    pub expiry_month: String,
    /// Four digits.
    pub expiry_year: String,
    /// Good for one payment.
    pub cryptogram: Option<Zeroizing<String>>,
    /// The electronic commerce indicator.
    pub eci: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(description = "A network token with what one payment needs.")
)]
struct TokenDetails {
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    network_token: Zeroizing<String>,
    network_token_exp_month: String,
    network_token_exp_year: String,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<String>"))]
    cryptogram: Option<Zeroizing<String>>,
    card_issuer: Option<String>,
    card_network: Option<CardNetwork>,
    card_type: Option<CardType>,
    card_issuing_country: Option<String>,
    bank_code: Option<String>,
    card_holder_name: Option<String>,
    nick_name: Option<String>,
    eci: Option<String>,
}

impl NetworkTokenDetails {
    /// The token of a card.
    pub fn new(
        payment_method_id: PaymentMethodId,
        card: &CardSummary,
        token: FullNetworkToken,
    ) -> Self {
        Self {
            payment_method_id,
            token_type: FetchedTokenType::NetworkToken,
            token_details: TokenDetails {
                network_token: token.token,
                network_token_exp_month: token.expiry_month,
                network_token_exp_year: token.expiry_year,
                cryptogram: token.cryptogram,
                card_issuer: card.card_issuer.clone(),
                card_network: card.card_network,
                card_type: card.card_type,
                card_issuing_country: card.issuer_country.clone(),
                bank_code: None,
                card_holder_name: card.card_holder_name.clone(),
                nick_name: card.nick_name.clone(),
                eci: token.eci,
            },
        }
    }
}

#[cfg(test)]
mod tests;
