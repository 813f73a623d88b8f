//! SQL statements, one file per table; the only place that calls SPI.
//!
//! It moves rows and sealed bytes and holds no key. Statements on tables with a profile name no profile: the policies
//! add it. All names are qualified, and every statement runs with the vault's own `search_path`, so nobody's operator or function
//! takes the place of PostgreSQL's.

pub mod api_keys;
pub mod application_columns;
pub mod application_values;
pub mod audit_log;
pub mod card_bins;
pub mod connector_accounts;
pub mod connector_customers;
pub mod connector_tokens;
pub mod customers;
pub mod cvcs;
pub mod data_keys;
pub mod expiry;
pub mod jobs;
mod living;
pub mod merchants;
pub mod network_tokens;
mod operator;
pub mod owners_code;
pub mod payment_methods;
pub mod profiles;
pub mod reencryption;
pub mod role_bindings;
pub mod roles;
mod statement;
pub mod volatile_payment_methods;
mod vouched;

pub use living::Living;
pub use operator::{as_operator, as_worker};
pub use vouched::Vouched;
