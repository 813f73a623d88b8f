//! PostgreSQL's invalidation messages, which reach every backend, standbys included, before its next transaction.

use std::cell::Cell;
use std::sync::Once;

use pgrx::pg_sys;
use pgrx::prelude::*;

static WATCHED: Once = Once::new();

thread_local! {
    static CHANGES: Cell<u64> = const { Cell::new(0) };
}

/// Counts the changes from now on. Called when the library is loaded; later calls do nothing.
pub fn watch() {
    WATCHED.call_once(|| {
        let roles = pg_sys::SysCacheIdentifier::AUTHOID as i32;
        // SAFETY: the callbacks are guarded and live as long as the library.
        unsafe {
            pg_sys::CacheRegisterRelcacheCallback(Some(table_changed), pg_sys::Datum::null());
            pg_sys::CacheRegisterSyscacheCallback(roles, Some(role_changed), pg_sys::Datum::null());
        }
    });
}

/// A number that grows whenever this backend hears that a table or a role has changed, or that such a change is rolled back.
pub fn changes() -> u64 {
    CHANGES.get()
}

/// Hears the messages that have come by now, as every lock of a table does. Otherwise they may wait for the next transaction.
pub fn listen() {
    // SAFETY: allowed wherever PostgreSQL may lock a table; the callbacks are guarded.
    unsafe { pg_sys::AcceptInvalidationMessages() };
}

/// Tells this backend at once that a table has changed, and every other backend once this transaction has committed. Changes of
/// rows send no message by themselves. PostgreSQL raises an error when there is no such table.
pub fn tell_of_change(table: pg_sys::Oid) {
    // SAFETY: a look-up in the system caches.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(table) };
}

#[pg_guard]
unsafe extern "C-unwind" fn table_changed(_argument: pg_sys::Datum, _table: pg_sys::Oid) {
    count();
}

#[pg_guard]
unsafe extern "C-unwind" fn role_changed(_argument: pg_sys::Datum, _cache: i32, _role: u32) {
    count();
}

fn count() {
    CHANGES.set(CHANGES.get().wrapping_add(1));
}
