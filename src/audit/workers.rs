//! Which databases have a worker that writes the rows from shared memory, and how the worker is woken.

use std::cell::Cell;

use pgrx::pg_sys;

use crate::postgres::catalog::{database_name, own_database};
use crate::postgres::latch::SharedLatch;
use crate::postgres::shared_memory::{SharedTable, plain, reserve};
use crate::postgres::standby::is_on_standby;
use crate::postgres::transaction;
use crate::settings;

/// More than the background workers that a server can have.
const CAPACITY: usize = 64;

static WORKERS: SharedTable<Workers> = SharedTable::named(c"vault_workers");

thread_local! {
    /// Whether `vault.databases` names this database. The setting does not change while the server runs.
    static NAMED: Cell<Option<bool>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Workers([Worker; CAPACITY]);

/// A worker that has started. It stays listed while it starts again after an error.
#[derive(Clone, Copy)]
struct Worker {
    database: pg_sys::Oid,
    latch: SharedLatch,
}

plain! {
    wrapper Workers;
    record Worker { database, latch };
}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    reserve!(WORKERS = Workers::default());
}

/// Registers this process as the worker of its database.
pub fn register() {
    let worker = Worker {
        database: own_database(),
        latch: SharedLatch::own(),
    };
    let mut workers = WORKERS.exclusive();
    let mut places = workers.0.iter_mut();
    let place = places
        .find(|known| known.database == worker.database || known.database == pg_sys::InvalidOid);
    match place {
        Some(place) => *place = worker,
        None => pgrx::warning!(
            "vault worker: too many databases: at most {CAPACITY} can have a vault worker"
        ),
    }
}

/// Whether this database has a worker, or will have one as soon as it has started.
pub fn serve_this_database() -> bool {
    worker().is_some() || is_named()
}

/// Whether a worker writes the rows of this database. If none does, a row must not take a place that another database's rows
/// need.
pub fn record_here() -> bool {
    !is_on_standby() && serve_this_database()
}

/// Wakes the worker of this database, so that it looks for work at once.
pub fn wake() {
    if let Some(latch) = worker() {
        latch.set();
    }
}

fn worker() -> Option<SharedLatch> {
    let database = own_database();
    let workers = WORKERS.share();
    let mut workers = workers.0.iter();
    let worker = workers.find(|worker| worker.database == database)?;
    Some(worker.latch)
}

fn is_named() -> bool {
    match NAMED.get() {
        Some(named) => named,
        None if transaction::is_under_way() => {
            let name = database_name(own_database());
            let named = name.is_some_and(|name| settings::databases().contains(&name));
            NAMED.set(Some(named));
            named
        }
        None => false,
    }
}

impl Default for Workers {
    fn default() -> Self {
        Self(
            [Worker {
                database: pg_sys::InvalidOid,
                latch: SharedLatch::NONE,
            }; CAPACITY],
        )
    }
}
