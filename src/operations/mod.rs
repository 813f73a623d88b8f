//! What the vault does. Each operation takes a caller and a request, and gives a response or a failure. No operation sees JSON
//! or a header.
//!
//! A refusal leaves nothing behind, because every check comes before the first write. Where only a unique index can decide, the
//! statement writes no row if the index decides against it.

pub mod administration;
pub mod application_values;
pub mod check;
pub mod connector_accounts;
pub mod customers;
pub mod earlier_rows;
mod existing;
pub mod figures;
pub mod key_lifecycle;
pub mod network_tokens;
pub mod of_node;
pub mod outside_calls;
pub mod payment_methods;
pub mod readiness;
pub mod reencryption;
pub mod retention;
pub mod role_bindings;
pub mod role_findings;
pub mod row_macs;
pub mod tokens;
