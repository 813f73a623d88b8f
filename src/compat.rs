//! What differs between PostgreSQL versions; the only file that asks for one.

use pgrx::pg_sys;

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
