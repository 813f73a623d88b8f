//! What the running statement sees, and what it does not see yet.
//!
//! The price is two numbers of transactions in the row of a key. Without them, every statement that overlaps a rotation of an
//! index key would fail, also those that can go on with the old one.

use pgrx::pg_sys;

/// How many transactions back the lower halves of two numbers tell which came first.
const RECENT: u64 = i32::MAX as u64;

/// A change, as a row tells of it.
#[derive(Clone, Copy)]
pub struct Change {
    /// The number (`xid8`) of the transaction that made it.
    pub transaction: i64,
    /// The number (`xid`) of the transaction that wrote the row as it is: the same or a later one. In a restored database it
    /// is the one that restored it, and the other number is another cluster's.
    pub written_by: i64,
}

/// Whether the running statement does not see the change, because the transaction was still running when it began.
pub fn is_after_snapshot(change: Change) -> bool {
    let Change {
        transaction,
        written_by,
    } = change;
    // SAFETY: reads shared state.
    let next = unsafe { pg_sys::ReadNextFullTransactionId() }.value;
    // A number to come is of another cluster. Snapshots compare the lower halves alone, by which one of long ago seems to
    // be one to come. Both have ended.
    let age = u64::try_from(transaction)
        .ok()
        .map(|full| next.checked_sub(full));
    if !matches!(age, Some(Some(1..=RECENT))) {
        return false;
    }
    let [transaction, written_by] =
        [transaction, written_by].map(|number| pg_sys::TransactionId::from(number as u32));
    // SAFETY: all ask about numbers of transactions; a function is called with a snapshot.
    unsafe {
        !pg_sys::TransactionIdIsCurrentTransactionId(transaction)
            && pg_sys::ActiveSnapshotSet()
            && pg_sys::XidInMVCCSnapshot(transaction, pg_sys::GetActiveSnapshot())
            && pg_sys::XidInMVCCSnapshot(written_by, pg_sys::GetActiveSnapshot())
    }
}

/// Whether the whole transaction sees what its first statement saw.
pub fn snapshot_is_the_transactions() -> bool {
    // SAFETY: reads the level of the transaction.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}
