//! What the running statement sees, and what it does not see yet.

use pgrx::pg_sys;

/// Whether the running statement does not see a row, because the transaction that wrote it was still running when the
/// statement began. `written_by` is the row's `xmin`.
pub fn is_after_snapshot(written_by: i64) -> bool {
    let written_by = written_by as u32;
    // SAFETY: reads shared state.
    let next = unsafe { pg_sys::ReadNextFullTransactionId() }.value as u32;
    // Only the low 32 bits are compared. A number that seems to lie in the future belongs to a transaction of long ago, or of
    // another cluster. Both have ended.
    if next.wrapping_sub(written_by).cast_signed() <= 0 {
        return false;
    }
    let written_by = pg_sys::TransactionId::from(written_by);
    // SAFETY: all ask about numbers of transactions; a function is called with a snapshot.
    unsafe {
        !pg_sys::TransactionIdIsCurrentTransactionId(written_by)
            && pg_sys::ActiveSnapshotSet()
            && pg_sys::XidInMVCCSnapshot(written_by, pg_sys::GetActiveSnapshot())
    }
}

/// Whether the whole transaction sees what its first statement saw.
pub fn snapshot_is_the_transactions() -> bool {
    // SAFETY: reads the level of the transaction.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}
