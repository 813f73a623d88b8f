//! The parts of the vault that need no PostgreSQL.
//!
//! Nothing here reads a file, a clock or the operating system's randomness: times, nonces and key bytes are arguments.
//! So every rule can be tested in isolation, in milliseconds.
//!
//! - [`crypto`]: envelopes around values, wrapped keys, blind indexes, API keys
//! - [`card`]: number, expiry, network and security code of a payment card
//! - [`contract`]: requests, responses and refusals of the API
//! - [`limits`]: failed authentications, and what may be done so often in a minute
//! - [`redaction`]: masks card data in texts that are about to be logged

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

pub mod card;
pub mod contract;
pub mod crypto;
pub mod ids;
pub mod limits;
pub mod mention;
pub mod redaction;
pub mod time;

mod luhn;
mod names;
