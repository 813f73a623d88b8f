//! Randomness from the operating system, on every call: a generator in memory would repeat itself in forked backends.

use rand::TryRng;
use rand::rngs::SysRng;
use uuid::Uuid;
use vault_core::contract::time::Timestamp;

use crate::error::Failure;

/// Fills the buffer with random bytes.
///
/// # Errors
/// Fails when the operating system gives no randomness.
pub fn fill_random(bytes: &mut [u8]) -> Result<(), Failure> {
    SysRng
        .try_fill_bytes(bytes)
        .map_err(|_| Failure::NoRandomness)
}

/// Random bytes.
///
/// # Errors
/// Fails when the operating system gives no randomness.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    fill_random(&mut bytes)?;
    Ok(bytes)
}

/// A new UUID version 7 for the given time.
///
/// # Errors
/// Fails when the operating system gives no randomness.
pub fn uuid_at(timestamp: Timestamp) -> Result<Uuid, Failure> {
    let millis = u64::try_from(timestamp.unix_micros() / 1_000).unwrap_or_default();
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random_bytes()?).into_uuid())
}
