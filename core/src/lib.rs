//! The parts of the vault that need no PostgreSQL.
//!
//! Nothing here reads a file, a clock or the operating system's randomness: times, nonces and key bytes are arguments.
//! So every rule can be tested in isolation, in milliseconds.
//!
//! Each module uses only those above it in this list, and no two files use each other:
//!
//! - `names`, `luhn`, [`mention`]: enums of fixed names; the check digit of card numbers; card numbers in identifiers
//! - [`ids`], [`time`]: identifiers, each a type of its own; points in time and months
//! - [`card`]: number, expiry, network and CVC of a payment card
//! - [`crypto`]: keys, envelopes around values, wrapped keys, blind indexes, API keys
//! - [`contract`]: requests, responses and refusals of the API
//!
//! - `openapi`: the contract as a document; behind the feature of this name, without which the extension is built
//!
//! Two more stand beside them. No other module uses them:
//!
//! - [`limits`]: what the vault counts to hold somebody back; it uses none of the others
//! - [`redaction`]: masks card data in texts that are about to be logged; it uses `luhn` alone

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
#[cfg(feature = "openapi")]
#[cfg_attr(
    not(test),
    expect(
        clippy::indexing_slicing,
        reason = "the document is made of literals, for a file, and serves no request"
    )
)]
pub mod openapi;
pub mod redaction;
pub mod time;

mod luhn;
/// For a macro that other crates use.
#[doc(hidden)]
pub mod names;
