//! Merchants, profiles, API keys and role bindings.

use pgrx::PgSqlErrorCode;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;
use vault_core::card::mentions_card_number;
use vault_core::contract::id::{ApiKeyId, MerchantId, ProfileId};
use vault_core::crypto::ApiKey;

use crate::audit::{Event, record_administration};
use crate::authentication::lockout;
use crate::clock::fill_random;
use crate::error::Failure;
use crate::keys;
use crate::settings;
use crate::store;
use crate::store::api_keys::NewApiKey;
use crate::tenancy::session;

/// The scopes that an API key may carry.
const SCOPES: [&str; 1] = ["reveal"];

/// Makes a merchant and returns its id.
pub fn create_merchant(name: &str) -> Result<MerchantId, Failure> {
    check_name(name)?;
    let merchant = MerchantId::from_random(fill_random)?;
    store::merchants::insert(merchant.as_str(), name)?;
    record_administration("", Event::MerchantCreated, Some(merchant.as_str()))?;
    Ok(merchant)
}

/// Makes a profile of the merchant, with its first keys, and returns its id.
pub fn create_profile(merchant_id: &str, name: &str) -> Result<ProfileId, Failure> {
    check_name(name)?;
    check_merchant(merchant_id)?;
    let profile = ProfileId::from_random(fill_random)?;
    let _acting = session::act_for(profile.as_str());
    store::profiles::insert(profile.as_str(), merchant_id, name)?;
    keys::create_for_profile(profile.as_str())?;
    record_administration(
        profile.as_str(),
        Event::ProfileCreated,
        Some(profile.as_str()),
    )?;
    Ok(profile)
}

/// Makes an API key of the merchant. The key itself is nowhere but in the answer.
pub fn create_api_key(
    merchant_id: &str,
    name: &str,
    scopes: Vec<String>,
    expires_at: Option<TimestampWithTimeZone>,
) -> Result<(ApiKeyId, ApiKey), Failure> {
    check_name(name)?;
    check_merchant(merchant_id)?;
    if !scopes.iter().all(|scope| SCOPES.contains(&scope.as_str())) {
        return Err(invalid("unknown scope", "The only scope is 'reveal'."));
    }
    let event = if scopes.is_empty() {
        Event::ApiKeyCreated
    } else {
        Event::RevealingApiKeyCreated
    };
    let environment = settings::environment();
    let key = ApiKey::from_random(&environment, fill_random)?;
    let key_id = ApiKeyId::from_random(&environment, fill_random)?;
    store::api_keys::insert(NewApiKey {
        key_id: key_id.as_str(),
        merchant_id,
        name,
        prefix: key.prefix(),
        key_hash: &key.hash(),
        scopes,
        expires_at,
    })?;
    record_administration("", event, Some(key_id.as_str()))?;
    Ok((key_id, key))
}

/// From now on the key is refused.
pub fn revoke_api_key(key_id: &str) -> Result<(), Failure> {
    if !store::api_keys::revoke(key_id)? {
        return Err(missing(
            "there is no such API key, or it is revoked already",
            "Name the key by the key_id that vault.create_api_key returned.",
        ));
    }
    record_administration("", Event::ApiKeyRevoked, Some(key_id))
}

/// From now on the database role acts for the profile.
pub fn bind_role(role: &str, profile_id: &str) -> Result<(), Failure> {
    check_role(role)?;
    if !store::profiles::exists(profile_id)? {
        return Err(missing(
            "there is no such profile",
            "Make one with vault.create_profile.",
        ));
    }
    if store::role_bindings::find(role)?.is_some() {
        return Err(invalid(
            "the role is bound to a profile already",
            "Call vault.unbind_role first.",
        ));
    }
    let _acting = session::act_for(profile_id);
    store::role_bindings::insert(role, profile_id)?;
    record_administration(profile_id, Event::RoleBound, Some(role))
}

/// From now on the database role acts for no profile.
pub fn unbind_role(role: &str) -> Result<(), Failure> {
    let binding = store::role_bindings::find(role)?.ok_or_else(|| {
        missing(
            "the role is not bound to a profile",
            "There is nothing to do.",
        )
    })?;
    let _acting = session::act_for(&binding.profile_id);
    store::role_bindings::delete(role)?;
    record_administration(&binding.profile_id, Event::RoleUnbound, Some(role))
}

/// Forgets all failed authentications, and with them all locks.
pub fn clear_lockouts() -> Result<(), Failure> {
    keys::root_key::root_keys()?;
    lockout::clear();
    record_administration("", Event::LockoutsCleared, None)
}

fn check_name(name: &str) -> Result<(), Failure> {
    if !(1..=255).contains(&name.chars().count()) {
        return Err(invalid(
            "a name has 1 to 255 characters",
            "Give another name.",
        ));
    }
    if mentions_card_number(name) {
        return Err(invalid(
            "a name is stored in the clear, and this one has a card number in it",
            "Give another name.",
        ));
    }
    Ok(())
}

fn check_merchant(merchant_id: &str) -> Result<(), Failure> {
    if store::merchants::exists(merchant_id)? {
        Ok(())
    } else {
        Err(missing(
            "there is no such merchant",
            "Make one with vault.create_merchant.",
        ))
    }
}

/// Refuses when there is no such profile.
pub(super) fn check_profile(profile_id: &str) -> Result<(), Failure> {
    if store::profiles::exists(profile_id)? {
        Ok(())
    } else {
        Err(no_profile())
    }
}

pub(super) fn no_profile() -> Failure {
    missing(
        "there is no such profile",
        "Make one with vault.create_profile.",
    )
}

fn check_role(role: &str) -> Result<(), Failure> {
    let exists = std::ffi::CString::new(role).is_ok_and(|name| {
        // SAFETY: a look-up in the system caches by a NUL-terminated name.
        unsafe { pg_sys::get_role_oid(name.as_ptr(), true) != pg_sys::InvalidOid }
    });
    if exists {
        Ok(())
    } else {
        Err(missing(
            "there is no such role",
            "Make one with CREATE ROLE.",
        ))
    }
}

pub(super) fn invalid(message: &'static str, hint: &'static str) -> Failure {
    Failure::Administration {
        code: PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        message,
        hint,
    }
}

pub(super) fn missing(message: &'static str, hint: &'static str) -> Failure {
    Failure::Administration {
        code: PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
        message,
        hint,
    }
}

pub(super) fn wrong_state(message: &'static str, hint: &'static str) -> Failure {
    Failure::Administration {
        code: PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        message,
        hint,
    }
}
