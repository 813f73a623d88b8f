//! What the vault's connectors call in tests, as programs of their own: a payment service provider and a token service.
//!
//! They answer like the real ones as far as the vault speaks to them, and are strict where the real ones are lenient: a request
//! that the vault should not have sent is refused and noted as a violation, in words without card data. They can be told
//! to misbehave (`behaviour`). They share no code with the vault, so that no mistake is made on both sides.
//!
//! They are for tests and for the demo. Their tokens are worth nothing, and what they keep of a card is its last four digits
//! and, where a repetition must be recognised, a digest under a key that no other process has.

mod behaviour;
mod cards;
mod client;
mod idempotency;
mod json_tokens;
pub mod jwe;
mod keys;
mod options;
mod provider;
mod server;
mod stripe;
mod token_service;
mod violations;

pub use client::{Program, SandboxProvider, SandboxTokenService, allowed_address};
pub use options::Options;
pub use provider::Provider;
pub use server::serve;
pub use token_service::TokenService;
