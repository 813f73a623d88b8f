//! What the vault takes and answers: requests, responses and refusals, one file for each resource.

pub mod customer;
pub mod json;
pub mod metadata;
pub mod refusal;
pub mod stored;

pub mod payment_method;

mod address;
mod query;
mod refused_values;
mod rules;
#[cfg(feature = "openapi")]
mod schema;

pub use address::Address;
pub use metadata::Metadata;
pub use refusal::Refusal;
