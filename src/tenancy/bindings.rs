//! The tenants that roles are bound to, as this backend has read them.
//!
//! PostgreSQL tells every backend when that may be wrong, as it does of its own catalogues: before the next transaction
//! begins, at the latest, whoever made the change, and on standbys, too. Of the table's rows a trigger has it do so.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::caller::outer_role;
use super::session::Tenant;
use crate::error::Failure;
use crate::store;

thread_local! {
    static BINDINGS: RefCell<Bindings> = RefCell::default();
}

#[derive(Default)]
struct Bindings {
    /// Grows when what is known may have become wrong.
    changes: u64,
    tenants: HashMap<pg_sys::Oid, Option<Rc<Tenant>>>,
}

/// The tenant that the session's role is bound to. The outer role: inside a SECURITY DEFINER function it is still the
/// session's.
///
/// # Errors
/// When the bindings cannot be read.
pub fn tenant_of_session() -> Result<Option<Rc<Tenant>>, Failure> {
    // SAFETY: reads the backend's state.
    let role = unsafe { pg_sys::GetOuterUserId() };
    let (known, changes) =
        BINDINGS.with_borrow(|known| (known.tenants.get(&role).cloned(), known.changes));
    if let Some(tenant) = known {
        return Ok(tenant);
    }
    let tenant = find(&outer_role())?.map(Rc::new);
    BINDINGS.with_borrow_mut(|known| {
        // A change that was told of meanwhile may be younger than the answer.
        if known.changes == changes {
            known.tenants.insert(role, tenant.clone());
        }
    });
    Ok(tenant)
}

/// The answer is kept beyond this transaction, so an old snapshot must not give it.
fn find(role_name: &str) -> Result<Option<Tenant>, Failure> {
    let binding = store::as_operator(|| store::role_bindings::find(role_name))?;
    Ok(binding.map(|binding| Tenant {
        profile_id: binding.profile_id,
        merchant_id: binding.merchant_id,
        key_id: None,
    }))
}

/// Has this backend read the bindings anew, and every other once this transaction has committed. `table` is theirs.
pub fn changed(table: pg_sys::Oid) {
    // SAFETY: a look-up in the system caches, and an error when there is no such table.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(table) };
}

/// Registers the callbacks that forget what may be wrong.
pub fn register_callbacks() {
    let roles = pg_sys::SysCacheIdentifier::AUTHOID as i32;
    // SAFETY: the callbacks are guarded and live as long as the library.
    unsafe {
        pg_sys::CacheRegisterRelcacheCallback(Some(table_changed), pg_sys::Datum::null());
        pg_sys::CacheRegisterSyscacheCallback(roles, Some(role_changed), pg_sys::Datum::null());
    }
}

/// Whatever table it is: they rarely change, and to read a binding again costs little.
#[pg_guard]
unsafe extern "C-unwind" fn table_changed(_argument: pg_sys::Datum, _table: pg_sys::Oid) {
    forget();
}

/// A binding is to a role's name.
#[pg_guard]
unsafe extern "C-unwind" fn role_changed(_argument: pg_sys::Datum, _cache: i32, _role: u32) {
    forget();
}

fn forget() {
    BINDINGS.with_borrow_mut(|known| {
        known.changes += 1;
        known.tenants.clear();
    });
}
