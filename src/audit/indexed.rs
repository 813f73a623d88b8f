//! Card numbers whose blind indexes this transaction has computed. They are counted in this backend first, because a
//! statement may compute a million, and go to the [`merged`] counts in lots and at the end of the transaction.

use std::cell::RefCell;

use pgrx::pg_sys;
use vault_core::ids::ProfileId;

use super::row::Row;
use super::{merged, workers};
use crate::postgres::clock;
use crate::postgres::roles::outer_role;
use crate::postgres::transaction::{End, Listener};

/// After this many numbers, the count goes to the log, even if the transaction goes on.
const LOT: u64 = 1_000;

thread_local! {
    static INDEXED: RefCell<Option<Indexed>> = const { RefCell::new(None) };
}

/// The numbers of one role and profile.
struct Indexed {
    profile_id: ProfileId,
    role: pg_sys::Oid,
    row: Row,
    values: u64,
}

/// Counts a number. `row` makes the row for the numbers of a profile.
pub fn count(profile_id: &ProfileId, row: impl FnOnce() -> Row) {
    let role = outer_role();
    INDEXED.with_borrow_mut(|indexed| {
        let is_same = |known: &Indexed| known.role == role && known.profile_id == *profile_id;
        if !indexed.as_ref().is_some_and(is_same) {
            tell(indexed.take());
            *indexed = workers::record_here().then(|| Indexed {
                profile_id: profile_id.clone(),
                role,
                row: row(),
                values: 0,
            });
        }
        if let Some(known) = indexed {
            known.values += 1;
        }
        if indexed.as_ref().is_some_and(|known| known.values >= LOT) {
            tell(indexed.take());
        }
    });
}

fn tell(indexed: Option<Indexed>) {
    if let Some(Indexed { row, values, .. }) = indexed {
        let occurred_at = clock::now_micros();
        let row = Row { occurred_at, ..row };
        merged::count(&row, values);
    }
}

/// Moves the numbers that are still counted in this backend to the log.
pub struct CountIndexed;

impl Listener for CountIndexed {
    fn at_end(&self, _end: End) {
        tell(INDEXED.take());
    }
}
