//! The harness of the tests from outside: a running stack, a client for each of its two doors, and
//! fixtures that do not get in each other's way.
//!
//! The stack comes from the environment (`make test` sets it). Each test makes a [`Tenant`] of its own,
//! so tests run in parallel and in any order. What a test invents as card data or API keys is written to
//! the [`ledger`], so that the `residue` test knows what to search for.

pub mod card;
pub mod forms;
#[cfg(test)]
mod house;
pub mod http;
pub mod ledger;
pub mod openapi;
pub mod processes;
pub mod random;
pub mod sandbox;
pub mod server_files;
pub mod sql;
pub mod stack;
pub mod tenant;

pub use card::Card;
pub use http::{Answer, Request};
pub use sql::{Refused, Session};
pub use stack::Stack;
pub use tenant::Tenant;
