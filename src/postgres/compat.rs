//! What differs between versions of PostgreSQL. No other file asks for a version.

use pgrx::pg_sys;
use pgrx::prelude::*;

/// The number that this backend gives to its current transaction. Each transaction has a new one, even if it only reads.
pub fn local_transaction_id() -> u32 {
    // SAFETY: MyProc is set for the whole life of a backend.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        return (*pg_sys::MyProc).lxid;
        #[cfg(any(feature = "pg17", feature = "pg18"))]
        return (*pg_sys::MyProc).vxid.lxid;
    }
}

/// `USER_TIMEOUT` of utils/timeout.h, for which `RegisterTimeout` finds a free timer.
pub const FIRST_USER_TIMEOUT: i32 = if cfg!(any(feature = "pg17", feature = "pg18")) {
    13
} else {
    12
};

/// Makes SIGTERM end a background worker as it ends a backend: at the next check for interrupts.
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

/// Ends this process as PostgreSQL ends one, with an exit status.
pub fn end_process(status: i32) -> ! {
    // SAFETY: called on the main thread; the callbacks that it runs are PostgreSQL's and the vault's own.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::proc_exit(status);
        #[cfg(feature = "pg18")]
        {
            pg_sys::proc_exit(status);
            // The bindings of 18 do not say that it never returns.
            std::process::abort()
        }
    }
}
