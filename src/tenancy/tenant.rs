//! Whom a transaction acts for.

/// A profile with its merchant, and the API key that authenticated it, if there was one.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub profile_id: String,
    pub merchant_id: String,
    pub key_id: Option<String>,
}
