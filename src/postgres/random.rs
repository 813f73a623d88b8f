//! Randomness from the operating system, on every call, because a generator in memory would repeat itself in forked backends.

use rand::rngs::{StdRng, SysRng};
use rand::{SeedableRng, TryRng};
use uuid::Uuid;
use vault_core::time::Timestamp;

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

/// A generator with a fresh seed of 256 bits from the operating system. It is not kept beyond one operation.
///
/// # Errors
/// Fails when the operating system gives no randomness.
pub fn generator() -> Result<StdRng, Failure> {
    StdRng::try_from_rng(&mut SysRng).map_err(|_| Failure::NoRandomness)
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
