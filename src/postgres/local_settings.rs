//! Settings that hold during some statements.

use core::ffi::CStr;

use pgrx::pg_sys;

use crate::error::Failure;

/// Runs `statements` with these settings, and then takes back every change of a setting. Code of a table's owner may run in a
/// statement, and its settings must not outlive the statement, as in PostgreSQL's own maintenance commands. An error that
/// leaves as a panic aborts the (sub)transaction, which takes the changes back, too.
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

/// The search path of the vault's statements. The operators, functions and types of the system catalogue come first, and
/// nobody can put any before them.
pub const SEARCH_PATH: (&CStr, &CStr) = (c"search_path", c"pg_catalog, pg_temp");

/// Runs `statements` with the vault's search path, even if something has changed the path. The functions of the vault pin the
/// path already, so this usually costs one comparison.
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

/// Runs `statements` that wait for a lock no longer than a moment.
pub fn with_short_lock_timeout<T>(
    statements: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    with_settings(&[(c"lock_timeout", c"100ms")], statements)
}

/// Runs `statements` that wait for strong locks, behind which all other sessions would queue. They wait no longer than
/// `lock_timeout`, or 5 seconds if that is not set.
pub fn with_lock_timeout<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // SAFETY: reads a setting.
    if unsafe { pg_sys::LockTimeout } > 0 {
        statements()
    } else {
        with_settings(&[(c"lock_timeout", c"5s")], statements)
    }
}
