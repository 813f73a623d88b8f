//! Places in shared memory for audit rows of reveals. A place is taken before anything is shown, and given back once the row
//! is committed. Nothing else takes places, and no backend takes more than its share, so that nobody keeps others from theirs.

use pgrx::pg_sys;

use super::row::Row;
use crate::error::{Failure, Unrecorded};
use crate::metrics::events::{Watched, count};
use crate::postgres::catalog::own_database;
use crate::postgres::latch::SharedLatch;
use crate::postgres::process;
use crate::postgres::roles::session_role;
use crate::postgres::shared_memory::{SharedTable, plain, reserve};

/// The number of places of the server.
const PLACES: usize = 1024;

/// The share of one backend.
const SHARE: usize = 32;

/// The share of all sessions of one login role together. PostgREST's role is one of these roles.
const SHARE_OF_LOGIN: usize = 128;

static TABLE: SharedTable<Table> = SharedTable::named(c"vault_audit_places");

/// A place that a session has taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Place {
    index: usize,
    /// Tells this use of the place from later ones.
    number: u64,
}

/// The state of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The row waits for the end of the transaction that took the place.
    Held,
    /// The worker is to write the row. Afterwards the place is free again, unless a session waits for the row.
    Due,
    /// The row is committed, and the session that waits for it is to notice.
    Written,
    /// The row is committed, and the worker is to delete the CVC that it names.
    CvcDue,
}

#[derive(Clone, Copy)]
struct Slot {
    /// None if the place is free.
    phase: Option<Phase>,
    number: u64,
    database: pg_sys::Oid,
    owner: i32,
    login: pg_sys::Oid,
    waiter: SharedLatch,
}

/// The members that a search reads stand apart from the rows, so that it touches little memory.
#[derive(Clone, Copy)]
struct Table {
    slots: [Slot; PLACES],
    rows: [Row; PLACES],
    numbered: u64,
}

plain! {
    record Table { slots, rows, numbered };
    record Slot { phase, number, database, owner, login, waiter };
    choice Phase;
}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    reserve!(TABLE = Table::default());
}

/// Takes a place for the row.
///
/// # Errors
/// When no place is free, or the share of the session or its login is used up.
pub fn take(row: Row, phase: Phase, waiter: SharedLatch) -> Result<Place, Failure> {
    let (owner, login) = (process::own_id(), session_role());
    let mut table = TABLE.exclusive();
    let mut free = None;
    let (mut owned, mut of_login) = (0, 0);
    for (index, slot) in table.slots.iter().enumerate() {
        if slot.phase.is_none() {
            free = free.or(Some(index));
            continue;
        }
        owned += usize::from(slot.owner == owner);
        of_login += usize::from(slot.login == login);
    }
    if owned >= SHARE || of_login >= SHARE_OF_LOGIN {
        count(Watched::AuditPlaceRefused);
        return Err(Unrecorded::ShareIsUsed.into());
    }
    let index = free
        .ok_or(Unrecorded::NoPlace)
        .inspect_err(|_| count(Watched::AuditPlaceRefused))?;
    table.numbered += 1;
    let number = table.numbered;
    let slot = Slot {
        phase: Some(phase),
        number,
        database: row.subject.database,
        owner,
        login,
        waiter,
    };
    table.put(index, slot, row);
    Ok(Place { index, number })
}

/// Sets the state of the row. No session waits for it any more.
pub fn go_on(place: Place, phase: Phase) {
    if let Some(slot) = TABLE.exclusive().slot(place) {
        slot.phase = Some(phase);
        slot.waiter = SharedLatch::NONE;
    }
}

/// Hands the row to the worker, with another object and time.
pub fn go_on_with(place: Place, object_id: &str, occurred_at: i64) {
    let mut table = TABLE.exclusive();
    if let Some(slot) = table.slot(place) {
        slot.phase = Some(Phase::Due);
        if let Some(row) = table.rows.get_mut(place.index) {
            row.subject.object_id = object_id.into();
            row.occurred_at = occurred_at;
        }
    }
}

/// Gives the place back.
pub fn give_back(place: Place) {
    if let Some(slot) = TABLE.exclusive().slot(place) {
        slot.phase = None;
    }
}

/// Whether the row of this place is committed.
pub fn is_written(place: Place) -> bool {
    let table = TABLE.share();
    let slot = table.slots.get(place.index);
    slot.is_some_and(|slot| slot.number == place.number && slot.phase == Some(Phase::Written))
}

/// Whether any row of this database is in this phase.
pub fn any(phase: Phase) -> bool {
    let database = own_database();
    let table = TABLE.share();
    let mut slots = table.slots.iter();
    slots.any(|slot| slot.database == database && slot.phase == Some(phase))
}

/// The rows of this database that are in this phase, oldest first.
pub fn all(phase: Phase) -> Vec<(Place, Row)> {
    let database = own_database();
    let table = TABLE.share();
    let slots = table.slots.iter().zip(&table.rows).enumerate();
    let mut found: Vec<(Place, Row)> = slots
        .filter(|(_, (slot, _))| slot.database == database && slot.phase == Some(phase))
        .map(|(index, (slot, row))| {
            let number = slot.number;
            (Place { index, number }, *row)
        })
        .collect();
    found.sort_by_key(|(place, _)| place.number);
    found
}

/// How many rows of this database the worker should have seen to before that time.
pub fn waiting_since_before(before: i64) -> u64 {
    let database = own_database();
    let table = TABLE.share();
    let slots = table.slots.iter().zip(&table.rows);
    let waiting = slots.filter(|(slot, row)| {
        let waits = matches!(slot.phase, Some(Phase::Due | Phase::CvcDue));
        waits && slot.database == database && row.occurred_at < before
    });
    waiting.count() as u64
}

/// Notes that the rows of these places are committed, and wakes the sessions that wait for them.
pub fn written(places: &[Place]) {
    let mut waiters = Vec::new();
    {
        let mut table = TABLE.exclusive();
        for place in places {
            if let Some(slot) = table.slot(*place) {
                let awaited = slot.waiter != SharedLatch::NONE;
                slot.phase = awaited.then_some(Phase::Written);
                waiters.push(slot.waiter);
            }
        }
    }
    waiters.into_iter().for_each(SharedLatch::set);
}

/// The databases that have places.
pub fn databases() -> Vec<pg_sys::Oid> {
    let table = TABLE.share();
    let taken = table.slots.iter().filter(|slot| slot.phase.is_some());
    taken.map(|slot| slot.database).collect()
}

/// Gives back the places of a database whose rows have waited for its worker since before that time, and returns how many.
pub fn give_up(database: pg_sys::Oid, before: i64) -> u64 {
    let mut given_up = 0;
    let mut table = TABLE.exclusive();
    let Table { slots, rows, .. } = &mut *table;
    for (slot, row) in slots.iter_mut().zip(rows) {
        let waits = matches!(slot.phase, Some(Phase::Due | Phase::CvcDue));
        if waits && slot.database == database && row.occurred_at <= before {
            slot.phase = None;
            given_up += 1;
        }
    }
    given_up
}

impl Table {
    /// None if the place was given back already.
    fn slot(&mut self, place: Place) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(place.index)?;
        (slot.number == place.number && slot.phase.is_some()).then_some(slot)
    }

    fn put(&mut self, index: usize, slot: Slot, row: Row) {
        if let (Some(to), Some(row_to)) = (self.slots.get_mut(index), self.rows.get_mut(index)) {
            *to = slot;
            *row_to = row;
        }
    }
}

impl Default for Table {
    fn default() -> Self {
        let free = Slot {
            phase: None,
            number: 0,
            database: pg_sys::InvalidOid,
            owner: 0,
            login: pg_sys::InvalidOid,
            waiter: SharedLatch::NONE,
        };
        Self {
            slots: [free; PLACES],
            rows: [Row::NONE; PLACES],
            numbered: 0,
        }
    }
}
