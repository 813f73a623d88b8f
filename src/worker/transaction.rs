//! The transactions of the background processes.

use core::ffi::CStr;
use std::panic::AssertUnwindSafe;

use pgrx::bgworkers::BackgroundWorker;

use crate::error::{self, Failure};
use crate::postgres::background_worker::doing;
use crate::postgres::catalog::has_extension;
use crate::store;

/// Does the work in a transaction of its own. None if there is nothing to do it with: see [`is_installed`].
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

/// Whether this database has the extension, with tables that this library works with. Needs a transaction.
pub fn is_installed() -> bool {
    has_extension(c"vault") && store::has_present_tables()
}

/// Warns if the database waits for its upgrade from 0.1.0.
pub fn report_earlier_release() {
    BackgroundWorker::transaction(|| {
        if has_extension(c"vault") && !store::has_present_tables() {
            error::warn(
                Failure::NotUpgraded.to_string(),
                "ALTER EXTENSION vault UPDATE upgrades it. docs/operations.md says what to do before.",
            );
        }
    });
}
