//! The transactions of the background processes.

use core::ffi::CStr;
use std::panic::AssertUnwindSafe;

use pgrx::bgworkers::BackgroundWorker;

use crate::error::Failure;
use crate::postgres::background_worker::doing;
use crate::postgres::catalog::has_extension;

/// Does the work in a transaction of its own. None if the extension is not installed.
pub fn in_transaction<T>(
    what: &'static CStr,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    BackgroundWorker::transaction(AssertUnwindSafe(|| {
        if is_installed() {
            doing(what, work).map(Some)
        } else {
            Ok(None)
        }
    }))
}

/// Whether this database has the extension. Needs a transaction.
pub fn is_installed() -> bool {
    has_extension(c"vault")
}
