//! Deletes what expires: CVCs after a quarter of an hour, and volatile payment methods and tokens for one use after a day. CVCs
//! and volatile payment methods also end with the server. A used CVC is deleted, too. Time is an argument. Months of the audit log
//! end when the settings say so. The counts of payment methods are added up.

use vault_core::card::cvc;
use vault_core::ids::{PaymentMethodId, ProfileId};
use vault_core::time::Timestamp;

use crate::audit;
use crate::error::Failure;
use crate::keys;
use crate::postgres::local_settings::with_short_lock_timeout;
use crate::postgres::subtransaction::attempt;
use crate::settings;
use crate::store;

/// How many rows of a table are deleted at a time.
const BATCH: i64 = 1_000;

/// How many rows are added up at a time, in each group of shards.
const BATCH_OF_COUNTS: i64 = 10_000;

/// The outcome of one batch of a task.
pub struct Batch {
    /// The number of rows deleted.
    pub deleted: usize,
    /// Whether there may be more.
    pub is_full: bool,
}

/// Deletes a batch of rows that expire by `now`, in every profile.
pub fn delete_expired(now: Timestamp) -> Result<Batch, Failure> {
    store::as_worker(|| store::retention::delete_expired(now, BATCH)).map(Batch::of)
}

/// The same for the worker, which does not wait long for locks.
pub fn delete_expired_unless_locked(now: Timestamp) -> Result<Batch, Failure> {
    unless_locked(|| delete_expired(now))
}

/// Does work of the worker that others' locks may hold up, such as a profile's move to another node. It fails then, because the
/// worker has more urgent work, and does it another time.
fn unless_locked<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    attempt(|| with_short_lock_timeout(work))
}

/// Deletes a batch of rows that an earlier server has sealed under its own memory key.
pub fn delete_dead() -> Result<Batch, Failure> {
    let memory_key = keys::memory_key()?.check_value();
    store::as_worker(|| store::retention::delete_dead(memory_key, BATCH)).map(Batch::of)
}

/// Deletes a CVC that was given out at `used_at` in a transaction that was then rolled back. Returns whether the CVC is gone: it
/// stays while another transaction holds its row.
pub fn delete_used_cvc(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    used_at: Timestamp,
) -> Result<bool, Failure> {
    let end = used_at.after(cvc::LIFETIME)?;
    store::as_worker(|| store::retention::delete_used_cvc(profile_id, payment_method_id, end))
}

/// Adds a batch of what operations have counted to the numbers of payment methods of all profiles, and tells whether there may be
/// more.
pub fn add_up_payment_methods() -> Result<bool, Failure> {
    let add_up = || store::payment_methods::add_up(BATCH_OF_COUNTS);
    let added = unless_locked(|| store::as_worker(add_up))?;
    Ok(i64::try_from(added).is_ok_and(|added| added >= BATCH_OF_COUNTS))
}

/// Makes partitions for the coming rows of the audit log, and tells whether they are there. A vault that is sealed, or has no
/// merchant yet, needs none.
pub fn make_audit_months() -> Result<bool, Failure> {
    match keys::check_usable() {
        Ok(()) => attempt(audit::months::make),
        Err(_) => Ok(false),
    }
}

/// Drops a month of the audit log that is no longer kept. One at a time, because the files of a month take time to delete. A vault
/// that is sealed drops none.
pub fn drop_audit_month() -> Result<(), Failure> {
    match keys::check_usable() {
        Ok(()) => attempt(|| audit::months::drop_one(settings::audit_retention_months())),
        Err(_) => Ok(()),
    }
}

impl Batch {
    fn of(deleted: usize) -> Self {
        Self {
            deleted,
            is_full: i64::try_from(deleted).is_ok_and(|deleted| deleted >= BATCH),
        }
    }
}
