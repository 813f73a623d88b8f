//! A number in shared memory that grows with every change of a key. A backend that finds a larger number drops the keys that
//! it has unwrapped, even in the middle of a transaction.

use std::cell::Cell;
use std::sync::atomic::AtomicU64;

use pgrx::pg_sys::panic::ErrorReport;

use crate::error::Failure;
use crate::postgres::shared_memory::{SharedCounter, reserve};
use crate::postgres::transaction::{End, Listener, SubtransactionEnd};

static EPOCH: SharedCounter = SharedCounter::named(c"vault_key_epoch");

thread_local! {
    /// This transaction has changed a key.
    static CHANGED: Cell<bool> = const { Cell::new(false) };
    /// Grows when this backend changes a key, because it goes on with the new one, and when it rolls the change back.
    static OWN: Cell<u64> = const { Cell::new(0) };
}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    reserve!(EPOCH = AtomicU64::new(0));
}

/// The present numbers: one for what all backends have committed, and one for what this backend has changed or rolled back.
pub fn current() -> (u64, u64) {
    (EPOCH.current(), OWN.get())
}

/// This backend drops its keys at once, and every other backend does when this transaction has committed.
pub fn advance_at_commit() {
    CHANGED.set(true);
    advance_own();
}

fn advance_own() {
    OWN.set(OWN.get() + 1);
}

/// Makes the other backends drop their keys when a change is committed, and this one when a change is rolled back.
pub struct AdvanceEpoch;

impl Listener for AdvanceEpoch {
    /// Another session would commit a prepared transaction later, and no backend would notice.
    fn before_prepare(&self) -> Result<(), ErrorReport> {
        if CHANGED.get() {
            return Err(Failure::PreparedKeyChange.into());
        }
        Ok(())
    }

    fn at_end(&self, end: End) {
        match end {
            End::Committed if CHANGED.take() => EPOCH.advance(),
            End::RolledBack if CHANGED.take() => advance_own(),
            _ => {}
        }
    }

    fn at_end_of_subtransaction(&self, end: SubtransactionEnd) {
        if matches!(end, SubtransactionEnd::RolledBack { .. }) && CHANGED.get() {
            advance_own();
        }
    }
}
