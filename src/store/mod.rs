//! The SQL statements: one file for each table, and a file for each subject that concerns several tables. No other room has
//! statements.
//!
//! The store moves rows and sealed bytes and holds no key. Every statement on a table with a profile names the profile, although
//! the policies would add it anyway. The few statements for all profiles say so, with the reason. All names are qualified, and
//! every statement runs with the vault's own `search_path`, so nobody's operator or function takes the place of PostgreSQL's.

pub mod api_keys;
pub mod application_tables;
pub mod application_values;
pub mod audit_log;
pub mod callers_query;
pub mod card_bins;
pub mod connector_accounts;
pub mod connector_customers;
pub mod connector_tokens;
pub mod customers;
pub mod cvcs;
pub mod data_keys;
pub mod jobs;
pub mod merchants;
pub mod network_tokens;
mod operator;
pub mod owners_code;
pub mod payment_methods;
mod prepared;
pub mod profiles;
pub mod retention;
pub mod role_bindings;
pub mod roles;
mod row;
mod sealed_row;
pub mod shards;
mod statement;
pub mod vault_tables;
pub mod volatile_payment_methods;
mod volatile_scope;
mod vouched;

pub use operator::{as_operator, as_worker, has_present_tables};
pub use sealed_row::SealedRow;
pub use volatile_scope::VolatileScope;
pub use vouched::Vouched;
