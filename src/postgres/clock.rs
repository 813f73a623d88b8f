//! The server's clock, which the pure core takes as an argument, and times as PostgreSQL has them.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;
use vault_core::time::{OutOfRange, Timestamp};

use crate::error::Failure;

/// Microseconds from the Unix epoch to PostgreSQL's, 2000-01-01.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

/// The present time, and not that of the transaction's start, which may be long ago.
///
/// # Errors
/// Never on a machine whose clock is right.
pub fn now() -> Result<Timestamp, Failure> {
    at_micros(now_micros())
}

/// The present time in microseconds since the Unix epoch.
pub fn now_micros() -> i64 {
    // SAFETY: reads the clock, nothing else.
    micros(unsafe { pg_sys::GetCurrentTimestamp() })
}

/// A `timestamptz` in microseconds since the Unix epoch.
pub fn micros(value: pg_sys::TimestampTz) -> i64 {
    value.saturating_add(POSTGRES_EPOCH)
}

/// A `timestamptz` as the core's timestamp.
///
/// # Errors
/// When it lies outside of the years that have four digits, `infinity` above all.
pub fn from_postgres(value: pg_sys::TimestampTz) -> Result<Timestamp, Failure> {
    at_micros(micros(value))
}

/// A time in microseconds since the Unix epoch as the core's timestamp.
///
/// # Errors
/// When it lies outside of the years that have four digits.
pub fn at_micros(micros: i64) -> Result<Timestamp, Failure> {
    Ok(Timestamp::from_unix_micros(micros)?)
}

/// The present time as a `timestamptz`, for a row whose MAC covers it.
///
/// # Errors
/// Never on a machine whose clock is right.
pub fn now_stored() -> Result<TimestampWithTimeZone, Failure> {
    // SAFETY: reads the clock, nothing else.
    let now = unsafe { pg_sys::GetCurrentTimestamp() };
    TimestampWithTimeZone::try_from(now).map_err(|_| OutOfRange.into())
}

/// The core's timestamp as a `timestamptz`.
pub fn to_postgres(timestamp: Timestamp) -> pg_sys::TimestampTz {
    timestamp.unix_micros().saturating_sub(POSTGRES_EPOCH)
}
