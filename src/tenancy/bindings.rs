//! The tenants that roles are bound to, as this backend has read them.
//!
//! A binding is to a role with a name, so any change of a role makes the backend read it again.

use std::rc::Rc;

use pgrx::pg_sys;
use vault_core::ids::ProfileId;

use super::tenant::Tenant;
use crate::error::Failure;
use crate::keys::row_macs::believed;
use crate::postgres::catalog::this_cluster;
use crate::postgres::remembered::{Remembered, before_reading};
use crate::postgres::roles::{self, can_become, outer_role, outer_role_name};
use crate::store;
use crate::store::role_bindings::RoleBinding;

thread_local! {
    static TENANTS: Remembered<pg_sys::Oid, Option<Rc<Tenant>>> = Remembered::default();
}

/// The tenant that the session's outer role is bound to. Inside a SECURITY DEFINER function, the outer role is still the
/// session's.
///
/// # Errors
/// When the bindings cannot be read.
pub fn tenant_of_session() -> Result<Option<Rc<Tenant>>, Failure> {
    let role = outer_role();
    if let Some(tenant) = TENANTS.with(|known| known.get(&role)) {
        return Ok(tenant);
    }
    let before = before_reading();
    let tenant = store::as_operator(|| tenant_of(role, &outer_role_name()))?.map(Rc::new);
    TENANTS.with(|known| known.keep(before, role, tenant.clone()));
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
pub fn acts_for(owner: pg_sys::Oid, profile_id: &ProfileId) -> Result<bool, Failure> {
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
