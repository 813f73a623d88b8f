//! What token services do for the vault, whatever their kind.

use vault_core::contract::payment_method::NetworkTokenState;
use vault_core::ids::CustomerId;
use zeroize::Zeroizing;

use super::fault::Fault;
use super::http::Http;
use super::provider::CardDetails;

/// A network token to be made.
pub struct NetworkTokenOrder {
    pub card: CardDetails,
    /// The vault's id of the customer.
    pub customer_id: CustomerId,
    /// The same on each try: the consent id.
    pub reference: String,
}

/// A network token that was made.
pub struct NetworkToken {
    /// Digits: it is used in the place of a card number.
    pub token: Zeroizing<String>,
    /// The service's name for the token: `cardReference` in its messages.
    pub requestor_reference: String,
    /// `01` to `12`.
    pub exp_month: String,
    /// Four digits.
    pub exp_year: String,
    /// The token's last four digits.
    pub last_four: String,
    /// The token's first digits, as many as the service gives.
    pub isin: Option<String>,
    /// The payment account reference: the same for a card and all its tokens.
    pub par: Option<String>,
    /// In the service's spelling.
    pub card_brand: Option<String>,
    /// Whether the token can be used.
    pub state: NetworkTokenState,
}

/// What the service says of a token.
pub struct NetworkTokenCheck {
    pub state: NetworkTokenState,
    /// `01` to `12`.
    pub exp_month: Option<String>,
    /// Four digits.
    pub exp_year: Option<String>,
}

/// A network token with what one payment needs.
pub struct FetchedNetworkToken {
    /// Digits.
    pub token: Zeroizing<String>,
    /// `01` to `12`.
    pub exp_month: String,
    /// Four digits.
    pub exp_year: String,
    /// Proves for one payment that whoever uses the token may do so.
    pub cryptogram: Option<Zeroizing<String>>,
    /// The electronic commerce indicator.
    pub eci: Option<String>,
}

/// What a token service does for the vault, whatever its kind. Customer and `requestor_reference`, the service's own name for a
/// token, say together which token is meant.
pub trait NetworkTokenProvider {
    /// Makes a network token for a card.
    ///
    /// # Errors
    /// As the fault says. A token that contains the card number is an unexpected answer.
    async fn make(&self, http: &Http, order: &NetworkTokenOrder) -> Result<NetworkToken, Fault>;

    /// Fetches the token itself, with a cryptogram for one payment.
    ///
    /// # Errors
    /// As the fault says.
    async fn fetch(
        &self,
        http: &Http,
        customer_id: &CustomerId,
        requestor_reference: &str,
    ) -> Result<FetchedNetworkToken, Fault>;

    /// Asks whether the token can be used, and until when.
    ///
    /// # Errors
    /// As the fault says.
    async fn check(
        &self,
        http: &Http,
        customer_id: &CustomerId,
        requestor_reference: &str,
    ) -> Result<NetworkTokenCheck, Fault>;

    /// Deletes the token. One that is gone already is deleted.
    ///
    /// # Errors
    /// As the fault says.
    async fn delete(
        &self,
        http: &Http,
        customer_id: &CustomerId,
        requestor_reference: &str,
    ) -> Result<(), Fault>;

    /// Asks whether cards with these first digits can have network tokens.
    ///
    /// # Errors
    /// As the fault says.
    async fn is_eligible(&self, http: &Http, card_bin: &str) -> Result<bool, Fault>;
}
