//! A token service that speaks Hyperswitch's protocol: JWE both ways.

use url::Url;
use vault_core::contract::payment_method::{NetworkTokenState, NetworkTokenSummary};
use zeroize::Zeroizing;

use super::account::SettingsError;
use super::fault::Fault;
use super::http::Http;
use super::provider::{CardDetails, NetworkTokenProvider};

/// An account at a token service.
pub struct TokenService {}

/// A network token to be made.
pub struct NetworkTokenOrder {
    pub card: CardDetails,
    /// The vault's id of the customer.
    pub customer_id: String,
    /// The same on each try: the consent id.
    pub reference: String,
}

/// A network token that was made.
pub struct NetworkToken {
    /// Digits: it is used in the place of a card number.
    pub token: Zeroizing<String>,
    /// By which the service knows the token: its card reference.
    pub requestor_reference: String,
    pub exp_month: String,
    pub exp_year: String,
    pub last_four: String,
    pub isin: Option<String>,
    pub par: Option<String>,
    pub card_brand: Option<String>,
    pub state: NetworkTokenState,
}

/// What the service says of a token.
pub struct NetworkTokenCheck {
    pub state: NetworkTokenState,
    pub exp_month: Option<String>,
    pub exp_year: Option<String>,
}

impl NetworkTokenCheck {
    /// Writes into what is kept of the token.
    pub fn apply_to(&self, summary: &mut NetworkTokenSummary) {
        summary.state = self.state;
        if let Some(month) = &self.exp_month {
            summary.expiry_month.clone_from(month);
        }
        if let Some(year) = &self.exp_year {
            summary.expiry_year.clone_from(year);
        }
    }
}

/// A network token with what one payment needs.
pub struct FetchedNetworkToken {
    pub token: Zeroizing<String>,
    pub exp_month: String,
    pub exp_year: String,
    pub cryptogram: Option<Zeroizing<String>>,
    pub eci: Option<String>,
}

impl TokenService {
    pub fn parse(settings: &str, credentials: &str) -> Result<Self, SettingsError> {
        todo!()
    }
    pub fn urls(&self) -> Vec<&Url> {
        todo!()
    }
}

impl NetworkTokenProvider for TokenService {
    async fn make(&self, http: &Http, order: &NetworkTokenOrder) -> Result<NetworkToken, Fault> {
        todo!()
    }
    async fn fetch(
        &self,
        http: &Http,
        customer_id: &str,
        requestor_reference: &str,
    ) -> Result<FetchedNetworkToken, Fault> {
        todo!()
    }
    async fn check(
        &self,
        http: &Http,
        customer_id: &str,
        requestor_reference: &str,
    ) -> Result<NetworkTokenCheck, Fault> {
        todo!()
    }
    async fn delete(
        &self,
        http: &Http,
        customer_id: &str,
        requestor_reference: &str,
    ) -> Result<(), Fault> {
        todo!()
    }
    async fn is_eligible(&self, http: &Http, card_bin: &str) -> Result<bool, Fault> {
        todo!()
    }
}
