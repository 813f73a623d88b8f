//! No reveal without its row: the row, or its place, is there before anything is shown.
//!
//! A SQL session may roll back, or hold its transaction open until the server crashes: so the worker writes the row, and
//! the session waits until it is committed. An HTTP request's own transaction writes it, and commits before the answer;
//! its place is for who rolls back instead.

use std::cell::RefCell;
use std::time::Duration;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::places::{self, Phase, Place};
use super::row::Row;
use super::workers::{self, Latch};
use crate::error::{Failure, Unrecorded};
use crate::postgres::clock;
use crate::postgres::standby::is_on_standby;

/// Longer than a worker takes to start again after an error.
const LIMIT: Duration = Duration::from_secs(10);

/// After this time the worker is woken again, in case it has started only now.
const PATIENCE: Duration = Duration::from_millis(500);

thread_local! {
    /// Places of this transaction.
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
    /// What this transaction opens value by value.
    static COUNTED: RefCell<Vec<Counted>> = const { RefCell::new(Vec::new()) };
}

/// A place that is given back when the transaction commits.
struct Held {
    place: Place,
    /// Whose rollback has something done instead.
    subtransaction: pg_sys::SubTransactionId,
    on_rollback: OnRollback,
}

#[derive(Clone, Copy)]
enum OnRollback {
    GiveBack,
    Write,
    DeleteCode,
}

/// The values that a role has opened for a profile, and the place of the row that says how many.
struct Counted {
    profile_id: String,
    role: pg_sys::Oid,
    values: u64,
    place: Place,
}

/// Must run while the postmaster loads its libraries.
pub fn register_callbacks() {
    // SAFETY: both callbacks are guarded and live as long as the library.
    unsafe {
        pg_sys::RegisterXactCallback(Some(at_end_of_transaction), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(at_end_of_subtransaction), std::ptr::null_mut());
    }
}

/// Has the worker write the row if this transaction, which is about to write it itself, does not commit.
///
/// # Errors
/// When there is no place for it.
pub fn write_on_rollback(row: Row) -> Result<(), Failure> {
    check_served()?;
    let place = places::take(row, Phase::Held, Latch::NONE)?;
    hold(place, OnRollback::Write);
    Ok(())
}

/// Has the worker write the row, and returns when it is committed.
///
/// # Errors
/// When there is no place for it, or the worker does not write it in time.
pub fn write_now(row: Row) -> Result<(), Failure> {
    let place = written(row)?;
    places::give_back(place);
    Ok(())
}

/// The same for the use of a security code, which the worker deletes if this transaction does not commit.
///
/// # Errors
/// As above.
pub fn write_use_of_code(row: Row) -> Result<(), Failure> {
    let place = written(row)?;
    places::go_on(place, Phase::Held);
    hold(place, OnRollback::DeleteCode);
    Ok(())
}

/// Before the first value of a profile that a role opens in a transaction: has the worker write a row, and keeps a place
/// for the one that tells at the end how many they were.
///
/// # Errors
/// As above.
pub fn before_value(profile_id: &str, row: impl FnOnce() -> Row) -> Result<(), Failure> {
    let role = outer_role();
    let is_known = |counted: &Counted| counted.role == role && counted.profile_id == profile_id;
    if COUNTED.with_borrow(|counted| counted.iter().any(is_known)) {
        return Ok(());
    }
    check_served()?;
    let row = row();
    let place = places::take(row, Phase::Held, Latch::NONE)?;
    hold(place, OnRollback::GiveBack);
    let written = write_now(row);
    let_go(place);
    if written.is_err() {
        places::give_back(place);
        return written;
    }
    // Only now: a wait that was cut short must not pass for one that ended.
    COUNTED.with_borrow_mut(|counted| {
        counted.push(Counted {
            profile_id: profile_id.to_owned(),
            role,
            values: 0,
            place,
        });
    });
    Ok(())
}

/// Counts a value that was opened.
pub fn count_value(profile_id: &str) {
    let role = outer_role();
    COUNTED.with_borrow_mut(|counted| {
        let mut counted = counted.iter_mut();
        let known =
            counted.find(|counted| counted.role == role && counted.profile_id == profile_id);
        if let Some(known) = known {
            known.values += 1;
        }
    });
}

fn outer_role() -> pg_sys::Oid {
    // SAFETY: reads the backend's state.
    unsafe { pg_sys::GetOuterUserId() }
}

/// The place of a row that the worker has committed.
fn written(row: Row) -> Result<Place, Failure> {
    check_served()?;
    let place = places::take(row, Phase::Due, Latch::own())?;
    // A cancelled statement or a terminated backend gives the place back as it rolls back.
    hold(place, OnRollback::GiveBack);
    let written = wait_for(place);
    let_go(place);
    if written.is_err() {
        places::give_back(place);
    }
    written.map(|()| place)
}

fn wait_for(place: Place) -> Result<(), Failure> {
    let limit = i64::try_from(LIMIT.as_micros()).unwrap_or(i64::MAX);
    let end = clock::now_micros().saturating_add(limit);
    while !places::is_written(place) {
        if clock::now_micros() >= end {
            return Err(Unrecorded::NotInTime.into());
        }
        workers::wake();
        wait();
    }
    Ok(())
}

fn wait() {
    let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
    let patience = core::ffi::c_long::try_from(PATIENCE.as_millis()).unwrap_or(1);
    // SAFETY: waits for the latch of this process, which is its own.
    unsafe {
        let latch = pg_sys::MyLatch;
        pg_sys::WaitLatch(latch, events as i32, patience, pg_sys::PG_WAIT_EXTENSION);
        pg_sys::ResetLatch(latch);
    }
    pg_sys::check_for_interrupts!();
}

/// A standby has no worker, nor has a database that `vault.databases` leaves out.
fn check_served() -> Result<(), Failure> {
    if is_on_standby() {
        return Err(Failure::Standby);
    }
    if !workers::serve_this_database() {
        return Err(Unrecorded::NotServed.into());
    }
    Ok(())
}

fn hold(place: Place, on_rollback: OnRollback) {
    // SAFETY: reads the backend's state.
    let subtransaction = unsafe { pg_sys::GetCurrentSubTransactionId() };
    HELD.with_borrow_mut(|held| {
        held.push(Held {
            place,
            subtransaction,
            on_rollback,
        });
    });
}

fn let_go(place: Place) {
    HELD.with_borrow_mut(|held| held.retain(|held| held.place != place));
}

impl Held {
    fn roll_back(self) {
        match self.on_rollback {
            OnRollback::GiveBack => places::give_back(self.place),
            OnRollback::Write => places::go_on(self.place, Phase::Due),
            OnRollback::DeleteCode => places::go_on(self.place, Phase::CodeDue),
        }
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_transaction(
    event: pg_sys::XactEvent::Type,
    _argument: *mut core::ffi::c_void,
) {
    use pg_sys::XactEvent::*;
    if !matches!(
        event,
        XACT_EVENT_COMMIT | XACT_EVENT_ABORT | XACT_EVENT_PREPARE
    ) {
        return;
    }
    for counted in COUNTED.take() {
        let values = format!("{} values", counted.values);
        places::go_on_with(counted.place, &values, clock::now_micros());
    }
    for held in HELD.take() {
        match event {
            XACT_EVENT_COMMIT => places::give_back(held.place),
            // A prepared transaction may be rolled back by anybody, at any time: better a row twice than none.
            _ => held.roll_back(),
        }
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_subtransaction(
    event: pg_sys::SubXactEvent::Type,
    subtransaction: pg_sys::SubTransactionId,
    parent: pg_sys::SubTransactionId,
    _argument: *mut core::ffi::c_void,
) {
    use pg_sys::SubXactEvent::*;
    HELD.with_borrow_mut(|held| match event {
        SUBXACT_EVENT_ABORT_SUB => held
            .extract_if(.., |held| held.subtransaction == subtransaction)
            .for_each(Held::roll_back),
        SUBXACT_EVENT_COMMIT_SUB => held
            .iter_mut()
            .filter(|held| held.subtransaction == subtransaction)
            .for_each(|held| held.subtransaction = parent),
        _ => {}
    });
}
