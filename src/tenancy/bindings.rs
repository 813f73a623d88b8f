//! The tenants that roles are bound to, as this backend has read them.
//!
//! The cache is invalidated by PostgreSQL's own invalidation messages, which reach every backend, standbys included, before its
//! next transaction. Row changes send none by themselves, so triggers on the tables send one.

use core::ffi::CStr;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::CString;
use std::rc::Rc;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::caller::outer_role;
use super::session::Tenant;
use crate::error::Failure;
use crate::keys::row_macs::believed;
use crate::store;
use crate::store::role_bindings::RoleBinding;

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
    let tenant = store::as_operator(|| tenant_of(role, &outer_role()))?.map(Rc::new);
    BINDINGS.with_borrow_mut(|known| {
        // A change that was told of meanwhile may be younger than the answer.
        if known.changes == changes {
            known.tenants.insert(role, tenant.clone());
        }
    });
    Ok(tenant)
}

/// The tenant that a role is bound to, by now: the answer is kept beyond this transaction, so an old snapshot must not give
/// it. Runs as the operator.
///
/// # Errors
/// When there is a binding, and the vault is sealed.
pub fn tenant_of(role: pg_sys::Oid, role_name: &str) -> Result<Option<Tenant>, Failure> {
    let (binding, profile) = store::role_bindings::find(role_name)?.unzip();
    let (Some(binding), Some(profile)) = (believed(binding)?, believed(profile)?) else {
        return Ok(None);
    };
    Ok(is_of(&binding, role).then_some(Tenant {
        profile_id: profile.profile_id,
        merchant_id: profile.merchant_id,
        key_id: None,
    }))
}

/// Whether key management of a profile includes the tables of their owner: code that the owner attached to a table runs when
/// its values are moved, so the owner must have something to do with the profile. A superuser and a member of
/// `vault_table_owner` have, and so has who can become a role that is bound to the profile. The other way round is nothing:
/// a role can make anybody a member of itself. Runs as the operator.
///
/// # Errors
/// When there are bindings, and the vault is sealed.
pub fn acts_for(owner: pg_sys::Oid, profile_id: &str) -> Result<bool, Failure> {
    if role_named(c"vault_table_owner").is_some_and(|group| can_become(owner, group)) {
        return Ok(true);
    }
    for binding in store::role_bindings::of_profile(profile_id)? {
        let Some(binding) = believed(Some(binding))? else {
            continue;
        };
        let role = CString::new(binding.role_name.as_str())
            .ok()
            .and_then(|name| role_named(&name));
        if role.is_some_and(|role| is_of(&binding, role) && can_become(owner, role)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn role_named(name: &CStr) -> Option<pg_sys::Oid> {
    // SAFETY: a look-up in the system caches by a NUL-terminated name.
    let role = unsafe { pg_sys::get_role_oid(name.as_ptr(), true) };
    (role != pg_sys::InvalidOid).then_some(role)
}

fn can_become(member: pg_sys::Oid, role: pg_sys::Oid) -> bool {
    // SAFETY: look-ups in the system caches.
    unsafe { pg_sys::is_member_of_role(member, role) }
}

/// What tells this cluster, with its standbys, from others: it is made by `initdb`.
pub fn this_cluster() -> i64 {
    // SAFETY: reads what the server has read from its control file.
    unsafe { pg_sys::GetSystemIdentifier() }.cast_signed()
}

/// A role that was dropped and made anew has its name, and another number. The roles of a restored database have other
/// numbers, too: so until the worker has taken its bindings over, names count there.
fn is_of(binding: &RoleBinding, role: pg_sys::Oid) -> bool {
    binding.role_oid == role || binding.system_identifier != this_cluster()
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

/// A binding is to a role of a name.
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
