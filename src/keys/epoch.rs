//! A number in shared memory that grows with every change of a key. A backend that finds it grown drops what it has
//! unwrapped, in the middle of a transaction, too.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::{PgAtomic, pg_sys};

// SAFETY: the name is the vault's own.
static EPOCH: PgAtomic<AtomicU64> = unsafe { PgAtomic::new(c"vault_key_epoch") };

thread_local! {
    /// This transaction has changed a key.
    static CHANGED: Cell<bool> = const { Cell::new(false) };
    /// Grows when this backend changes a key, which it then goes on with, and when it rolls that back.
    static OWN: Cell<u64> = const { Cell::new(0) };
}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    pgrx::pg_shmem_init!(EPOCH);
    // SAFETY: the callbacks are guarded and live as long as the library.
    unsafe {
        pg_sys::RegisterXactCallback(Some(at_end_of_transaction), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(at_end_of_subtransaction), std::ptr::null_mut());
    }
}

/// The number now: of what all backends have committed, and of what this one has changed and rolled back.
pub fn current() -> (u64, u64) {
    (EPOCH.get().load(Ordering::Acquire), OWN.get())
}

/// Has this backend follow at once, and every other one when this transaction has committed.
pub fn advance_at_commit() {
    CHANGED.set(true);
    advance_own();
}

fn advance_own() {
    OWN.set(OWN.get() + 1);
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_transaction(
    event: pg_sys::XactEvent::Type,
    _argument: *mut core::ffi::c_void,
) {
    use pg_sys::XactEvent::*;
    match event {
        XACT_EVENT_COMMIT if CHANGED.take() => {
            EPOCH.get().fetch_add(1, Ordering::AcqRel);
        }
        XACT_EVENT_ABORT if CHANGED.take() => advance_own(),
        // Somebody else would commit it later, and nobody would notice.
        XACT_EVENT_PRE_PREPARE if CHANGED.get() => ErrorReport::new(
            PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
            "a transaction that changed a key cannot be prepared",
            "vault",
        )
        .report(PgLogLevel::ERROR),
        _ => {}
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_subtransaction(
    event: pg_sys::SubXactEvent::Type,
    _subtransaction: pg_sys::SubTransactionId,
    _parent: pg_sys::SubTransactionId,
    _argument: *mut core::ffi::c_void,
) {
    if event == pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB && CHANGED.get() {
        advance_own();
    }
}
