//! Vacuums the tables with sealed values, so that earlier versions of rows do not stay in them for long.
//!
//! PostgreSQL keeps the earlier version of a row until a vacuum, and autovacuum waits until a fifth of a table is dead. This is a
//! process of its own, because a large table takes longer than the worker's other tasks can wait.

use std::ffi::CStr;

use pgrx::bgworkers::BackgroundWorker;
use pgrx::pg_sys;

use super::transaction::is_installed;
use crate::metrics::processes::{self, Kind};
use crate::postgres::background_worker::{
    self, attach_signal_handlers, connect, doing, end_to_start_again, reload_settings,
    worker_function,
};
use crate::postgres::vacuum::vacuum;
use crate::postgres::{catalog, compat};
use crate::settings;

/// All tables that hold envelopes or wrapped keys.
const TABLES: [&CStr; 10] = [
    c"data_keys",
    c"customers",
    c"payment_methods",
    c"connector_accounts",
    c"connector_tokens",
    c"connector_customers",
    c"network_tokens",
    c"jobs",
    c"volatile_payment_methods",
    c"cvcs",
];

/// Must run while the postmaster loads its libraries.
pub fn register(database: &str, index: usize) {
    background_worker::register("vault vacuum", "vault_vacuum_main", database, index);
}

worker_function! {
    /// Runs until the server stops.
    vault_vacuum_main runs main
}

fn main(index: usize) {
    let databases = settings::databases();
    let Some(database) = databases.get(index) else {
        return;
    };
    connect(database);
    processes::started(Kind::Vacuum, index);
    while BackgroundWorker::wait_latch(settings::vacuum_after()) {
        reload_settings();
        if settings::vacuum_after().is_some() {
            // A stop of the server interrupts a vacuum as it interrupts a query.
            compat::end_on_sigterm();
            doing(c"vault: vacuuming", || {
                tables().into_iter().for_each(vacuum);
            });
            attach_signal_handlers();
            processes::ran(Kind::Vacuum, index);
        }
    }
    end_to_start_again()
}

/// The oids of the tables. Empty if the extension is not installed.
fn tables() -> Vec<pg_sys::Oid> {
    BackgroundWorker::transaction(|| {
        if !is_installed() {
            return Vec::new();
        }
        let tables = TABLES.iter();
        tables
            .filter_map(|name| catalog::table(c"vault", name))
            .collect()
    })
}
