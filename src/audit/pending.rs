//! Audit rows that a rollback would lose. The error that refuses a SQL call, or a client that saw a number and then rolls
//! back, takes the row with it; so such rows wait in shared memory until the worker of their database writes them.

use std::cell::RefCell;

use pgrx::prelude::*;
use pgrx::{PGRXSharedMemory, PgLwLock, pg_sys};

use super::{Event, Outcome};
use crate::clock;

/// The rows of one second, at a thousand transactions in it; the worker comes every second.
const CAPACITY: usize = 1024;

// SAFETY: the name is the vault's own.
static QUEUE: PgLwLock<Queue> = unsafe { PgLwLock::new(c"vault_pending_audit_rows") };

thread_local! {
    /// Rows that this transaction has written, to be kept if it, or the subtransaction that wrote them, is rolled back.
    static WRITTEN: RefCell<Vec<(pg_sys::SubTransactionId, PendingRow)>> = const { RefCell::new(Vec::new()) };
    /// What this transaction has revealed value by value: one row for each profile, with how many values.
    static COUNTED: RefCell<Vec<(PendingRow, u64)>> = const { RefCell::new(Vec::new()) };
}

/// A row that waits to be written.
#[derive(Clone, Copy)]
pub struct PendingRow {
    database: pg_sys::Oid,
    number: u64,
    /// Microseconds since the Unix epoch.
    pub occurred_at: i64,
    pub event: Event,
    pub outcome: Outcome,
    pub profile_id: Text<64>,
    pub actor: Text<64>,
    pub client_address: Text<64>,
    pub object_id: Text<128>,
}

/// What waits for a database.
pub struct Waiting {
    /// Oldest first.
    pub rows: Vec<PendingRow>,
    /// Rows that found no place, of any database.
    pub lost: u64,
}

/// A short text in shared memory; what does not fit is cut off.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    length: usize,
    bytes: [u8; N],
}

#[derive(Clone, Copy)]
struct Queue {
    slots: [Option<PendingRow>; CAPACITY],
    numbered: u64,
    lost: u64,
}

// SAFETY: numbers and bytes, without pointers.
unsafe impl PGRXSharedMemory for Queue {}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    pgrx::pg_shmem_init!(QUEUE);
    // SAFETY: both callbacks are guarded and live as long as the library.
    unsafe {
        pg_sys::RegisterXactCallback(Some(at_end_of_transaction), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(at_end_of_subtransaction), std::ptr::null_mut());
    }
}

/// Has the worker write the row, whatever becomes of this transaction.
pub fn enqueue(row: PendingRow) {
    let mut queue = QUEUE.exclusive();
    queue.numbered += 1;
    let number = queue.numbered;
    match queue.slots.iter_mut().find(|slot| slot.is_none()) {
        Some(slot) => *slot = Some(PendingRow { number, ..row }),
        None => queue.lost += 1,
    }
}

/// Has the worker write the row if this transaction, which has written it, does not commit.
pub fn enqueue_if_rolled_back(row: PendingRow) {
    // SAFETY: reads the backend's state.
    let subtransaction = unsafe { pg_sys::GetCurrentSubTransactionId() };
    WRITTEN.with_borrow_mut(|written| written.push((subtransaction, row)));
}

/// Counts a value of the profile that this transaction has revealed. The worker writes one row for all of them, however the
/// transaction ends: a function that only reads cannot write it.
pub fn count(profile_id: &str, row: impl FnOnce() -> PendingRow) {
    COUNTED.with_borrow_mut(|counted| {
        let known = counted
            .iter_mut()
            .find(|(row, _)| row.profile_id.as_str() == profile_id);
        match known {
            Some((_, count)) => *count += 1,
            None => counted.push((row(), 1)),
        }
    });
}

/// What waits for this database.
pub fn waiting() -> Waiting {
    let database = this_database();
    let queue = QUEUE.share();
    let of_database = queue
        .slots
        .iter()
        .flatten()
        .filter(|row| row.database == database);
    let mut rows: Vec<PendingRow> = of_database.copied().collect();
    rows.sort_by_key(|row| row.number);
    Waiting {
        rows,
        lost: queue.lost,
    }
}

/// Forgets what has been written, once that is committed.
pub fn written(waiting: &Waiting) {
    let mut queue = QUEUE.exclusive();
    let done = |row: &PendingRow| {
        waiting
            .rows
            .iter()
            .any(|written| written.number == row.number)
    };
    for slot in &mut queue.slots {
        slot.take_if(|row| done(row));
    }
    queue.lost = queue.lost.saturating_sub(waiting.lost);
}

impl PendingRow {
    /// A row of this moment, in this database.
    pub fn new(
        event: Event,
        outcome: Outcome,
        profile_id: &str,
        actor: &str,
        client_address: Option<&str>,
        object_id: Option<&str>,
    ) -> Self {
        Self {
            database: this_database(),
            number: 0,
            occurred_at: clock::now_micros(),
            event,
            outcome,
            profile_id: profile_id.into(),
            actor: actor.into(),
            client_address: client_address.unwrap_or_default().into(),
            object_id: object_id.unwrap_or_default().into(),
        }
    }
}

impl PendingRow {
    /// Whether somebody was given a security code.
    pub fn is_use_of_code(&self) -> bool {
        matches!(
            (self.event, self.outcome),
            (Event::CardCvcUsed, Outcome::Success)
        )
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            slots: [None; CAPACITY],
            numbered: 0,
            lost: 0,
        }
    }
}

impl<const N: usize> Text<N> {
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// None for the empty text.
    pub fn non_empty(&self) -> Option<&str> {
        Some(self.as_str()).filter(|text| !text.is_empty())
    }
}

impl<const N: usize> From<&str> for Text<N> {
    fn from(text: &str) -> Self {
        let length = text.floor_char_boundary(N);
        let mut bytes = [0; N];
        for (to, from) in bytes.iter_mut().zip(text.bytes().take(length)) {
            *to = from;
        }
        Self { length, bytes }
    }
}

fn this_database() -> pg_sys::Oid {
    // SAFETY: set when the backend connects, and never changed.
    unsafe { pg_sys::MyDatabaseId }
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
        for (row, count) in COUNTED.take() {
            let object_id = format!("{count} values").as_str().into();
            enqueue(PendingRow { object_id, ..row });
        }
    }
    match event {
        XACT_EVENT_COMMIT => WRITTEN.with_borrow_mut(Vec::clear),
        // A prepared transaction may be rolled back by anybody, at any time: better a row twice than none.
        XACT_EVENT_ABORT | XACT_EVENT_PREPARE => {
            for (_, row) in WRITTEN.take() {
                enqueue(row);
            }
        }
        _ => {}
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
    WRITTEN.with_borrow_mut(|written| match event {
        SUBXACT_EVENT_ABORT_SUB => {
            for (_, row) in written.extract_if(.., |(owner, _)| *owner == subtransaction) {
                enqueue(row);
            }
        }
        SUBXACT_EVENT_COMMIT_SUB => {
            for (owner, _) in written
                .iter_mut()
                .filter(|(owner, _)| *owner == subtransaction)
            {
                *owner = parent;
            }
        }
        _ => {}
    });
}
