//! Waiting, as PostgreSQL waits: for a descriptor, for a signal, for a while.

use std::os::fd::RawFd;
use std::time::Duration;

use pgrx::pg_sys;

/// Waits until the descriptor is readable, this process is woken, or the time is over. The server's death ends the process.
pub fn wait_readable(descriptor: RawFd, timeout: Duration) {
    let timeout = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
    let events = pg_sys::WL_LATCH_SET
        | pg_sys::WL_SOCKET_READABLE
        | pg_sys::WL_TIMEOUT
        | pg_sys::WL_EXIT_ON_PM_DEATH;
    // SAFETY: plain calls of the backend's own functions on its main thread, with its own latch.
    unsafe {
        pg_sys::WaitLatchOrSocket(
            pg_sys::MyLatch,
            events as i32,
            descriptor,
            timeout,
            pg_sys::PG_WAIT_EXTENSION,
        );
        pg_sys::ResetLatch(pg_sys::MyLatch);
    }
}
