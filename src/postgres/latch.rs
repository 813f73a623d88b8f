//! Waiting, as PostgreSQL waits: for a descriptor, for a signal, for a while.

use std::os::fd::RawFd;
use std::time::Duration;

use pgrx::pg_sys;

use super::shared_memory::plain;

/// The events that end every wait.
const EVENTS: u32 = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;

/// Waits until the descriptor is readable, this process is woken, or the time is over. The server's death ends the process.
pub fn wait_readable(descriptor: RawFd, timeout: Duration) {
    // SAFETY: plain calls of the backend's own functions on its main thread, with its own latch.
    unsafe {
        pg_sys::WaitLatchOrSocket(
            pg_sys::MyLatch,
            (EVENTS | pg_sys::WL_SOCKET_READABLE) as i32,
            descriptor,
            milliseconds(timeout),
            pg_sys::PG_WAIT_EXTENSION,
        );
        pg_sys::ResetLatch(pg_sys::MyLatch);
    }
}

/// Waits until this process is woken, or the time is over. The server's death ends the process.
pub fn wait(timeout: Duration) {
    // SAFETY: as above.
    unsafe {
        pg_sys::WaitLatch(
            pg_sys::MyLatch,
            EVENTS as i32,
            milliseconds(timeout),
            pg_sys::PG_WAIT_EXTENSION,
        );
        pg_sys::ResetLatch(pg_sys::MyLatch);
    }
}

fn milliseconds(timeout: Duration) -> i64 {
    i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX)
}

/// The latch of a process in shared memory, which every process of the server has at the same address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SharedLatch(usize);

plain! {
    wrapper SharedLatch;
}

impl SharedLatch {
    /// The latch of no process.
    pub const NONE: Self = Self(0);

    /// The latch of this process.
    pub fn own() -> Self {
        // SAFETY: set when the process starts; in shared memory since it has connected.
        Self(unsafe { pg_sys::MyLatch } as usize)
    }

    /// Wakes the process. A process that has taken its place wakes up without a reason, which every process expects.
    pub fn set(self) {
        if self != Self::NONE {
            // SAFETY: the address of a latch in shared memory, as above, for as long as that exists.
            unsafe { pg_sys::SetLatch(self.0 as *mut pg_sys::Latch) };
        }
    }
}
