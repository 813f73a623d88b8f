//! A connector account, read from its settings and credentials: whatever is wrong with them is said before it is stored.

use std::fmt;

use vault_core::names;

use super::http_template::HttpTemplate;
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
    /// Makes tokens.
    Stripe(Stripe),
    /// Makes tokens.
    HttpTemplate(Box<HttpTemplate>),
    /// Makes network tokens.
    TokenService(TokenService),
}

/// What is wrong with settings or credentials, in words for an administrator. Shows no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(pub String);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

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

    /// The URLs that it calls, as far as they are known before a call: scheme, host and port count.
    pub fn urls(&self) -> Vec<&url::Url> {
        match self {
            Self::Stripe(stripe) => stripe.urls(),
            Self::HttpTemplate(template) => template.urls(),
            Self::TokenService(service) => service.urls(),
        }
    }
}
