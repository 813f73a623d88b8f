//! A limit to how long a piece of work may take, whatever code of a table's owner runs in it.

use core::ffi::c_int;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pgrx::pg_sys;

use super::compat::FIRST_USER_TIMEOUT;
use crate::error::Failure;

/// How long after the cancellation the session is ended. There is no other way to stop code that catches the cancellation and
/// goes on. The time is enough for work that notices a cancellation late, such as reading a large value.
const GRACE: Duration = Duration::from_secs(10);

// utils/timeout.h and storage/latch.h. pgrx binds the first not at all, and wraps the second in a guard that does not
// belong in a signal handler.
unsafe extern "C" {
    fn RegisterTimeout(id: c_int, handler: extern "C" fn()) -> c_int;
    fn enable_timeout_after(id: c_int, delay_ms: c_int);
    fn disable_timeout(id: c_int, keep_indicator: bool);
    fn SetLatch(latch: *mut pg_sys::Latch);
}

/// The two timers of a backend.
#[derive(Clone, Copy)]
struct Timers {
    cancel: c_int,
    end_session: c_int,
}

thread_local! {
    static TIMERS: Cell<Option<Timers>> = const { Cell::new(None) };
}

/// Whether the limit of the running or the last work has passed. A signal handler sets it.
static EXPIRED: AtomicBool = AtomicBool::new(false);

/// Runs `work`, which PostgreSQL cancels if it takes longer than `limit`. Zero is no limit. If the work catches the
/// cancellation and goes on, the session is ended. Limits do not nest.
pub fn within<T>(limit: Duration, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    EXPIRED.store(false, Ordering::Relaxed);
    if limit.is_zero() {
        return work();
    }
    let _running = Running::start(limit);
    work()
}

/// Whether the last work took longer than its limit.
pub fn has_expired() -> bool {
    EXPIRED.load(Ordering::Relaxed)
}

/// Stops the timers when dropped, also after an error.
struct Running(Timers);

impl Running {
    fn start(limit: Duration) -> Self {
        let timers = TIMERS.get().unwrap_or_else(Timers::register);
        TIMERS.set(Some(timers));
        // SAFETY: the timers are this backend's own.
        unsafe {
            enable_timeout_after(timers.cancel, milliseconds(limit));
            enable_timeout_after(
                timers.end_session,
                milliseconds(limit.saturating_add(GRACE)),
            );
        }
        Self(timers)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SAFETY: as above. A cancellation that nobody has noticed yet would hit the caller.
        unsafe {
            disable_timeout(self.0.cancel, false);
            disable_timeout(self.0.end_session, false);
            if has_expired() {
                pg_sys::QueryCancelPending = 0;
            }
        }
    }
}

impl Timers {
    fn register() -> Self {
        // SAFETY: the handlers do what signal handlers may, and live as long as the library.
        unsafe {
            Self {
                cancel: RegisterTimeout(FIRST_USER_TIMEOUT, cancel),
                end_session: RegisterTimeout(FIRST_USER_TIMEOUT, end_session),
            }
        }
    }
}

extern "C" fn cancel() {
    EXPIRED.store(true, Ordering::Relaxed);
    // SAFETY: as PostgreSQL's own handler of a cancellation.
    unsafe {
        pg_sys::QueryCancelPending = 1;
        interrupt();
    }
}

extern "C" fn end_session() {
    // SAFETY: as PostgreSQL's own handler of a termination.
    unsafe {
        pg_sys::ProcDiePending = 1;
        interrupt();
    }
}

/// # Safety
/// Runs in a signal handler of a backend.
unsafe fn interrupt() {
    // SAFETY: flags of this process, and its own latch.
    unsafe {
        pg_sys::InterruptPending = 1;
        SetLatch(pg_sys::MyLatch);
    }
}

fn milliseconds(limit: Duration) -> c_int {
    c_int::try_from(limit.as_millis()).unwrap_or(c_int::MAX)
}
