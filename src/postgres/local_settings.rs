//! Settings that hold for some statements.

use core::ffi::CStr;

use pgrx::pg_sys;

use crate::error::Failure;

/// Runs `statements` with these settings, and takes back every setting that was changed meanwhile: code of others may run
/// in a statement, and what it sets must not outlive it, as in PostgreSQL's own maintenance commands. An error that leaves
/// as a panic aborts the (sub)transaction, which takes them back, too.
pub fn with_settings<T>(
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
    // SAFETY: as above. With `true`, PostgreSQL would keep what was SET inside.
    unsafe { pg_sys::AtEOXact_GUC(false, nest_level) };
    result
}

/// The path that the vault's statements are planned and run with: the system catalogue's operators, functions and types
/// come first, and nobody can put any before them.
pub const SEARCH_PATH: (&CStr, &CStr) = (c"search_path", c"pg_catalog, pg_temp");

/// Runs `statements` with the vault's search path. The functions of the vault pin it already, so this costs a comparison;
/// where something has changed it since, the statements must not notice.
pub fn with_search_path<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // SAFETY: a setting of text; NUL-terminated, and not changed while it is compared.
    let is_pinned = unsafe {
        let path = pg_sys::namespace_search_path;
        !path.is_null() && CStr::from_ptr(path) == SEARCH_PATH.1
    };
    if is_pinned {
        statements()
    } else {
        with_settings(&[SEARCH_PATH], statements)
    }
}

/// Runs `statements` that give up a lock rather than wait for it longer than a moment.
pub fn with_short_lock_timeout<T>(
    statements: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    with_settings(&[(c"lock_timeout", c"100ms")], statements)
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
