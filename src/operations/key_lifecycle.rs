//! The life of a data key: current, then retired (it only opens values), then destroyed.

use pgrx::pg_sys;
use vault_core::crypto::{KeyId, Purpose};
use vault_core::ids::ProfileId;

use super::administration::{check_profile, no_profile};
use super::application_values;
use super::reencryption::{self, keys_of};
use super::row_macs;
use crate::audit::{Event, record_administration};
use crate::error::{Failure, invalid, missing, warn, wrong_state};
use crate::keys::row_macs::believed;
use crate::keys::{self, ProfileKeys, destruction, epoch};
use crate::postgres::local_settings::with_lock_timeout;
use crate::postgres::snapshot::snapshot_is_the_transactions;
use crate::store;
use crate::store::data_keys::{self, KeyLock};
use crate::store::profiles::Profile;
use crate::tenancy::session;

/// Replaces a profile's current key by a new one. The old one opens what it sealed until it is destroyed.
pub fn rotate(profile_id: &ProfileId, purpose: &str) -> Result<i32, Failure> {
    let purpose = parse_purpose(purpose)?;
    lock(profile_id)?;
    let version = match purpose {
        Purpose::Data => rotate_key(profile_id, purpose)?,
        Purpose::Index => rotate_index_key(profile_id)?,
    };
    let _acting = session::act_for(profile_id);
    let object = format!("{}/{version}", purpose.as_str());
    record_administration(Some(profile_id), Event::DataKeyRotated, Some(&object))?;
    Ok(version)
}

/// Replaces the index key. When the transaction ends, values of applications' columns are under the new key and are found by it.
/// Duplicates of payment methods are also found by the old key, until vault.reencrypt has moved them.
fn rotate_index_key(profile_id: &ProfileId) -> Result<i32, Failure> {
    refuse_old_snapshots()?;
    let (retired, _) = keys_of(profile_id)?.current_index_key();
    let version = rotate_key(profile_id, Purpose::Index)?;
    let keys = keys_of(profile_id)?;
    warn_of_strangers(&keys, retired)?;
    with_lock_timeout(|| {
        reencryption::reindex(&keys)?;
        // This comes last, because creates of payment methods wait from here on.
        data_keys::lock(retired, KeyLock::Retiring);
        Ok(())
    })?;
    Ok(version)
}

/// Warns of such tables: their values under the old index key are not found by the new one.
fn warn_of_strangers(keys: &ProfileKeys, retired: KeyId) -> Result<(), Failure> {
    for (table, values) in application_values::of_strangers(keys, &[retired])? {
        let values_keep = match values {
            Some(1) => "1 value keeps".to_owned(),
            Some(values) => format!("{values} values keep"),
            None => "its values keep".to_owned(),
        };
        warn(
            format!(
                "the owner of {table} does not act for the profile, so {values_keep} the old index key and cannot be looked up"
            ),
            "If the values belong to the profile, GRANT vault_table_owner TO the owner of the table, then CALL vault.reencrypt.",
        );
    }
    Ok(())
}

fn rotate_key(profile_id: &ProfileId, purpose: Purpose) -> Result<i32, Failure> {
    let _acting = session::act_for(profile_id);
    keys::rotate(profile_id, purpose)
}

/// Wraps every data key under the current root key, and returns how many were under an earlier one. Renews the MACs of rows.
pub fn rewrap_all() -> Result<usize, Failure> {
    let mut rewrapped = 0;
    for profile in store::profiles::all_here()? {
        // This includes the keys of a profile that is not believed, so that its values do not end with the old root key.
        let profile_id = profile.profile_id;
        Profile::lock(&profile_id)?;
        let _acting = session::act_for(&profile_id);
        rewrapped += keys::rewrap(&profile_id)?;
    }
    row_macs::renew()?;
    record_administration(None, Event::DataKeysRewrapped, None)?;
    Ok(rewrapped)
}

/// Removes a retired key from its row. Fails if values need the key, unless `force` gives them up.
///
/// # Errors
/// [`Failure::KeyNeeded`]; [`Failure::Unread`] if a table could not be read that is not `left_out`.
pub fn destroy(
    profile_id: &ProfileId,
    purpose: &str,
    version: i32,
    force: bool,
    left_out: &[pg_sys::Oid],
) -> Result<(), Failure> {
    let purpose = parse_purpose(purpose)?;
    refuse_old_snapshots()?;
    lock(profile_id)?;
    let key_id = retired_key(profile_id, purpose, version)?;
    // The lock comes first, so that the count sees every value that was written under the key.
    if !data_keys::try_lock(key_id, KeyLock::Destroying) {
        return Err(wrong_state(
            "transactions that have used the key to seal or look up values are still running",
            "Try again when they have ended. The views pg_locks and pg_prepared_xacts show them.",
        ));
    }
    if !force {
        refuse_needed(profile_id, key_id, left_out)?;
    }
    let _acting = session::act_for(profile_id);
    data_keys::destroy(profile_id, key_id)?;
    epoch::advance_at_commit();
    let object = format!("{}/{version}", purpose.as_str());
    record_administration(Some(profile_id), Event::DataKeyDestroyed, Some(&object))
}

fn retired_key(profile_id: &ProfileId, purpose: Purpose, version: i32) -> Result<KeyId, Failure> {
    let _acting = session::act_for(profile_id);
    let (key_id, state) =
        data_keys::find(profile_id, purpose.as_str(), version)?.ok_or_else(|| {
            missing(
                "there is no such data key",
                "vault.keys lists the keys of every profile.",
            )
        })?;
    match state.as_str() {
        "retired" => Ok(key_id),
        "current" => Err(wrong_state(
            "the key is the current one",
            "Rotate the key first. CALL vault.reencrypt then moves what it has sealed to the new key.",
        )),
        _ => Err(wrong_state(
            "the key is already destroyed",
            "There is nothing to do.",
        )),
    }
}

fn refuse_needed(
    profile_id: &ProfileId,
    key_id: KeyId,
    left_out: &[pg_sys::Oid],
) -> Result<(), Failure> {
    let own = count_values(profile_id, data_keys::to_sql(key_id)?)?;
    let needing = application_values::needing(&*keys_of(profile_id)?, key_id, left_out)?;
    let values = own + needing.values;
    if values > 0 {
        let tables = needing.tables;
        return Err(Failure::KeyNeeded { values, tables });
    }
    if !needing.unread.is_empty() {
        let tables = needing.unread;
        return Err(Failure::Unread { tables });
    }
    Ok(())
}

/// Refuses a transaction with an old snapshot, because it would neither move nor count values that it does not see.
fn refuse_old_snapshots() -> Result<(), Failure> {
    if snapshot_is_the_transactions() {
        return Err(wrong_state(
            "the transaction does not see what others wrote after it began",
            "Call this at isolation level READ COMMITTED.",
        ));
    }
    Ok(())
}

/// Removes all keys of a profile from their rows. From then on, nothing that the profile has sealed opens.
pub fn destroy_all(profile_id: &ProfileId) -> Result<(), Failure> {
    // The root key's source is told before the commit, which at SERIALIZABLE could still fail.
    refuse_old_snapshots()?;
    lock(profile_id)?;
    let _acting = session::act_for(profile_id);
    data_keys::destroy_all(profile_id)?;
    store::cvcs::delete_all(profile_id)?;
    store::volatile_payment_methods::delete_all(profile_id)?;
    epoch::advance_at_commit();
    destruction::tell_source_at_commit(profile_id)?;
    record_administration(
        Some(profile_id),
        Event::ProfileKeysDestroyed,
        Some(profile_id.as_str()),
    )
}

/// Whether the root key's source says that the profile's keys are destroyed, whatever the database holds of them.
pub fn is_destroyed(profile_id: &ProfileId) -> bool {
    keys::root_key::root_keys().is_ok_and(|keys| keys.know_as_destroyed(profile_id))
}

/// How many values of the vault's own tables are under the key.
pub fn count_values(profile_id: &ProfileId, key_id: i32) -> Result<i64, Failure> {
    // This includes profiles that are not believed. Otherwise, one such profile would make the whole inventory fail.
    store::profiles::find(profile_id)?.ok_or_else(no_profile)?;
    let _acting = session::act_for(profile_id);
    store::vault_tables::count(profile_id, data_keys::key_id(key_id)?)
}

/// The tables that hold values under retired keys of the profile and whose owners do not act for it. vault.reencrypt leaves these
/// tables alone. Each comes with the number of such values.
pub fn values_of_strangers(profile_id: &ProfileId) -> Result<Vec<(String, Option<i64>)>, Failure> {
    check_profile(profile_id)?;
    let keys = keys_of(profile_id)?;
    let retired: Vec<KeyId> = keys.retired().collect();
    if retired.is_empty() {
        return Ok(Vec::new());
    }
    application_values::of_strangers(&keys, &retired)
}

fn parse_purpose(purpose: &str) -> Result<Purpose, Failure> {
    purpose
        .parse()
        .map_err(|_| invalid("the purpose must be 'data' or 'index'", "Pass one of them."))
}

fn lock(profile_id: &ProfileId) -> Result<(), Failure> {
    match believed(Profile::lock(profile_id)?)? {
        Some(_) => Ok(()),
        None => Err(no_profile()),
    }
}
