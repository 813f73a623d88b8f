//! Whom a transaction acts for.

use vault_core::ids::{MerchantId, ProfileId};

/// A profile with its merchant, and the API key that authenticated it, if there was one.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub profile_id: ProfileId,
    pub merchant_id: MerchantId,
    pub key_id: Option<String>,
}
