//! The ends of transactions and subtransactions: which listeners are called, and in which order.

use core::ffi::c_void;
use std::sync::OnceLock;

use pgrx::pg_sys::panic::{ErrorReport, ErrorReportable};
use pgrx::pg_sys::{self, SubTransactionId};
use pgrx::prelude::*;

/// How a transaction ends, for the backend that ran it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is committed.
    Committed,
    /// It is rolled back.
    RolledBack,
    /// It is prepared. Anybody may commit it or roll it back later, in another session.
    Prepared,
}

/// How a subtransaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubtransactionEnd {
    /// Its work belongs to its parent from now on, and is rolled back if the parent is.
    Committed {
        /// The subtransaction.
        id: SubTransactionId,
        /// The subtransaction in which it began, or the transaction itself, which counts as one.
        parent: SubTransactionId,
    },
    /// Its work is undone.
    RolledBack {
        /// The subtransaction.
        id: SubTransactionId,
    },
}

/// Is called at the ends of this backend's transactions.
pub trait Listener: Sync {
    /// Called before the transaction commits. An error rolls it back.
    ///
    /// # Errors
    /// When the transaction must not commit.
    fn before_commit(&self) -> Result<(), ErrorReport> {
        Ok(())
    }

    /// Called before the transaction is prepared. An error rolls it back.
    ///
    /// # Errors
    /// When the transaction must not be prepared.
    fn before_prepare(&self) -> Result<(), ErrorReport> {
        Ok(())
    }

    /// Called when the transaction has ended. It must not panic and must raise no error of PostgreSQL. A committed transaction
    /// cannot fail any more, so PostgreSQL would end the whole server.
    fn at_end(&self, end: End);

    /// Called when a subtransaction has ended. It must not panic or raise an error, either.
    fn at_end_of_subtransaction(&self, _end: SubtransactionEnd) {}
}

/// Listeners, in the order in which they are called.
pub type Listeners = &'static [&'static dyn Listener];

static LISTENERS: OnceLock<Listeners> = OnceLock::new();

/// Registers the listeners, which are called in this order. Called once, when the library is loaded; later calls do nothing.
pub fn call_at_end(listeners: Listeners) {
    if LISTENERS.set(listeners).is_err() {
        return;
    }
    // SAFETY: both callbacks are guarded and live as long as the library.
    unsafe {
        pg_sys::RegisterXactCallback(Some(at_end_of_transaction), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(at_end_of_subtransaction), std::ptr::null_mut());
    }
}

fn listeners() -> impl Iterator<Item = &'static dyn Listener> {
    LISTENERS.get().into_iter().copied().flatten().copied()
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_transaction(
    event: pg_sys::XactEvent::Type,
    _argument: *mut c_void,
) {
    use pg_sys::XactEvent::*;
    match event {
        XACT_EVENT_PRE_COMMIT => ask(|listener| listener.before_commit()),
        XACT_EVENT_PRE_PREPARE => ask(|listener| listener.before_prepare()),
        XACT_EVENT_COMMIT => tell(End::Committed),
        XACT_EVENT_ABORT => tell(End::RolledBack),
        XACT_EVENT_PREPARE => tell(End::Prepared),
        // A parallel worker runs only a part of a transaction, and does nothing that the listeners take care of.
        _ => {}
    }
}

/// Raises the first error. The listeners after that one are not called.
fn ask(question: impl Fn(&dyn Listener) -> Result<(), ErrorReport>) {
    listeners().try_for_each(question).unwrap_or_report();
}

fn tell(end: End) {
    listeners().for_each(|listener| listener.at_end(end));
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_subtransaction(
    event: pg_sys::SubXactEvent::Type,
    id: SubTransactionId,
    parent: SubTransactionId,
    _argument: *mut c_void,
) {
    use pg_sys::SubXactEvent::*;
    let end = match event {
        SUBXACT_EVENT_COMMIT_SUB => SubtransactionEnd::Committed { id, parent },
        SUBXACT_EVENT_ABORT_SUB => SubtransactionEnd::RolledBack { id },
        _ => return,
    };
    listeners().for_each(|listener| listener.at_end_of_subtransaction(end));
}

/// The running subtransaction. A transaction without subtransactions counts as one.
pub fn current_subtransaction() -> SubTransactionId {
    // SAFETY: reads the backend's state.
    unsafe { pg_sys::GetCurrentSubTransactionId() }
}

/// Whether a transaction is under way in which the catalogues can be read.
pub fn is_under_way() -> bool {
    // SAFETY: reads the backend's state.
    unsafe { pg_sys::IsTransactionState() }
}

/// Makes the commit of this transaction wait until it is on the disk, whatever `synchronous_commit` says.
pub fn commit_for_good() {
    // SAFETY: sets a flag of the transaction, which its end takes back.
    unsafe { pg_sys::ForceSyncCommit() };
}

impl SubtransactionEnd {
    /// The subtransaction.
    pub fn id(self) -> SubTransactionId {
        match self {
            Self::Committed { id, .. } | Self::RolledBack { id } => id,
        }
    }
}
