//! Processes of the server.

use std::cell::Cell;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::clock;

/// The id of this process.
pub fn own_id() -> i32 {
    // SAFETY: set when the process starts.
    unsafe { pg_sys::MyProcPid }
}

/// Makes this process call a function before it ends, unless it crashes. A later call replaces the function of an earlier one.
pub fn at_exit(what: fn()) {
    thread_local! {
        static WHAT: Cell<Option<fn()>> = const { Cell::new(None) };
    }

    #[pg_guard]
    unsafe extern "C-unwind" fn run(_code: core::ffi::c_int, _argument: pg_sys::Datum) {
        if let Some(what) = WHAT.take() {
            what();
        }
    }

    if WHAT.replace(Some(what)).is_none() {
        // SAFETY: the callback is guarded and lives as long as the library.
        unsafe { pg_sys::on_proc_exit(Some(run), pg_sys::Datum::from(0)) };
    }
}

/// When the server was started, in microseconds since the Unix epoch.
pub fn server_started_at() -> i64 {
    // SAFETY: set by the postmaster before it starts any process.
    clock::micros(unsafe { pg_sys::PgStartTime })
}

/// Whether the server has a process with this id.
pub fn is_alive(id: i32) -> bool {
    // SAFETY: a look-up in shared memory.
    unsafe { !pg_sys::BackendPidGetProc(id).is_null() }
}
