//! Failures as PostgreSQL reports them.

use std::borrow::Cow;

use pgrx::PgLogLevel;
use pgrx::pg_sys::panic::ErrorReport;

use super::failure::Failure;
use super::sqlstate::{INTERNAL_ERROR, WARNING};

impl From<Failure> for ErrorReport {
    fn from(failure: Failure) -> Self {
        let report = Self::new(failure.sqlstate(), failure.to_string(), "vault");
        let report = match &failure {
            Failure::ItemRefused { item, .. } => report.set_detail(format!("It is item {item}.")),
            Failure::OutOfReach { tables }
            | Failure::Unread { tables }
            | Failure::KeyNeeded { tables, .. }
                if !tables.is_empty() =>
            {
                report.set_detail(format!("Tables: {}.", tables.join(", ")))
            }
            _ => report,
        };
        match failure.hint() {
            Some(hint) => report.set_hint(hint),
            None => report,
        }
    }
}

/// A failure as an error with its message alone, whatever it is. It is for the server's log: over HTTP, nginx answers the
/// client with the contract's 500.
pub fn internal_error(failure: Failure) -> ErrorReport {
    ErrorReport::new(INTERNAL_ERROR, failure.to_string(), "vault")
}

/// Warns the session, and the server's log.
pub fn warn(message: impl Into<Cow<'static, str>>, hint: impl Into<String>) {
    ErrorReport::new(WARNING, message, "vault")
        .set_hint(hint)
        .report(PgLogLevel::WARNING);
}
