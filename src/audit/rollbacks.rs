//! What this transaction has created, for the log to say so if it is rolled back: the answer of a create tells whether a
//! card is known, and who asks that way leaves no other row.

use std::cell::RefCell;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::row::Row;
use super::{Outcome, merged};

thread_local! {
    static CREATED: RefCell<Vec<Created>> = const { RefCell::new(Vec::new()) };
}

/// Creates of one actor.
struct Created {
    /// Whose rollback undoes them.
    subtransaction: pg_sys::SubTransactionId,
    row: Row,
    occurrences: u64,
}

/// Must run while the postmaster loads its libraries.
pub fn register_callbacks() {
    // SAFETY: both callbacks are guarded and live as long as the library.
    unsafe {
        pg_sys::RegisterXactCallback(Some(at_end_of_transaction), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(at_end_of_subtransaction), std::ptr::null_mut());
    }
}

/// Keeps the row of something that this transaction has created.
pub fn created(row: Row) {
    // SAFETY: reads the backend's state.
    let subtransaction = unsafe { pg_sys::GetCurrentSubTransactionId() };
    CREATED.with_borrow_mut(|all| {
        add(
            all,
            Created {
                subtransaction,
                row,
                occurrences: 1,
            },
        );
    });
}

fn add(all: &mut Vec<Created>, new: Created) {
    let equal = |known: &&mut Created| {
        known.subtransaction == new.subtransaction && known.row.subject == new.row.subject
    };
    match all.iter_mut().find(equal) {
        Some(known) => known.occurrences += new.occurrences,
        None => all.push(new),
    }
}

impl Created {
    fn ended(mut self, outcome: Outcome) {
        self.row.subject.outcome = outcome;
        merged::count(&self.row, self.occurrences);
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_transaction(
    event: pg_sys::XactEvent::Type,
    _argument: *mut core::ffi::c_void,
) {
    use pg_sys::XactEvent::*;
    let outcome = match event {
        XACT_EVENT_COMMIT => return CREATED.with_borrow_mut(Vec::clear),
        XACT_EVENT_ABORT => Outcome::RolledBack,
        // Anybody may roll it back, at any time, in a session that knows nothing of this.
        XACT_EVENT_PREPARE => Outcome::Prepared,
        _ => return,
    };
    CREATED
        .take()
        .into_iter()
        .for_each(|created| created.ended(outcome));
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_subtransaction(
    event: pg_sys::SubXactEvent::Type,
    subtransaction: pg_sys::SubTransactionId,
    parent: pg_sys::SubTransactionId,
    _argument: *mut core::ffi::c_void,
) {
    use pg_sys::SubXactEvent::*;
    if !matches!(event, SUBXACT_EVENT_ABORT_SUB | SUBXACT_EVENT_COMMIT_SUB) {
        return;
    }
    CREATED.with_borrow_mut(|all| {
        let ended: Vec<Created> = all
            .extract_if(.., |created| created.subtransaction == subtransaction)
            .collect();
        for created in ended {
            if event == SUBXACT_EVENT_ABORT_SUB {
                created.ended(Outcome::RolledBack);
            } else {
                add(
                    all,
                    Created {
                        subtransaction: parent,
                        ..created
                    },
                );
            }
        }
    });
}
