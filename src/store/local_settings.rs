//! Settings that hold for some statements.

use core::ffi::CStr;

use pgrx::pg_sys;

use crate::error::Failure;

/// Runs `statements` with these settings. An error that leaves as a panic aborts the (sub)transaction, which takes them back.
pub(super) fn with_settings<T>(
    settings: &[(&CStr, &CStr)],
    statements: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    // SAFETY: plain calls of the backend's own functions on its main thread; the nest level taken here is the one given
    // back below.
    let nest_level = unsafe {
        let nest_level = pg_sys::NewGUCNestLevel();
        for (name, value) in settings {
            pg_sys::set_config_option(
                name.as_ptr(),
                value.as_ptr(),
                pg_sys::GucContext::PGC_SUSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
        }
        nest_level
    };
    let result = statements();
    // SAFETY: as above.
    unsafe { pg_sys::AtEOXact_GUC(true, nest_level) };
    result
}

/// Runs `statements` that take locks on which all others would wait behind them: not for longer than `lock_timeout` says,
/// or 5 seconds where it says nothing.
pub fn with_lock_timeout<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // SAFETY: reads a setting.
    if unsafe { pg_sys::LockTimeout } > 0 {
        statements()
    } else {
        with_settings(&[(c"lock_timeout", c"5s")], statements)
    }
}
