//! Vacuums the tables with sealed values, so that what was deleted, redacted or sealed anew does not stay in them.
//!
//! PostgreSQL keeps the earlier version of a row until a vacuum, and its own daemon waits until a fifth of a table is dead.
//! A process of its own does it, because a large table takes longer than the worker's other tasks can wait.

use std::ffi::CStr;
use std::ptr;

use pgrx::PgMemoryContexts;
use pgrx::bgworkers::{BackgroundWorker, BackgroundWorkerBuilder, SignalWakeFlags};
use pgrx::pg_sys;
use pgrx::prelude::*;

use super::{RESTART, START, doing, is_installed};
use crate::postgres::compat;
use crate::settings;

/// All that hold envelopes or wrapped keys.
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
    BackgroundWorkerBuilder::new(&format!("vault vacuum for {database}"))
        .set_type("vault vacuum")
        .set_library("vault")
        .set_function("vault_vacuum_main")
        .set_argument(i32::try_from(index).ok().and_then(IntoDatum::into_datum))
        .set_start_time(START)
        .set_restart_time(Some(RESTART))
        .enable_spi_access()
        .load();
}

/// Runs until the server stops.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn vault_vacuum_main(index: pg_sys::Datum) {
    attach_signal_handlers();
    let databases = settings::databases();
    let Some(database) = databases.get(index.value()) else {
        return;
    };
    BackgroundWorker::connect_worker_to_spi(Some(database), None);
    while BackgroundWorker::wait_latch(settings::vacuum_after()) {
        if BackgroundWorker::sighup_received() {
            // SAFETY: a background worker rereads the settings between two transactions, as a backend does.
            unsafe { pg_sys::ProcessConfigFile(pg_sys::GucContext::PGC_SIGHUP) };
        }
        if settings::vacuum_after().is_some() {
            // The server's stop waits for the end of a vacuum as little as for that of a query.
            compat::end_on_sigterm();
            doing(c"vault: vacuuming", || {
                tables().into_iter().for_each(vacuum);
            });
            attach_signal_handlers();
        }
    }
    // Who ends in good order is not started again, and somebody may have ended this process alone.
    // SAFETY: the last act, outside of any transaction.
    unsafe { pg_sys::proc_exit(1) }
}

fn attach_signal_handlers() {
    BackgroundWorker::attach_signal_handlers(SignalWakeFlags::SIGHUP | SignalWakeFlags::SIGTERM);
}

/// The tables; none where the extension is not installed.
fn tables() -> Vec<pg_sys::Oid> {
    BackgroundWorker::transaction(|| {
        if !is_installed() {
            return Vec::new();
        }
        // SAFETY: look-ups of NUL-terminated names in the catalogue, within a transaction.
        let schema = unsafe { pg_sys::get_namespace_oid(c"vault".as_ptr(), true) };
        TABLES
            .iter()
            // SAFETY: as above.
            .map(|name| unsafe { pg_sys::get_relname_relid(name.as_ptr(), schema) })
            .filter(|table| *table != pg_sys::InvalidOid)
            .collect()
    })
}

/// What the command VACUUM does. It ends the transaction that it is called in, and begins others.
fn vacuum(table: pg_sys::Oid) {
    // Outlives the transactions; dropped with all that is in it.
    let mut memory = PgMemoryContexts::new("vault vacuum");
    // SAFETY: allocates in the current memory context.
    let relations = unsafe {
        memory.switch_to(|_| {
            let relation = pg_sys::makeVacuumRelation(ptr::null_mut(), table, ptr::null_mut());
            pg_sys::lappend(ptr::null_mut(), relation.cast())
        })
    };
    let mut statement = pg_sys::VacuumStmt {
        type_: pg_sys::NodeTag::T_VacuumStmt,
        options: ptr::null_mut(),
        rels: relations,
        is_vacuumcmd: true,
    };
    // SAFETY: outside of any transaction, as a top-level statement is. The parse state is read for the place of a wrong
    // option, and there is no option. The list lives in `memory`, which is dropped afterwards. A table that was dropped
    // meanwhile is passed over.
    unsafe {
        pg_sys::SetCurrentStatementStartTimestamp();
        pg_sys::StartTransactionCommand();
        pg_sys::ExecVacuum(ptr::null_mut(), &raw mut statement, true);
        pg_sys::CommitTransactionCommand();
    }
}
