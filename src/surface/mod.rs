//! What PostgreSQL sees: thin functions over the operations. No rule of the business is here.

mod administration;
pub mod connectors;
pub mod http;
pub mod keys;
pub mod lockouts;
mod many;
pub mod monitoring;
pub mod nodes;
mod request;
pub mod sql;
mod upgrade;
