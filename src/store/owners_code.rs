//! The guards around statements in which code of a table's owner may run.

use std::time::Duration;

use pgrx::pg_sys;

use crate::error::Failure;
use crate::postgres::advisory_locks::Leftovers;
use crate::postgres::catalog::table_name;
use crate::postgres::local_settings::{with_lock_timeout, with_short_lock_timeout};
use crate::postgres::subtransaction::attempt;
use crate::postgres::time_limit;
use crate::settings;

/// One step on a table of somebody else, in which code of its owner may run. The step has a time limit and does not wait long
/// for locks. Its settings, and its locks of the session, end with it. A failure undoes only the step.
///
/// # Errors
/// [`Failure::TableFailed`] and [`Failure::TableTimedOut`], which name the table; the failures of `work`.
pub fn step<T>(
    relation: pg_sys::Oid,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    within(relation, settings::table_timeout(), || {
        with_lock_timeout(work)
    })
}

/// A step on a table that may be left out: it gives up a lock after a moment, and has only so much time.
///
/// # Errors
/// As [`step`].
pub fn glance<T>(
    relation: pg_sys::Oid,
    limit: Duration,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    within(relation, limit, || with_short_lock_timeout(work))
}

fn within<T>(
    relation: pg_sys::Oid,
    limit: Duration,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let _leftovers = Leftovers::watch();
    attempt(|| time_limit::within(limit, work)).map_err(|failure| match failure {
        Failure::Postgres(_) if time_limit::has_expired() => Failure::TableTimedOut {
            table: table_name(relation),
        },
        Failure::Postgres(message) => Failure::TableFailed {
            table: table_name(relation),
            message,
        },
        failure => failure,
    })
}
