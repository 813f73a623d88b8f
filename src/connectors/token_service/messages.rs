//! The JSON that goes to a token service and comes from it, with the names that Hyperswitch's `types/payment_methods.rs` has.

use serde::{Deserialize, Serialize};
use vault_core::ids::CustomerId;
use zeroize::Zeroizing;

/// What is sealed for the service.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CardData<'a> {
    pub card_number: &'a str,
    pub exp_month: &'a str,
    pub exp_year: &'a str,
}

/// An order of a network token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Generate<'a> {
    pub service: &'a str,
    /// A JWE of [`CardData`].
    pub card_data: &'a str,
    pub order_data: OrderData<'a>,
    pub should_send_token: bool,
    pub key_id: &'a str,
}

/// Says for whom a token is ordered. The consent id is the idempotency key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderData<'a> {
    pub consent_id: &'a str,
    pub customer_id: &'a CustomerId,
}

/// The answer to an order.
#[derive(Deserialize)]
pub struct Sealed {
    /// A JWE of [`Generated`].
    pub payload: String,
}

/// A new network token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generated {
    pub card_brand: Option<String>,
    pub card_reference: String,
    pub par: Option<String>,
    pub token: Zeroizing<String>,
    pub token_expiry_month: String,
    pub token_expiry_year: String,
    pub token_isin: Option<String>,
    pub token_last_four: String,
    pub token_status: String,
}

/// Names a token, to fetch or delete it.
#[derive(Serialize)]
pub struct NamedToken<'a> {
    pub card_reference: &'a str,
    pub customer_id: &'a CustomerId,
}

/// Names a token, to ask for its state. Only here do Hyperswitch's member names have camel case.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedTokenForState<'a> {
    pub card_reference: &'a str,
    pub customer_id: &'a CustomerId,
}

/// A token that was fetched.
#[derive(Deserialize)]
pub struct Fetched {
    pub authentication_details: AuthenticationDetails,
    pub token_details: TokenDetails,
    pub eci: Option<String>,
}

#[derive(Deserialize)]
pub struct AuthenticationDetails {
    pub cryptogram: Option<Zeroizing<String>>,
    pub token: Zeroizing<String>,
}

#[derive(Deserialize)]
pub struct TokenDetails {
    pub exp_month: String,
    pub exp_year: String,
}

/// The state of a token.
#[derive(Deserialize)]
pub struct Checked {
    pub payload: State,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    pub token_status: String,
    pub token_expiry_month: Option<String>,
    pub token_expiry_year: Option<String>,
}

/// What came of a deletion.
#[derive(Deserialize)]
pub struct Deleted {
    pub status: String,
}

/// What is known of a card's first digits.
#[derive(Deserialize)]
pub struct Eligibility {
    #[serde(default)]
    pub tokenize_support: bool,
}
