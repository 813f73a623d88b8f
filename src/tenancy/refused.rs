//! Refusals of SQL calls. The error that tells the caller also rolls back what the call has written, so the audit row of
//! such a refusal waits in shared memory until the worker of its database writes it.

use pgrx::prelude::*;
use pgrx::{PGRXSharedMemory, PgLwLock, pg_sys};

use super::audit::Event;

/// Refusals of one second, at more than a hundred attempts in it; the worker comes every second.
const CAPACITY: usize = 256;

// SAFETY: the name is the vault's own.
static QUEUE: PgLwLock<Queue> = unsafe { PgLwLock::new(c"vault_refused") };

/// A refusal that waits for its audit row.
#[derive(Clone, Copy)]
pub struct Refused {
    database: pg_sys::Oid,
    /// Microseconds since the Unix epoch.
    pub occurred_at: i64,
    pub event: Event,
    pub profile_id: Text<64>,
    pub actor: Text<64>,
    pub client_address: Text<64>,
    pub object_id: Text<128>,
}

/// A short text in shared memory; what does not fit is cut off.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    length: usize,
    bytes: [u8; N],
}

/// A full queue forgets its oldest.
#[derive(Clone, Copy)]
struct Queue {
    waiting: [Option<Refused>; CAPACITY],
    next: usize,
}

// SAFETY: numbers and bytes, without pointers.
unsafe impl PGRXSharedMemory for Queue {}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    pgrx::pg_shmem_init!(QUEUE);
}

/// Has the worker write an audit row.
pub fn keep(refused: Refused) {
    let mut queue = QUEUE.exclusive();
    let place = queue.next % CAPACITY;
    queue.next = place + 1;
    if let Some(slot) = queue.waiting.get_mut(place) {
        *slot = Some(refused);
    }
}

/// Takes what waits for this database, oldest first.
pub fn take() -> Vec<Refused> {
    let database = this_database();
    let mut queue = QUEUE.exclusive();
    let mut taken: Vec<Refused> = queue
        .waiting
        .iter_mut()
        .filter_map(|slot| slot.take_if(|refused| refused.database == database))
        .collect();
    taken.sort_by_key(|refused| refused.occurred_at);
    taken
}

impl Refused {
    /// A refusal of this moment, in this database.
    pub fn new(
        event: Event,
        profile_id: &str,
        actor: &str,
        client_address: Option<&str>,
        object_id: Option<&str>,
    ) -> Self {
        Self {
            database: this_database(),
            occurred_at: crate::clock::now_micros(),
            event,
            profile_id: profile_id.into(),
            actor: actor.into(),
            client_address: client_address.unwrap_or_default().into(),
            object_id: object_id.unwrap_or_default().into(),
        }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            waiting: [None; CAPACITY],
            next: 0,
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
