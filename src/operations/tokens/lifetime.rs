//! How long a token lives.

use std::time::Duration;

use vault_core::contract::payment_method::TokenType;
use vault_core::time::Timestamp;

use crate::error::Failure;

/// How long a token for one use lives: contract, section 6.
const SINGLE_USE_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// When a token that is made now expires. None for a token for many uses, which does not expire by itself.
pub fn token_expiry(token_type: TokenType, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    match token_type {
        TokenType::SingleUse => Ok(Some(now.after(SINGLE_USE_LIFETIME)?)),
        TokenType::MultiUse => Ok(None),
    }
}
