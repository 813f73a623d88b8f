//! What PostgreSQL sees: thin functions over the operations. No rule of the business is here.

pub mod http;
pub mod keys;
mod request;
pub mod sql;
