//! A connector account that can be called, read from its settings and credentials.

use vault_core::names;

use super::http_template::HttpTemplate;
use super::provider::PaymentProvider;
use super::settings::SettingsError;
use super::stripe::Stripe;
use super::token_service::TokenService;

names! {
    /// What speaks at the other end.
    pub enum Kind {
        /// Stripe's API.
        Stripe = "stripe",
        /// Any provider whose call the settings describe.
        HttpTemplate = "http_template",
        /// A token service that speaks Hyperswitch's protocol.
        TokenService = "token_service",
    }
}

/// An account that can be called.
pub enum Account {
    /// At Stripe, which makes tokens.
    Stripe(Stripe),
    /// At a provider that the settings describe, which makes tokens.
    HttpTemplate(Box<HttpTemplate>),
    /// At a token service, which makes network tokens.
    TokenService(TokenService),
}

impl Account {
    /// Reads an account. `settings` is a JSON object. `credentials` is a secret key, or a JSON object of several secrets, as the
    /// kind has it.
    ///
    /// # Errors
    /// [`SettingsError`] when the kind cannot use them.
    pub fn parse(kind: Kind, settings: &str, credentials: &str) -> Result<Self, SettingsError> {
        Ok(match kind {
            Kind::Stripe => Self::Stripe(Stripe::parse(settings, credentials)?),
            Kind::HttpTemplate => {
                Self::HttpTemplate(Box::new(HttpTemplate::parse(settings, credentials)?))
            }
            Kind::TokenService => Self::TokenService(TokenService::parse(settings, credentials)?),
        })
    }

    /// Whether the other side can be asked to delete what it has made.
    pub fn can_delete(&self) -> bool {
        match self {
            Self::Stripe(stripe) => stripe.can_delete(),
            Self::HttpTemplate(template) => template.can_delete(),
            Self::TokenService(_) => true,
        }
    }

    /// The URLs that calls of the account begin with. Their paths may change with a call, but not scheme, host and port.
    pub fn urls(&self) -> Vec<&url::Url> {
        match self {
            Self::Stripe(stripe) => stripe.urls(),
            Self::HttpTemplate(template) => template.urls(),
            Self::TokenService(service) => service.urls(),
        }
    }
}
