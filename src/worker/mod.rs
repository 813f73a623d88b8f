//! The background worker: one for each database named in `vault.databases`. An error ends it, and the postmaster starts
//! it again.

use core::ffi::CStr;
use std::time::Duration;

use pgrx::bgworkers::{
    BackgroundWorker, BackgroundWorkerBuilder, BgWorkerStartTime, SignalWakeFlags,
};
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::audit;
use crate::audit::pending::{self, Waiting};
use crate::clock;
use crate::error::Failure;
use crate::operations::expiry;
use crate::settings;

mod vacuum;

/// How often it looks for work.
const PERIOD: Duration = Duration::from_secs(1);

/// Not on a standby.
const START: BgWorkerStartTime = BgWorkerStartTime::RecoveryFinished;

/// How long after an error it starts again.
const RESTART: Duration = Duration::from_secs(5);

/// Does some of the work that there is, and tells whether there may be more.
type Job = fn() -> Result<bool, Failure>;

/// Must run while the postmaster loads its libraries.
pub fn register() {
    for (index, database) in settings::databases().iter().enumerate() {
        BackgroundWorkerBuilder::new(&format!("vault worker for {database}"))
            .set_type("vault worker")
            .set_library("vault")
            .set_function("vault_worker_main")
            .set_argument(i32::try_from(index).ok().and_then(IntoDatum::into_datum))
            .set_start_time(START)
            .set_restart_time(Some(RESTART))
            .enable_spi_access()
            .load();
        vacuum::register(database, index);
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
    // Once: while the server runs, nothing is sealed under another memory key than its own.
    let mut goes_on = run(delete_dead);
    while goes_on && BackgroundWorker::wait_latch(Some(PERIOD)) {
        goes_on = run(record_pending) && run(delete_expired);
    }
}

/// Runs the job to its end. False when the server stops: what is left waits for the next start.
fn run(job: Job) -> bool {
    loop {
        let more = job();
        if BackgroundWorker::sigterm_received() {
            return false;
        }
        match more {
            Ok(true) => {}
            Ok(false) => return true,
            Err(failure) => {
                pgrx::warning!("vault worker: {failure}");
                return true;
            }
        }
    }
}

fn delete_dead() -> Result<bool, Failure> {
    let batch = in_transaction(
        c"vault: deleting what an earlier server left",
        expiry::delete_dead,
    )?;
    Ok(batch.is_some_and(|batch| batch.is_full))
}

fn record_pending() -> Result<bool, Failure> {
    let written = in_transaction(
        c"vault: writing audit rows that were rolled back",
        make_up_for_rollbacks,
    )?;
    if let Some(written) = written {
        pending::written(&written);
    }
    Ok(false)
}

/// Writes the audit rows, and deletes the security codes that were used: whoever rolls that back has seen the code.
fn make_up_for_rollbacks() -> Result<Waiting, Failure> {
    let waiting = audit::record_pending()?;
    for row in &waiting.rows {
        if row.is_use_of_code() {
            let used_at = clock::at_micros(row.occurred_at)?;
            expiry::delete_used_code(row.profile_id.as_str(), row.object_id.as_str(), used_at)?;
        }
    }
    Ok(waiting)
}

fn delete_expired() -> Result<bool, Failure> {
    let batch = in_transaction(c"vault: deleting what has expired", || {
        expiry::delete_expired(clock::now()?)
    })?;
    Ok(batch.is_some_and(|batch| batch.is_full))
}

/// Does the work in a transaction of its own; none where the extension is not installed.
fn in_transaction<T>(
    what: &'static CStr,
    work: fn() -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    BackgroundWorker::transaction(|| {
        if is_installed() {
            doing(what, work).map(Some)
        } else {
            Ok(None)
        }
    })
}

/// Shows in `pg_stat_activity` what the worker does.
fn doing<T>(what: &CStr, job: impl FnOnce() -> T) -> T {
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
