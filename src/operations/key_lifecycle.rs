//! The life of a data key: current, retired (it only opens), destroyed.

use pgrx::pg_sys;
use vault_core::crypto::{KeyId, Purpose};

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
use crate::store::data_keys::{self, KeyLock};
use crate::store::profiles::Profile;
use crate::store::{self, Vouched};
use crate::tenancy::session;

/// Replaces a profile's current key by a new one. The old one opens what it sealed until it is destroyed.
pub fn rotate(profile_id: &str, purpose: &str) -> Result<i32, Failure> {
    let purpose = parse_purpose(purpose)?;
    lock(profile_id)?;
    let version = match purpose {
        Purpose::Data => rotate_key(profile_id, purpose)?,
        Purpose::Index => rotate_index_key(profile_id)?,
    };
    let _acting = session::act_for(profile_id);
    let object = format!("{}/{version}", purpose.as_str());
    record_administration(profile_id, Event::DataKeyRotated, Some(&object))?;
    Ok(version)
}

/// Values of applications' columns are under the new key when the transaction ends, and so are found by it. Duplicates of
/// payment methods are found by the old one, too, until vault.reencrypt has moved them.
fn rotate_index_key(profile_id: &str) -> Result<i32, Failure> {
    refuse_old_snapshots()?;
    let (retired, _) = keys_of(profile_id)?.current_index_key();
    let version = rotate_key(profile_id, Purpose::Index)?;
    let keys = keys_of(profile_id)?;
    warn_of_strangers(&keys, retired)?;
    with_lock_timeout(|| {
        reencryption::reindex(&keys)?;
        // Last, for creates of payment methods wait from here on.
        data_keys::lock(retired, KeyLock::Retiring);
        Ok(())
    })?;
    Ok(version)
}

/// What such tables hold under the old index key is not found by the new one.
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

fn rotate_key(profile_id: &str, purpose: Purpose) -> Result<i32, Failure> {
    let _acting = session::act_for(profile_id);
    keys::rotate(profile_id, purpose)
}

/// Wraps every data key under the current root key, and tells how many were under an earlier one. Renews the MACs of rows.
pub fn rewrap_all() -> Result<usize, Failure> {
    let mut rewrapped = 0;
    for profile in Profile::all()? {
        // Also the keys of a profile that is not believed: what is under them must not end with the old root key.
        let profile_id = profile.profile_id;
        Profile::lock(&profile_id)?;
        let _acting = session::act_for(&profile_id);
        rewrapped += keys::rewrap(&profile_id)?;
    }
    row_macs::renew()?;
    record_administration("", Event::DataKeysRewrapped, None)?;
    Ok(rewrapped)
}

/// Removes a retired key from its row. No value may need it, unless `force` gives such values up.
///
/// # Errors
/// [`Failure::KeyNeeded`]; [`Failure::Unread`] when a table could not be read that is not among those `left_out`.
pub fn destroy(
    profile_id: &str,
    purpose: &str,
    version: i32,
    force: bool,
    left_out: &[pg_sys::Oid],
) -> Result<(), Failure> {
    let purpose = parse_purpose(purpose)?;
    refuse_old_snapshots()?;
    lock(profile_id)?;
    let key_id = retired_key(profile_id, purpose, version)?;
    // First, so that what has been written under the key is there to be counted.
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
    record_administration(profile_id, Event::DataKeyDestroyed, Some(&object))
}

fn retired_key(profile_id: &str, purpose: Purpose, version: i32) -> Result<KeyId, Failure> {
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

fn refuse_needed(profile_id: &str, key_id: KeyId, left_out: &[pg_sys::Oid]) -> Result<(), Failure> {
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

/// What the transaction does not see, it would neither move nor count.
fn refuse_old_snapshots() -> Result<(), Failure> {
    if snapshot_is_the_transactions() {
        return Err(wrong_state(
            "the transaction does not see what others wrote after it began",
            "Call this at isolation level READ COMMITTED.",
        ));
    }
    Ok(())
}

/// Removes all keys of a profile from their rows: nothing that it has sealed opens from then on.
pub fn destroy_all(profile_id: &str) -> Result<(), Failure> {
    // The root key's source is told before the commit, which at SERIALIZABLE could still fail.
    refuse_old_snapshots()?;
    lock(profile_id)?;
    let _acting = session::act_for(profile_id);
    data_keys::destroy_all(profile_id)?;
    store::cvcs::delete_all(profile_id)?;
    store::volatile_payment_methods::delete_all(profile_id)?;
    epoch::advance_at_commit();
    destruction::tell_source_at_commit(profile_id)?;
    record_administration(profile_id, Event::ProfileKeysDestroyed, Some(profile_id))
}

/// Whether the root key's source says that the profile's keys are destroyed, whatever the database holds of them.
pub fn is_destroyed(profile_id: &str) -> bool {
    keys::root_key::root_keys().is_ok_and(|keys| keys.know_as_destroyed(profile_id))
}

/// How many values of the vault's own tables are under the key.
pub fn count_values(profile_id: &str, key_id: i32) -> Result<i64, Failure> {
    // Also of a profile that is not believed, or the inventory would show no key of anybody's.
    store::profiles::find(profile_id)?.ok_or_else(no_profile)?;
    let _acting = session::act_for(profile_id);
    store::vault_tables::count(profile_id, data_keys::key_id(key_id)?)
}

/// The tables that vault.reencrypt leaves alone, because their owners do not act for the profile, though they hold values
/// under retired keys of it; with how many.
pub fn values_of_strangers(profile_id: &str) -> Result<Vec<(String, Option<i64>)>, Failure> {
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

fn lock(profile_id: &str) -> Result<(), Failure> {
    match believed(Profile::lock(profile_id)?)? {
        Some(_) => Ok(()),
        None => Err(no_profile()),
    }
}
