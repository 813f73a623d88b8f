//! What ends by itself: CVCs after a quarter of an hour, volatile payment methods after a day, both with the
//! server; and a CVC that was used. Time is an argument.

use vault_core::card::cvc;
use vault_core::time::Timestamp;

use crate::error::Failure;
use crate::keys;
use crate::store;

/// How many rows of a table are deleted at a time.
const BATCH: i64 = 1_000;

/// One go at a task that may need several.
pub struct Batch {
    /// The number of rows deleted.
    pub deleted: usize,
    /// Whether there may be more.
    pub is_full: bool,
}

/// Deletes a batch of what ends by `now`, in every profile.
pub fn delete_expired(now: Timestamp) -> Result<Batch, Failure> {
    store::as_worker(|| store::retention::delete_expired(now, BATCH)).map(Batch::of)
}

/// Deletes a batch of what an earlier server left under a memory key that is gone.
pub fn delete_dead() -> Result<Batch, Failure> {
    let memory_key = keys::memory_key()?.check_value();
    store::as_worker(|| store::retention::delete_dead(memory_key, BATCH)).map(Batch::of)
}

/// Deletes the CVC that was given to somebody at `used_at`, who then rolled its deletion back. Tells whether it is
/// gone: not while somebody holds its row.
pub fn delete_used_cvc(
    profile_id: &str,
    payment_method_id: &str,
    used_at: Timestamp,
) -> Result<bool, Failure> {
    let end = used_at.after(cvc::LIFETIME)?;
    store::as_worker(|| store::retention::delete_used_cvc(profile_id, payment_method_id, end))
}

impl Batch {
    fn of(deleted: usize) -> Self {
        Self {
            deleted,
            is_full: i64::try_from(deleted).is_ok_and(|deleted| deleted >= BATCH),
        }
    }
}
