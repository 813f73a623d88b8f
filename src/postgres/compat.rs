//! What differs between PostgreSQL versions; the only file that asks for one.

use pgrx::pg_sys;
use pgrx::prelude::*;

/// The backend's number of its current transaction: a new one for every transaction, also for those that only read.
pub fn local_transaction_id() -> u32 {
    // SAFETY: MyProc is set for the whole life of a backend.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        return (*pg_sys::MyProc).lxid;
        #[cfg(any(feature = "pg17", feature = "pg18"))]
        return (*pg_sys::MyProc).vxid.lxid;
    }
}

/// `USER_TIMEOUT` of utils/timeout.h: has `RegisterTimeout` find a free timer.
pub const FIRST_USER_TIMEOUT: i32 = if cfg!(any(feature = "pg17", feature = "pg18")) {
    13
} else {
    12
};

/// Has SIGTERM end a background worker as it ends a backend: at the next check for interrupts.
pub fn end_on_sigterm() {
    let handler: pg_sys::pqsigfunc = Some(end);
    // SAFETY: the handler lives as long as the process, and does what one may do.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::pqsignal(libc::SIGTERM, handler);
        #[cfg(feature = "pg18")]
        pg_sys::pqsignal_be(libc::SIGTERM, handler);
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn end(signal: i32) {
    // SAFETY: PostgreSQL's own handler, called as one: it sets flags and the latch.
    unsafe { pg_sys::die(signal) }
}
