//! Tokens that others make for a payment method: those of payment service providers and those of card networks.
//!
//! A create asks for a token by a job, which commits with the payment method ([`order`]). The worker takes the job, opens the card
//! for one call and sends it ([`send`]), and writes what came back ([`receive`]).

mod connector_customers;
mod jobs;
mod order;
mod receive;
mod send;
mod using;

use std::time::Duration;

use vault_core::contract::payment_method::TokenType;
use vault_core::time::Timestamp;

use crate::error::Failure;

pub use jobs::{delete_finished, make_sent_due, order_checks, retry};
pub use order::{Order, cancel_and_retract, token_service};
pub use receive::{apply, receive};
pub use send::{Accounts, Sending, call_rules, customer_of, due, patience, put_off, send};
pub use using::use_token;

/// How long a token for one use lives: contract, section 6.
const SINGLE_USE_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// When a token that is made now ends. None: a token for many uses does not end by itself.
pub fn token_expiry(token_type: TokenType, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    match token_type {
        TokenType::SingleUse => now
            .after(SINGLE_USE_LIFETIME)
            .map(Some)
            .map_err(|_| Failure::Malformed),
        TokenType::MultiUse => Ok(None),
    }
}
