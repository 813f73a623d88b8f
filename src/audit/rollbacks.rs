//! The creates of this transaction, so that the log tells of them even if it rolls back. The answer of a create says whether a
//! card is known, and a create that is rolled back leaves no other row.

use std::cell::RefCell;

use pgrx::pg_sys::SubTransactionId;

use super::event::Outcome;
use super::merged;
use super::row::Row;
use crate::postgres::per_subtransaction::PerSubtransaction;
use crate::postgres::transaction::{End, Listener, SubtransactionEnd, current_subtransaction};

thread_local! {
    static CREATED: RefCell<PerSubtransaction<Created>> =
        const { RefCell::new(PerSubtransaction::new()) };
}

/// The creates of one actor.
struct Created {
    row: Row,
    occurrences: u64,
}

/// Keeps the row of a payment method that this transaction has created.
pub fn created(row: Row) {
    let new = Created {
        row,
        occurrences: 1,
    };
    CREATED.with_borrow_mut(|all| add(all, current_subtransaction(), new));
}

fn add(all: &mut PerSubtransaction<Created>, owner: SubTransactionId, new: Created) {
    let mut known = all.of_mut(owner);
    match known.find(|known| known.row.subject == new.row.subject) {
        Some(known) => known.occurrences += new.occurrences,
        None => {
            drop(known);
            all.push_for(owner, new);
        }
    }
}

impl Created {
    fn ended(mut self, outcome: Outcome) {
        self.row.subject.outcome = outcome;
        merged::count(&self.row, self.occurrences);
    }
}

/// Counts the creates of a transaction or subtransaction that is rolled back.
pub struct CountRolledBack;

impl Listener for CountRolledBack {
    fn at_end(&self, end: End) {
        let created = CREATED.take().into_values();
        match end {
            End::Committed => {}
            End::RolledBack => created.for_each(|created| created.ended(Outcome::RolledBack)),
            End::Prepared => created.for_each(|created| created.ended(Outcome::Prepared)),
        }
    }

    fn at_end_of_subtransaction(&self, end: SubtransactionEnd) {
        CREATED.with_borrow_mut(|all| {
            for created in all.take_of(end.id()) {
                match end {
                    SubtransactionEnd::Committed { parent, .. } => add(all, parent, created),
                    SubtransactionEnd::RolledBack { .. } => created.ended(Outcome::RolledBack),
                }
            }
        });
    }
}
