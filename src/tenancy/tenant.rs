//! Whom a transaction acts for.

/// A profile with its merchant, and the API key that opened it, if one did.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub profile_id: String,
    pub merchant_id: String,
    pub key_id: Option<String>,
}
