//! SQL statements, one file per table; the only place that calls SPI.
//!
//! It moves rows and sealed bytes and holds no key. Statements on tables with a profile name no profile: the policies
//! add it. All names are qualified, so no `search_path` changes their meaning.

pub mod api_keys;
pub mod audit_log;
pub mod connector_tokens;
pub mod customers;
pub mod data_keys;
pub mod merchants;
mod operator;
pub mod payment_methods;
pub mod profiles;
pub mod reencryption;
pub mod role_bindings;
mod statement;

pub use operator::{as_operator, with_latest_snapshot};
