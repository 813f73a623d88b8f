//! Every setting of the vault. A setting names a key command; none ever holds a key, and none names a profile.

mod connectors;
mod keys;
mod limits;
mod read;
mod server;

pub use connectors::{
    connector_ca_file, connector_hosts, connector_timeout, network_token_check_period,
    token_job_attempts, token_job_backoff,
};
pub use keys::{
    data_key_period, key_destruction_command, root_key_command, root_key_timeout, table_timeout,
};
pub use limits::{
    card_numbers_per_minute, lockout_duration, lockout_failures, lockout_failures_total,
};
pub use server::{audit_retention_months, cell, databases, environment, vacuum_after};

use crate::postgres::guc;

/// Registers the settings, and keeps the prefix `vault.` from anything else. Those that are read when the server starts
/// exist only where the server loads the library at its start.
pub fn register(preloading: bool) {
    if preloading {
        keys::define_for_server_start();
        server::define_for_server_start();
    }
    keys::define();
    server::define();
    limits::define();
    connectors::define();
    guc::reserve_prefix(c"vault");
}
