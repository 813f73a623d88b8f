//! The server's clock and the operating system's randomness: what the pure core takes as arguments.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;
use rand::rngs::{StdRng, SysRng};
use rand::{SeedableRng, TryRng};
use uuid::Uuid;
use vault_core::time::Timestamp;

use crate::error::Failure;

/// Microseconds from the Unix epoch to PostgreSQL's, 2000-01-01.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

/// The time of day, not of the transaction's start: a session may sit in a transaction for long.
///
/// # Errors
/// Never on a machine whose clock is right.
pub fn now() -> Result<Timestamp, Failure> {
    at_micros(now_micros())
}

/// The time of day in microseconds since the Unix epoch.
pub fn now_micros() -> i64 {
    // SAFETY: reads the clock, nothing else.
    unsafe { pg_sys::GetCurrentTimestamp() }.saturating_add(POSTGRES_EPOCH)
}

/// A `timestamptz` as the core's timestamp.
///
/// # Errors
/// When it lies outside of the years that have four digits, `infinity` above all.
pub fn from_postgres(value: pg_sys::TimestampTz) -> Result<Timestamp, Failure> {
    at_micros(value.saturating_add(POSTGRES_EPOCH))
}

/// A time in microseconds since the Unix epoch as the core's timestamp.
///
/// # Errors
/// When it lies outside of the years that have four digits.
pub fn at_micros(micros: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_unix_micros(micros).map_err(|_| Failure::Malformed)
}

/// The time of day as a `timestamptz`, for a row whose MAC is over it.
///
/// # Errors
/// Never on a machine whose clock is right.
pub fn now_stored() -> Result<TimestampWithTimeZone, Failure> {
    // SAFETY: reads the clock, nothing else.
    let now = unsafe { pg_sys::GetCurrentTimestamp() };
    TimestampWithTimeZone::try_from(now).map_err(|_| Failure::Malformed)
}

/// The core's timestamp as a `timestamptz`.
pub fn to_postgres(timestamp: Timestamp) -> pg_sys::TimestampTz {
    timestamp.unix_micros().saturating_sub(POSTGRES_EPOCH)
}

/// Fills the buffer with randomness from the operating system, on every call: a generator in memory would repeat itself in
/// forked backends.
///
/// # Errors
/// Fails when the operating system gives no randomness.
pub fn fill_random(bytes: &mut [u8]) -> Result<(), Failure> {
    SysRng
        .try_fill_bytes(bytes)
        .map_err(|_| Failure::NoRandomness)
}

/// A generator with a fresh seed of 256 bits from the operating system. Nobody keeps it beyond one operation: a generator that
/// stays in memory would repeat itself in forked backends.
///
/// # Errors
/// Fails when the operating system gives no randomness.
pub fn generator() -> Result<StdRng, Failure> {
    StdRng::try_from_rng(&mut SysRng).map_err(|_| Failure::NoRandomness)
}

/// Random bytes from the operating system.
///
/// # Errors
/// Fails when the operating system gives no randomness.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    fill_random(&mut bytes)?;
    Ok(bytes)
}

/// A new UUID version 7 for the given time. The order of such ids is the order of their microseconds: the 12 bits after the
/// milliseconds hold the fraction of the millisecond, as RFC 9562 (section 6.2, method 3) allows.
///
/// # Errors
/// Fails when the operating system gives no randomness.
pub fn uuid_at(timestamp: Timestamp) -> Result<Uuid, Failure> {
    let micros = u64::try_from(timestamp.unix_micros()).unwrap_or_default();
    let fraction = (micros % 1_000) * 4_096 / 1_000;
    let random = u64::from_ne_bytes(random_bytes()?);
    let bits = u128::from(micros / 1_000) << 80 | u128::from(fraction) << 64 | u128::from(random);
    let builder = uuid::Builder::from_u128(bits).with_version(uuid::Version::SortRand);
    Ok(builder.with_variant(uuid::Variant::RFC4122).into_uuid())
}
