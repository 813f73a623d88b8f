//! Work that may fail without ending the transaction.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::prelude::*;

use super::time_limit;
use crate::error::{Failure, is_cancellation, is_shutdown};

/// How the work ended.
enum Outcome<T> {
    Done(Result<T, Failure>),
    Raised(CaughtError),
}

/// Runs `work` in a subtransaction. A failure, an error of PostgreSQL or a panic undoes everything that `work` has done, its
/// settings and role included, and leaves the transaction usable.
///
/// # Errors
/// The failure of `work`, or [`Failure::Postgres`] or [`Failure::Panic`] for what `work` raised. Only the caller's own
/// cancellation and the server's shutdown are raised again.
pub fn attempt<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // SAFETY: plain calls of the backend's own functions on its main thread. The memory context and the resource owner
    // are those of before in every case, as PL/pgSQL does it for its exception blocks.
    let (memory, owner) = unsafe {
        let before = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::MemoryContextSwitchTo(before.0);
        before
    };
    let outcome = PgTryBuilder::new(AssertUnwindSafe(|| Outcome::Done(work())))
        .catch_others(Outcome::Raised)
        .catch_rust_panic(Outcome::Raised)
        .execute();
    // SAFETY: as above; `work` has left the subtransaction that was begun for it, and no other.
    unsafe {
        match outcome {
            Outcome::Done(Ok(_)) => pg_sys::ReleaseCurrentSubTransaction(),
            _ => pg_sys::RollbackAndReleaseCurrentSubTransaction(),
        }
        pg_sys::MemoryContextSwitchTo(memory);
        pg_sys::CurrentResourceOwner = owner;
    }
    match outcome {
        Outcome::Done(result) => result,
        Outcome::Raised(error) if is_for_the_caller(&error) => error.rethrow(),
        Outcome::Raised(error) => Err(Failure::from(error)),
    }
}

/// Whether the error ends the caller's statement, too. The cancellation by a time limit ends the work alone.
fn is_for_the_caller(error: &CaughtError) -> bool {
    let CaughtError::PostgresError(report) = error else {
        return false;
    };
    let code = report.sql_error_code();
    // Code of a table's owner can raise the SQLSTATE of a cancellation, too, but not from PostgreSQL's own file.
    let is_cancelled =
        is_cancellation(code) && !time_limit::has_expired() && report.file() == "postgres.c";
    is_cancelled || is_shutdown(code)
}
