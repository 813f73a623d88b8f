//! What the running statement sees, and what it does not see yet.

use pgrx::pg_sys;

/// How many transactions back the lower halves of two numbers tell which came first.
const RECENT: u64 = i32::MAX as u64;

/// Whether the running statement does not see what the transaction of this number (`xid8`) has written, because it was
/// still running when the statement began.
pub fn is_after_snapshot(transaction: i64) -> bool {
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
    let transaction = pg_sys::TransactionId::from(transaction as u32);
    // SAFETY: both ask about a valid number; a function is called with a snapshot.
    unsafe {
        !pg_sys::TransactionIdIsCurrentTransactionId(transaction)
            && pg_sys::ActiveSnapshotSet()
            && pg_sys::XidInMVCCSnapshot(transaction, pg_sys::GetActiveSnapshot())
    }
}

/// Whether the whole transaction sees what its first statement saw.
pub fn snapshot_is_the_transactions() -> bool {
    // SAFETY: reads the level of the transaction.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}
