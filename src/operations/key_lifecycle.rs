//! The life of a data key: current, retired (it only opens), destroyed.

use pgrx::PgSqlErrorCode;
use vault_core::crypto::{Context, KeyId, Purpose};

use super::administration::{invalid, missing};
use crate::error::Failure;
use crate::keys::{self, destruction, epoch};
use crate::store;
use crate::store::reencryption::{Envelopes, Table};
use crate::tenancy::audit::{Event, record_administration};
use crate::tenancy::session;

/// Replaces a profile's current key by a new one. The old one opens what it sealed until it is destroyed.
pub fn rotate(profile_id: &str, purpose: &str) -> Result<i32, Failure> {
    let purpose = parse_purpose(purpose)?;
    if purpose == Purpose::Index {
        return Err(Failure::Administration {
            code: PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
            message: "an index key cannot be rotated yet",
            hint: "Rotate the purpose 'data'.",
        });
    }
    lock(profile_id)?;
    let _acting = session::act_for(profile_id);
    let version = keys::rotate(profile_id, purpose)?;
    record_administration(
        profile_id,
        Event::DataKeyRotated,
        Some(&version.to_string()),
    )?;
    Ok(version)
}

/// Wraps every data key under the current root key, and tells how many were under an earlier one.
pub fn rewrap_all() -> Result<usize, Failure> {
    let mut rewrapped = 0;
    for profile_id in store::profiles::all()? {
        lock(&profile_id)?;
        let _acting = session::act_for(&profile_id);
        rewrapped += keys::rewrap(&profile_id)?;
    }
    record_administration("", Event::DataKeysRewrapped, None)?;
    Ok(rewrapped)
}

/// Overwrites a retired key. Whether values still need it is for the caller to know.
pub fn destroy(profile_id: &str, purpose: &str, version: i32) -> Result<(), Failure> {
    let purpose = parse_purpose(purpose)?;
    lock(profile_id)?;
    let _acting = session::act_for(profile_id);
    let (key_id, state) = store::data_keys::find(purpose.as_str(), version)?.ok_or_else(|| {
        missing(
            "there is no such data key",
            "vault.keys lists the keys of every profile.",
        )
    })?;
    match state.as_str() {
        "retired" => {}
        "current" => {
            return Err(wrong_state(
                "the key is the current one",
                "Rotate first: CALL vault.reencrypt moves what the key has sealed to the next one.",
            ));
        }
        _ => {
            return Err(wrong_state(
                "the key is destroyed already",
                "There is nothing to do.",
            ));
        }
    }
    if store::data_keys::is_still_used(key_id)? {
        return Err(wrong_state(
            "transactions that began before the key was retired are still running",
            "Try again when they have ended; pg_stat_activity shows them.",
        ));
    }
    store::data_keys::destroy(key_id)?;
    epoch::advance_at_commit();
    let object = format!("{}/{version}", purpose.as_str());
    record_administration(profile_id, Event::DataKeyDestroyed, Some(&object))
}

/// Overwrites all keys of a profile: nothing that it has sealed opens from then on.
pub fn destroy_all(profile_id: &str) -> Result<(), Failure> {
    lock(profile_id)?;
    let _acting = session::act_for(profile_id);
    store::data_keys::destroy_all()?;
    store::cvcs::delete_all()?;
    store::volatile_payment_methods::delete_all()?;
    epoch::advance_at_commit();
    destruction::tell_source_at_commit(profile_id)?;
    record_administration(profile_id, Event::ProfileKeysDestroyed, Some(profile_id))
}

/// Where a batch of a re-encryption ended; none when the table is done.
pub struct Batch {
    pub last: Option<String>,
    pub moved: usize,
}

/// Seals the next rows behind `after` anew that are not under the current key.
pub fn reencrypt_batch(
    profile_id: &str,
    table: &str,
    after: &str,
    batch_size: i32,
) -> Result<Batch, Failure> {
    let table = Table::parse(table).ok_or_else(|| {
        invalid(
            "there is no such table of the vault",
            "Call vault.reencrypt.",
        )
    })?;
    if batch_size < 1 {
        return Err(invalid(
            "batch_size must be 1 or more",
            "The default is 1000.",
        ));
    }
    check_profile(profile_id)?;
    let _acting = session::act_for(profile_id);
    let keys = keys::of_profile(profile_id)?;
    let KeyId(current) = keys.current_key_id();
    let rows = store::reencryption::outdated(table, after, current, batch_size)?;
    let mut resealed = Vec::with_capacity(rows.len());
    for row in rows {
        let mut envelopes = Vec::with_capacity(row.envelopes.len());
        for (column, envelope) in table.columns().iter().zip(&row.envelopes) {
            let context = Context::row(table.as_str(), column, &row.row_id);
            envelopes.push(keys.seal(&context, &keys.open(&context, envelope)?)?);
        }
        resealed.push(Envelopes { envelopes, ..row });
    }
    let last = resealed.last().map(|row| row.row_id.clone());
    let moved = store::reencryption::replace(table, resealed)?;
    Ok(Batch { last, moved })
}

/// Whether the root key's source says that the profile's keys are destroyed, whatever the database holds of them.
pub fn is_destroyed(profile_id: &str) -> bool {
    keys::root_key::root_keys().is_ok_and(|keys| keys.know_as_destroyed(profile_id))
}

/// How many values of the vault's own tables are under the key.
pub fn count_values(profile_id: &str, key_id: i32) -> Result<i64, Failure> {
    check_profile(profile_id)?;
    let _acting = session::act_for(profile_id);
    store::reencryption::count(u32::try_from(key_id).unwrap_or_default())
}

/// How many values of applications' columns are under the key.
pub fn count_application_values(key_id: i32) -> Result<i64, Failure> {
    store::application_columns::count(key_id)
}

fn parse_purpose(purpose: &str) -> Result<Purpose, Failure> {
    purpose
        .parse()
        .map_err(|_| invalid("the purpose is 'data' or 'index'", "Name one of them."))
}

fn check_profile(profile_id: &str) -> Result<(), Failure> {
    if store::profiles::exists(profile_id)? {
        Ok(())
    } else {
        Err(no_profile())
    }
}

fn lock(profile_id: &str) -> Result<(), Failure> {
    if store::profiles::lock(profile_id)? {
        Ok(())
    } else {
        Err(no_profile())
    }
}

fn no_profile() -> Failure {
    missing(
        "there is no such profile",
        "Make one with vault.create_profile.",
    )
}

fn wrong_state(message: &'static str, hint: &'static str) -> Failure {
    Failure::Administration {
        code: PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        message,
        hint,
    }
}
