//! Database roles that act for a profile without an API key.

use pgrx::pg_sys;
use vault_core::ids::ProfileId;

use super::administration::check_profile;
use crate::audit::{Event, record_administration};
use crate::error::{Failure, invalid, missing};
use crate::keys::root_key::root_keys;
use crate::keys::row_macs::{self, Standing};
use crate::postgres::catalog::this_cluster;
use crate::postgres::clock;
use crate::postgres::local_settings::with_short_lock_timeout;
use crate::postgres::roles;
use crate::postgres::subtransaction::attempt;
use crate::store;
use crate::store::role_bindings::RoleBinding;
use crate::tenancy::bindings;
use crate::tenancy::session;

/// Binds a database role to a profile. A row that binds nobody, because it is forged or belongs to an earlier role of this name,
/// is replaced.
pub fn bind(role: &str, profile_id: &ProfileId) -> Result<(), Failure> {
    let role_oid = roles::with_name(role)
        .ok_or_else(|| missing("there is no such role", "Make one with CREATE ROLE."))?;
    check_profile(profile_id)?;
    if bindings::tenant_of(role_oid, role)?.is_some() {
        return Err(invalid(
            "the role is already bound to a profile",
            "Call vault.unbind_role first.",
        ));
    }
    delete(role)?;
    let _acting = session::act_for(profile_id);
    let binding = row_macs::vouched(RoleBinding {
        role_name: role.to_owned(),
        role_oid,
        system_identifier: this_cluster(),
        profile_id: profile_id.clone(),
        created_at: clock::now_stored()?,
        mac: Vec::new(),
    })?;
    store::role_bindings::insert(&binding)?;
    record_administration(Some(profile_id), Event::RoleBound, Some(role))
}

/// Ends the binding of a database role. Also deletes a row that binds nobody.
pub fn unbind(role: &str) -> Result<(), Failure> {
    let profile_id = delete(role)?.ok_or_else(|| {
        missing(
            "the role is not bound to a profile",
            "There is nothing to do.",
        )
    })?;
    let _acting = session::act_for(&profile_id);
    record_administration(Some(&profile_id), Event::RoleUnbound, Some(role))
}

/// Moves the bindings of a restored database, which count by the roles' names, to this cluster's roles. A binding whose name no
/// role has is left until a role has it.
pub fn take_over() -> Result<(), Failure> {
    if root_keys().is_err() {
        return Ok(());
    }
    let restored = store::as_operator(|| store::role_bindings::of_other_clusters(this_cluster()))?;
    for binding in restored {
        if let Some(role_oid) = roles::with_name(&binding.role_name) {
            // The worker does not wait for a locked row, because it has more urgent work. It looks again in a second.
            let taken_over = attempt(|| {
                with_short_lock_timeout(|| store::as_operator(|| take_over_one(binding, role_oid)))
            });
            match taken_over {
                Ok(()) | Err(Failure::Postgres(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
    }
    Ok(())
}

/// A forged row is recorded when it is used, and not each time that it is read here.
fn take_over_one(binding: RoleBinding, role_oid: pg_sys::Oid) -> Result<(), Failure> {
    if row_macs::standing(&binding)? != Standing::Genuine {
        return Ok(());
    }
    let binding = row_macs::vouched(RoleBinding {
        role_oid,
        system_identifier: this_cluster(),
        ..binding
    })?;
    let _acting = session::act_for(&binding.profile_id);
    store::role_bindings::renew(&binding)?;
    record_administration(
        Some(&binding.profile_id),
        Event::RoleTakenOver,
        Some(&binding.role_name),
    )
}

/// Deletes the row of this role name, believed or not, and returns the profile that it names.
fn delete(role: &str) -> Result<Option<ProfileId>, Failure> {
    let Some((binding, _)) = store::role_bindings::find(role)? else {
        return Ok(None);
    };
    let _acting = session::act_for(&binding.profile_id);
    store::role_bindings::delete(&binding.profile_id, role)?;
    Ok(Some(binding.profile_id))
}
