//! The tenants that roles are bound to, as this backend has read them.
//!
//! The cache is invalidated by PostgreSQL's own invalidation messages, which reach every backend, standbys included, before its
//! next transaction. Row changes send none by themselves, so triggers on the tables send one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::pg_sys;

use super::tenant::Tenant;
use crate::error::Failure;
use crate::keys::row_macs::believed;
use crate::postgres::catalog::this_cluster;
use crate::postgres::invalidation;
use crate::postgres::roles::{self, can_become, outer_role, outer_role_name};
use crate::store;
use crate::store::role_bindings::RoleBinding;

thread_local! {
    static BINDINGS: RefCell<Bindings> = RefCell::default();
}

#[derive(Default)]
struct Bindings {
    /// Grows when a cached answer may have become wrong.
    changes: u64,
    tenants: HashMap<pg_sys::Oid, Option<Rc<Tenant>>>,
}

/// The tenant that the session's outer role is bound to. Inside a SECURITY DEFINER function, the outer role is still the
/// session's.
///
/// # Errors
/// When the bindings cannot be read.
pub fn tenant_of_session() -> Result<Option<Rc<Tenant>>, Failure> {
    let role = outer_role();
    let (known, changes) =
        BINDINGS.with_borrow(|known| (known.tenants.get(&role).cloned(), known.changes));
    if let Some(tenant) = known {
        return Ok(tenant);
    }
    let tenant = store::as_operator(|| tenant_of(role, &outer_role_name()))?.map(Rc::new);
    BINDINGS.with_borrow_mut(|known| {
        // A change that was announced meanwhile may be newer than the answer.
        if known.changes == changes {
            known.tenants.insert(role, tenant.clone());
        }
    });
    Ok(tenant)
}

/// The tenant that a role is bound to at this moment. The answer is cached beyond this transaction, so it must not come from
/// an old snapshot. Runs as the operator.
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

/// Whether key management of a profile includes the tables of this owner. Code that the owner attached to a table runs when
/// its values are moved, so the owner must act for the profile. Superusers and members of `vault_table_owner` do, and so
/// does a role that can become a role bound to the profile. The opposite direction does not count, because a role can make
/// anybody a member of itself. Runs as the operator.
///
/// # Errors
/// When there are bindings, and the vault is sealed.
pub fn acts_for(owner: pg_sys::Oid, profile_id: &str) -> Result<bool, Failure> {
    if roles::named(c"vault_table_owner").is_some_and(|group| can_become(owner, group)) {
        return Ok(true);
    }
    for binding in store::role_bindings::of_profile(profile_id)? {
        let Some(binding) = believed(Some(binding))? else {
            continue;
        };
        let role = roles::with_name(&binding.role_name);
        if role.is_some_and(|role| is_of(&binding, role) && can_become(owner, role)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A role that was dropped and made again has the same name and another number. The roles of a restored database also have
/// other numbers, so names count there until the worker has taken its bindings over.
fn is_of(binding: &RoleBinding, role: pg_sys::Oid) -> bool {
    binding.role_oid == role || binding.system_identifier != this_cluster()
}

/// Makes this backend read the bindings again, and every other backend once this transaction has committed. `table` is the
/// table of the bindings.
pub fn changed(table: pg_sys::Oid) {
    invalidation::tell_of_change(table);
}

/// Forgets the cached answers when they may be wrong. Any change of a table counts, because tables rarely change and reading
/// a binding again is cheap. Any change of a role counts, because a binding is to a role with a name.
pub fn forget_on_change() {
    invalidation::call_on_change(forget);
}

fn forget() {
    BINDINGS.with_borrow_mut(|known| {
        known.changes += 1;
        known.tenants.clear();
    });
}
