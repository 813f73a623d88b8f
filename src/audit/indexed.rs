//! Card numbers whose blind indexes this transaction has computed. They are counted in this backend first, because a
//! statement may compute a million, and go to the [`merged`] counts in lots and at the end of the transaction.

use std::cell::RefCell;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::row::Row;
use super::{Event, Outcome, is_recorded, merged, of_card_number};
use crate::postgres::clock;

/// After so many the log is told, even if the transaction goes on.
const LOT: u64 = 1_000;

thread_local! {
    static INDEXED: RefCell<Option<Indexed>> = const { RefCell::new(None) };
}

/// The numbers of one role and profile.
struct Indexed {
    profile_id: String,
    role: pg_sys::Oid,
    row: Row,
    values: u64,
}

/// Must run while the postmaster loads its libraries.
pub fn register_callbacks() {
    // SAFETY: the callback is guarded and lives as long as the library.
    unsafe { pg_sys::RegisterXactCallback(Some(at_end_of_transaction), std::ptr::null_mut()) };
}

/// Counts a number.
pub fn count(profile_id: &str) {
    // SAFETY: reads the backend's state.
    let role = unsafe { pg_sys::GetOuterUserId() };
    INDEXED.with_borrow_mut(|indexed| {
        let is_same =
            |known: &Indexed| known.role == role && known.profile_id.as_str() == profile_id;
        if !indexed.as_ref().is_some_and(is_same) {
            tell(indexed.take());
            *indexed = is_recorded().then(|| Indexed::of(profile_id, role));
        }
        if let Some(known) = indexed {
            known.values += 1;
        }
        if indexed.as_ref().is_some_and(|known| known.values >= LOT) {
            tell(indexed.take());
        }
    });
}

impl Indexed {
    fn of(profile_id: &str, role: pg_sys::Oid) -> Self {
        Self {
            profile_id: profile_id.to_owned(),
            role,
            row: of_card_number(Event::CardNumberIndexed, profile_id, Outcome::Success, ""),
            values: 0,
        }
    }
}

fn tell(indexed: Option<Indexed>) {
    if let Some(Indexed { row, values, .. }) = indexed {
        let occurred_at = clock::now_micros();
        let row = Row { occurred_at, ..row };
        merged::count(&row, values);
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_transaction(
    event: pg_sys::XactEvent::Type,
    _argument: *mut core::ffi::c_void,
) {
    use pg_sys::XactEvent::*;
    if matches!(
        event,
        XACT_EVENT_COMMIT | XACT_EVENT_ABORT | XACT_EVENT_PREPARE
    ) {
        tell(INDEXED.take());
    }
}
