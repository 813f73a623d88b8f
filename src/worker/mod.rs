//! The background worker: one for each database named in `vault.databases`. An error ends it, and the postmaster starts
//! it again.

use std::time::Duration;

use pgrx::bgworkers::{
    BackgroundWorker, BackgroundWorkerBuilder, BgWorkerStartTime, SignalWakeFlags,
};
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::error::Failure;
use crate::settings;
use crate::tenancy::{audit, kept};

/// How often it looks for work.
const PERIOD: Duration = Duration::from_secs(1);

/// How long after an error it starts again.
const RESTART: Duration = Duration::from_secs(5);

/// Must run while the postmaster loads its libraries.
pub fn register() {
    for (index, database) in settings::databases().iter().enumerate() {
        BackgroundWorkerBuilder::new(&format!("vault worker for {database}"))
            .set_type("vault worker")
            .set_library("vault")
            .set_function("vault_worker_main")
            .set_argument(i32::try_from(index).ok().and_then(IntoDatum::into_datum))
            .set_start_time(BgWorkerStartTime::RecoveryFinished)
            .set_restart_time(Some(RESTART))
            .enable_spi_access()
            .load();
    }
}

/// Runs until the server stops.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn vault_worker_main(index: pg_sys::Datum) {
    BackgroundWorker::attach_signal_handlers(SignalWakeFlags::SIGHUP | SignalWakeFlags::SIGTERM);
    let databases = settings::databases();
    let Some(database) = databases.get(index.value()) else {
        return;
    };
    BackgroundWorker::connect_worker_to_spi(Some(database), None);
    while BackgroundWorker::wait_latch(Some(PERIOD)) {
        if let Err(failure) = record_kept() {
            pgrx::warning!("vault worker: {failure}");
        }
    }
}

fn record_kept() -> Result<(), Failure> {
    let written = BackgroundWorker::transaction(|| {
        if !is_installed() {
            return Ok(None);
        }
        doing(
            c"vault: writing audit rows that were rolled back",
            audit::record_kept,
        )
        .map(Some)
    })?;
    if let Some(written) = written {
        kept::written(&written);
    }
    Ok(())
}

/// Shows in `pg_stat_activity` what the worker does.
fn doing<T>(what: &core::ffi::CStr, job: impl FnOnce() -> T) -> T {
    // SAFETY: the texts are NUL-terminated and copied by the callee.
    unsafe { pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_RUNNING, what.as_ptr()) };
    let result = job();
    // SAFETY: as above; the last activity stays to be seen.
    unsafe { pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_IDLE, what.as_ptr()) };
    result
}

fn is_installed() -> bool {
    // SAFETY: a look-up in a catalogue, within a transaction.
    unsafe { pg_sys::get_extension_oid(c"vault".as_ptr(), true) != pg_sys::InvalidOid }
}
