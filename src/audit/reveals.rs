//! There is no reveal without its row. The row, or a place for it, exists before anything is shown.
//!
//! A SQL session may roll back, or hold its transaction open until the server crashes. So the worker writes the row, and the
//! session waits until the row is committed. An HTTP request writes the row in its own transaction, which commits before the
//! answer is sent. Its place is for the case that the transaction rolls back.

use std::cell::RefCell;
use std::time::Duration;

use pgrx::pg_sys;
use vault_core::ids::ProfileId;

use super::places::{self, Phase, Place};
use super::row::Row;
use super::workers;
use crate::error::{Failure, Unrecorded};
use crate::postgres::clock;
use crate::postgres::latch::{self, SharedLatch};
use crate::postgres::per_subtransaction::PerSubtransaction;
use crate::postgres::roles::outer_role;
use crate::postgres::standby::is_on_standby;
use crate::postgres::transaction::{End, Listener, SubtransactionEnd};

/// How long a session waits for its row: longer than a worker takes to start again after an error.
const LIMIT: Duration = Duration::from_secs(10);

/// After this time the worker is woken again, in case it has started only now.
const PATIENCE: Duration = Duration::from_millis(500);

thread_local! {
    /// The places that this transaction has taken.
    static HELD: RefCell<PerSubtransaction<Held>> =
        const { RefCell::new(PerSubtransaction::new()) };
    /// The values of columns that this transaction opens, one by one.
    static COUNTED: RefCell<Vec<Counted>> = const { RefCell::new(Vec::new()) };
}

/// A place that is given back when the transaction commits. When the subtransaction that holds it is rolled back, the worker
/// gets something to do instead.
struct Held {
    place: Place,
    on_rollback: OnRollback,
}

#[derive(Clone, Copy)]
enum OnRollback {
    GiveBack,
    Write,
    DeleteCvc,
}

/// The values that a role has opened for a profile, and the place of the row that says how many.
struct Counted {
    profile_id: ProfileId,
    role: pg_sys::Oid,
    values: u64,
    place: Place,
}

/// Makes the worker write the row if this transaction, which is about to write it itself, does not commit.
///
/// # Errors
/// When there is no place for it.
pub fn write_on_rollback(row: Row) -> Result<(), Failure> {
    check_served()?;
    let place = places::take(row, Phase::Held, SharedLatch::NONE)?;
    hold(place, OnRollback::Write);
    Ok(())
}

/// Makes the worker write the row, and returns when the row is committed.
///
/// # Errors
/// When there is no place for it, or the worker does not write it in time.
pub fn write_now(row: Row) -> Result<(), Failure> {
    let place = written(row)?;
    places::give_back(place);
    Ok(())
}

/// The same for the use of a CVC, which the worker deletes if this transaction does not commit.
///
/// # Errors
/// As above.
pub fn write_use_of_cvc(row: Row) -> Result<(), Failure> {
    let place = written(row)?;
    places::go_on(place, Phase::Held);
    hold(place, OnRollback::DeleteCvc);
    Ok(())
}

/// Runs before the first value of a profile that a role opens in a transaction. The worker writes a row, and a place is kept
/// for the row that says at the end how many values were opened.
///
/// # Errors
/// As above.
pub fn before_value(profile_id: &ProfileId, row: impl FnOnce() -> Row) -> Result<(), Failure> {
    let role = outer_role();
    let is_known = |counted: &Counted| counted.role == role && counted.profile_id == *profile_id;
    if COUNTED.with_borrow(|counted| counted.iter().any(is_known)) {
        return Ok(());
    }
    check_served()?;
    let row = row();
    let place = places::take(row, Phase::Held, SharedLatch::NONE)?;
    hold(place, OnRollback::GiveBack);
    let written = write_now(row);
    let_go(place);
    if written.is_err() {
        places::give_back(place);
        return written;
    }
    // This comes last, because a wait that was interrupted must not pass for one that ended.
    COUNTED.with_borrow_mut(|counted| {
        counted.push(Counted {
            profile_id: profile_id.clone(),
            role,
            values: 0,
            place,
        });
    });
    Ok(())
}

/// Counts a value that was opened.
pub fn count_value(profile_id: &ProfileId) {
    let role = outer_role();
    COUNTED.with_borrow_mut(|counted| {
        let mut counted = counted.iter_mut();
        let known =
            counted.find(|counted| counted.role == role && counted.profile_id == *profile_id);
        if let Some(known) = known {
            known.values += 1;
        }
    });
}

/// The place of a row that the worker has committed.
fn written(row: Row) -> Result<Place, Failure> {
    check_served()?;
    let place = places::take(row, Phase::Due, SharedLatch::own())?;
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
        latch::wait(PATIENCE);
        pgrx::check_for_interrupts!();
    }
    Ok(())
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
    HELD.with_borrow_mut(|held| held.push(Held { place, on_rollback }));
}

fn let_go(place: Place) {
    HELD.with_borrow_mut(|held| held.retain(|held| held.place != place));
}

impl Held {
    fn roll_back(self) {
        match self.on_rollback {
            OnRollback::GiveBack => places::give_back(self.place),
            OnRollback::Write => places::go_on(self.place, Phase::Due),
            OnRollback::DeleteCvc => places::go_on(self.place, Phase::CvcDue),
        }
    }
}

/// Gives places back. After a rollback, gives the worker its task instead.
pub struct SettlePlaces;

impl Listener for SettlePlaces {
    fn at_end(&self, end: End) {
        for counted in COUNTED.take() {
            let values = format!("{} values", counted.values);
            places::go_on_with(counted.place, &values, clock::now_micros());
        }
        for held in HELD.take().into_values() {
            match end {
                End::Committed => places::give_back(held.place),
                // Anybody may roll a prepared transaction back at any time. A row that is written twice is better than none.
                End::RolledBack | End::Prepared => held.roll_back(),
            }
        }
    }

    fn at_end_of_subtransaction(&self, end: SubtransactionEnd) {
        let rolled_back = HELD.with_borrow_mut(|held| held.end(end));
        rolled_back.into_iter().for_each(Held::roll_back);
    }
}
