//! What payment service providers do for the vault, whatever their kind.

use vault_core::ids::CustomerId;
use zeroize::{Zeroize, Zeroizing};

use super::fault::Fault;
use super::http::Http;

/// A card, opened for one call. It wipes itself.
pub struct CardDetails {
    /// Digits only.
    pub number: Zeroizing<String>,
    /// `01` to `12`.
    pub exp_month: String,
    /// Four digits.
    pub exp_year: String,
    /// As it was given, if it was.
    pub holder_name: Option<String>,
}

impl Drop for CardDetails {
    fn drop(&mut self) {
        self.exp_month.zeroize();
        self.exp_year.zeroize();
        self.holder_name.zeroize();
    }
}

/// How often the token can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenUse {
    /// For one payment.
    Single,
    /// For any number of payments.
    Multi,
}

/// A token to be made.
pub struct TokenOrder {
    pub card: CardDetails,
    pub token_use: TokenUse,
    /// The same on each try, and different for every other order: the idempotency key of the call. Where an order takes several
    /// calls, their keys begin with it.
    pub reference: String,
    /// The vault's id of the customer.
    pub customer_id: CustomerId,
    /// The provider's id of the customer, once it has one.
    pub connector_customer_id: Option<String>,
}

/// A token that was made.
pub struct MadeToken {
    pub token: Zeroizing<String>,
    /// The provider's id of the customer that it is attached to.
    pub connector_customer_id: Option<String>,
}

/// What a payment service provider does for the vault, whatever its kind.
pub trait PaymentProvider {
    /// Makes a token of a card. Called again with the same order, it makes no second one.
    ///
    /// # Errors
    /// As the fault says. A token that contains the card number is an unexpected answer.
    async fn make_token(&self, http: &Http, order: &TokenOrder) -> Result<MadeToken, Fault>;

    /// Deletes a token, if the provider can. One that is gone already is deleted.
    ///
    /// # Errors
    /// As the fault says.
    async fn delete_token(&self, http: &Http, token: &str, reference: &str) -> Result<(), Fault>;

    /// Whether the provider can delete tokens.
    fn can_delete(&self) -> bool;
}
