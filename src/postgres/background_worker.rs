//! Background workers: processes of the server that run code of the vault, one for each database.

use core::ffi::CStr;
use std::time::Duration;

use pgrx::bgworkers::{
    BackgroundWorker, BackgroundWorkerBuilder, BgWorkerStartTime, SignalWakeFlags,
};
use pgrx::pg_sys;
use pgrx::prelude::*;

use super::compat;

/// How long after an error a worker starts again.
const RESTART: Duration = Duration::from_secs(5);

/// Declares the function that PostgreSQL starts a worker with, by its name. It runs `$main` with the worker's number.
macro_rules! worker_function {
    ($(#[$doc:meta])* $name:ident runs $main:expr) => {
        $(#[$doc])*
        #[expect(unsafe_code, reason = "PostgreSQL finds the function by its name")]
        #[pgrx::pg_guard]
        #[unsafe(no_mangle)]
        pub extern "C-unwind" fn $name(number: pgrx::pg_sys::Datum) {
            $main(number.value());
        }
    };
}
pub(crate) use worker_function;

/// Makes the postmaster start `function` as a process that works on a database, and start it again after an error. A standby
/// starts no such process. `kind` is shown in `pg_stat_activity`. Runs while the postmaster loads its libraries.
pub fn register(kind: &str, function: &str, database: &str, number: usize) {
    BackgroundWorkerBuilder::new(&format!("{kind} for {database}"))
        .set_type(kind)
        .set_library("vault")
        .set_function(function)
        .set_argument(i32::try_from(number).ok().and_then(IntoDatum::into_datum))
        .set_start_time(BgWorkerStartTime::RecoveryFinished)
        .set_restart_time(Some(RESTART))
        .enable_spi_access()
        .load();
}

/// Connects this worker to its database.
pub fn connect(database: &str) {
    attach_signal_handlers();
    BackgroundWorker::connect_worker_to_spi(Some(database), None);
    // The database may have another default. A worker has to see what is committed while it waits for a lock.
    // SAFETY: a plain call of the backend's own function on its main thread, with texts that outlive it.
    unsafe {
        pg_sys::SetConfigOption(
            c"default_transaction_isolation".as_ptr(),
            c"read committed".as_ptr(),
            pg_sys::GucContext::PGC_SUSET,
            pg_sys::GucSource::PGC_S_OVERRIDE,
        );
    }
}

/// Makes SIGHUP and SIGTERM wake this worker, which then asks which of the two came.
pub fn attach_signal_handlers() {
    BackgroundWorker::attach_signal_handlers(SignalWakeFlags::SIGHUP | SignalWakeFlags::SIGTERM);
}

/// Reads the settings again if the server was asked to. Called between two transactions, as a backend does it.
pub fn reload_settings() {
    if BackgroundWorker::sighup_received() {
        // SAFETY: a plain call of the backend's own function on its main thread.
        unsafe { pg_sys::ProcessConfigFile(pg_sys::GucContext::PGC_SIGHUP) };
    }
}

/// Whether the worker was asked to stop. Unlike `BackgroundWorker::sigterm_received`, this does not forget it once asked.
pub fn is_to_stop() -> bool {
    // SAFETY: reads a flag that the handler of SIGTERM sets.
    unsafe { (&raw const pg_sys::ShutdownRequestPending).read_volatile() != 0 }
}

/// Ends this process so that the postmaster starts it again, unless the server stops. A process that ends without an error is
/// not started again, but somebody may have ended the worker alone. Called as the worker's last act, outside of any transaction.
pub fn end_to_start_again() -> ! {
    compat::end_process(1)
}

/// Shows in `pg_stat_activity` what the worker does. Afterwards, the view shows what the worker did last.
pub fn doing<T>(what: &CStr, job: impl FnOnce() -> T) -> T {
    show(pg_sys::BackendState::STATE_RUNNING, what);
    let result = job();
    show(pg_sys::BackendState::STATE_IDLE, what);
    result
}

fn show(state: pg_sys::BackendState::Type, what: &CStr) {
    // SAFETY: the text is NUL-terminated, and copied by the callee.
    unsafe { pg_sys::pgstat_report_activity(state, what.as_ptr()) };
}
