//! Which databases have a worker that writes what waits in shared memory, and how it is woken.

use std::cell::Cell;
use std::ffi::CStr;

use pgrx::prelude::*;
use pgrx::{PGRXSharedMemory, PgLwLock, pg_sys};

use super::row::this_database;
use crate::settings;

/// The server has fewer background workers.
const CAPACITY: usize = 64;

// SAFETY: the name is the vault's own.
static WORKERS: PgLwLock<Workers> = unsafe { PgLwLock::new(c"vault_workers") };

thread_local! {
    /// Whether `vault.databases` names this database: the setting does not change while the server runs.
    static NAMED: Cell<Option<bool>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Workers([Worker; CAPACITY]);

/// A worker that has begun. It stays here while it starts again after an error.
#[derive(Clone, Copy)]
struct Worker {
    database: pg_sys::Oid,
    latch: Latch,
}

/// The latch of a process in shared memory, which every process of the server has at the same address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Latch(usize);

// SAFETY: numbers; the address of a latch is valid in every process, for as long as the shared memory exists.
unsafe impl PGRXSharedMemory for Workers {}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    pgrx::pg_shmem_init!(WORKERS);
}

/// Says that this process is the worker of its database.
pub fn register() {
    let worker = Worker {
        database: this_database(),
        latch: Latch::own(),
    };
    let mut workers = WORKERS.exclusive();
    let mut places = workers.0.iter_mut();
    let place = places
        .find(|known| known.database == worker.database || known.database == pg_sys::InvalidOid);
    match place {
        Some(place) => *place = worker,
        None => pgrx::warning!("vault worker: there are more than {CAPACITY} databases with one"),
    }
}

/// Whether this database has a worker, or will have one as soon as it has started.
pub fn serve_this_database() -> bool {
    worker().is_some() || is_named()
}

/// Has the worker of this database look for work at once.
pub fn wake() {
    if let Some(latch) = worker() {
        latch.set();
    }
}

fn worker() -> Option<Latch> {
    let database = this_database();
    let workers = WORKERS.share();
    let mut workers = workers.0.iter();
    let worker = workers.find(|worker| worker.database == database)?;
    Some(worker.latch)
}

fn is_named() -> bool {
    // SAFETY: reads the backend's state.
    let may_look_up = unsafe { pg_sys::IsTransactionState() };
    match NAMED.get() {
        Some(named) => named,
        None if may_look_up => {
            let name = database_name(this_database());
            let named = name.is_some_and(|name| settings::databases().contains(&name));
            NAMED.set(Some(named));
            named
        }
        None => false,
    }
}

/// None when the database was dropped. Needs a transaction.
pub fn database_name(database: pg_sys::Oid) -> Option<String> {
    // SAFETY: a look-up in the system caches; a copy of the name, or NULL.
    unsafe {
        let name = pg_sys::get_database_name(database);
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

impl Latch {
    pub const NONE: Self = Self(0);

    /// That of this process.
    pub fn own() -> Self {
        // SAFETY: set when the process starts; in shared memory since it has connected.
        Self(unsafe { pg_sys::MyLatch } as usize)
    }

    /// Wakes the process. Another one in its place is woken for nothing, which each of them expects.
    pub fn set(self) {
        if self != Self::NONE {
            // SAFETY: the address of a latch in shared memory, as above.
            unsafe { pg_sys::SetLatch(self.0 as *mut pg_sys::Latch) };
        }
    }
}

impl Default for Workers {
    fn default() -> Self {
        Self(
            [Worker {
                database: pg_sys::InvalidOid,
                latch: Latch::NONE,
            }; CAPACITY],
        )
    }
}
