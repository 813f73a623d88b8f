//! PostgreSQL's invalidation messages, which reach every backend, standbys included, before its next transaction.

use std::sync::OnceLock;

use pgrx::pg_sys;
use pgrx::prelude::*;

/// The function that is called on every change.
static FORGET: OnceLock<fn()> = OnceLock::new();

/// Makes PostgreSQL call `forget` whenever any table or any role has changed. Called once, when the library is loaded; later
/// calls do nothing.
pub fn call_on_change(forget: fn()) {
    if FORGET.set(forget).is_err() {
        return;
    }
    let roles = pg_sys::SysCacheIdentifier::AUTHOID as i32;
    // SAFETY: the callbacks are guarded and live as long as the library.
    unsafe {
        pg_sys::CacheRegisterRelcacheCallback(Some(table_changed), pg_sys::Datum::null());
        pg_sys::CacheRegisterSyscacheCallback(roles, Some(role_changed), pg_sys::Datum::null());
    }
}

/// Tells this backend at once that a table has changed, and every other backend once this transaction has committed. Changes of
/// rows send no message by themselves. PostgreSQL raises an error when there is no such table.
pub fn tell_of_change(table: pg_sys::Oid) {
    // SAFETY: a look-up in the system caches.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(table) };
}

#[pg_guard]
unsafe extern "C-unwind" fn table_changed(_argument: pg_sys::Datum, _table: pg_sys::Oid) {
    forget();
}

#[pg_guard]
unsafe extern "C-unwind" fn role_changed(_argument: pg_sys::Datum, _cache: i32, _role: u32) {
    forget();
}

fn forget() {
    if let Some(forget) = FORGET.get() {
        forget();
    }
}
