//! Data keys: made, wrapped and stored; read and unwrapped.

use vault_core::crypto::wrap::WrapError;
use vault_core::crypto::{
    CheckValue, DataKey, DataKeyDescriptor, IndexKey, KeyId, KeyMaterial, Purpose, RootKey, unwrap,
    wrap,
};
use vault_core::ids::ProfileId;

use super::epoch;
use super::memory_key::memory_key;
use super::root_key::{RootKeys, root_keys, root_keys_for};
use crate::error::{Defect, Failure, Sealed};
use crate::postgres::random::{fill_random, random_bytes};
use crate::settings;
use crate::store;
use crate::store::data_keys::{NewDataKey, StoredDataKey};

/// Gives a new profile its first keys. The profile must be the current one.
///
/// # Errors
/// Refuses when the vault is sealed, or when the root key is not the one that the database's keys are wrapped with.
pub fn create_for_profile(profile_id: &ProfileId) -> Result<(), Failure> {
    let root_keys = root_keys_for(profile_id)?;
    current_root_key()?;
    for purpose in [Purpose::Data, Purpose::Index] {
        create(
            root_keys,
            DataKeyDescriptor {
                profile_id,
                purpose,
                version: 1,
            },
        )?;
    }
    Ok(())
}

/// Replaces the current key of the purpose by a new one, and tells its version. The profile must be the current one, and
/// locked.
///
/// # Errors
/// As [`create_for_profile`]; [`Failure::KeysDestroyed`] when there is none to replace.
pub fn rotate(profile_id: &ProfileId, purpose: Purpose) -> Result<i32, Failure> {
    let root_keys = root_keys_for(profile_id)?;
    current_root_key()?;
    let retired =
        store::data_keys::retire(profile_id, purpose.as_str())?.ok_or(Failure::KeysDestroyed)?;
    let version = retired + 1;
    create(
        root_keys,
        DataKeyDescriptor {
            profile_id,
            purpose,
            version,
        },
    )?;
    epoch::advance_at_commit();
    Ok(version)
}

/// Wraps the current profile's keys again, under the current root key, and returns how many were under another one. Destroyed
/// keys stay under the old root key, so that every copy of them becomes useless with it.
///
/// # Errors
/// When one of them does not open.
pub fn rewrap(profile_id: &ProfileId) -> Result<usize, Failure> {
    let root_keys = root_keys()?;
    if root_keys.know_as_destroyed(profile_id) {
        return Ok(0);
    }
    let current = root_keys.current();
    let check_value = current.check_value();
    store::data_keys::insert_root_key(check_value.as_bytes())?;
    let mut rewrapped = 0;
    for stored in store::data_keys::usable(profile_id)? {
        if self::check_value(&stored.root_key_check)? == check_value {
            continue;
        }
        let purpose = stored.purpose.parse().map_err(|_| Failure::DamagedRow)?;
        let descriptor = DataKeyDescriptor {
            profile_id,
            purpose,
            version: stored.version,
        };
        let material = open(profile_id, purpose, &stored)?;
        let wrapped = wrap(current, random_bytes()?, descriptor, &material)
            .map_err(|_: WrapError| Defect::NotSealed)?;
        store::data_keys::rewrap(profile_id, stored.key_id, &wrapped, check_value.as_bytes())?;
        rewrapped += 1;
    }
    Ok(rewrapped)
}

/// Unwraps a stored key.
///
/// # Errors
/// [`Failure::KeysDestroyed`] when the root key's source says so, [`Sealed::OtherRootKey`] when none of the server's root keys
/// wrapped it, [`Failure::DamagedKey`] when it does not open.
pub fn open(
    profile_id: &ProfileId,
    purpose: Purpose,
    stored: &StoredDataKey,
) -> Result<KeyMaterial, Failure> {
    let root_key = root_keys_for(profile_id)?
        .with_check_value(check_value(&stored.root_key_check)?)
        .ok_or(Sealed::OtherRootKey)?;
    let descriptor = DataKeyDescriptor {
        profile_id,
        purpose,
        version: stored.version,
    };
    let material =
        unwrap(root_key, descriptor, &stored.wrapped).map_err(|_| Failure::DamagedKey)?;
    if check_value_of(purpose, &material) != check_value(&stored.check_value)? {
        return Err(Failure::DamagedKey);
    }
    Ok(material)
}

/// The root key that wraps new keys. The database remembers its check value from now on.
///
/// # Errors
/// When the vault is sealed, or the root key is not the one that the database's keys are wrapped with.
pub fn current_root_key() -> Result<&'static RootKey, Failure> {
    let root_keys = root_keys()?;
    check_root_key(root_keys)?;
    let current = root_keys.current();
    store::data_keys::insert_root_key(current.check_value().as_bytes())?;
    Ok(current)
}

/// Returns when the server has the keys that seal values of this database: a root key that the database knows, or the first one of
/// an empty vault, and a memory key. It writes nothing.
///
/// # Errors
/// When the vault is sealed; [`Failure::NoRandomness`] when there is no memory key.
pub fn check_usable() -> Result<(), Failure> {
    check_root_key(root_keys()?)?;
    memory_key()?;
    Ok(())
}

/// How many keys of the profile only a root key opens that the server does not have. The profile must be the current one.
///
/// # Errors
/// When the vault is sealed.
pub fn count_closed(profile_id: &ProfileId) -> Result<u64, Failure> {
    let root_keys = root_keys()?;
    let mut closed = 0;
    for stored in store::data_keys::root_keys_of(profile_id)? {
        let is_closed = root_keys.with_check_value(check_value(&stored)?).is_none();
        closed += u64::from(is_closed && !root_keys.know_as_destroyed(profile_id));
    }
    Ok(closed)
}

/// If the database's keys are wrapped by other root keys, it must not silently get keys of this one beside them.
fn check_root_key(root_keys: &RootKeys) -> Result<(), Failure> {
    let known = store::data_keys::root_keys()?;
    let mut opens = known.is_empty();
    for stored in &known {
        opens |= root_keys.with_check_value(check_value(stored)?).is_some();
    }
    if opens {
        Ok(())
    } else {
        Err(Sealed::OtherRootKey.into())
    }
}

fn create(root_keys: &RootKeys, descriptor: DataKeyDescriptor<'_>) -> Result<(), Failure> {
    let material = KeyMaterial::try_fill(|bytes| fill_random(bytes))?;
    let wrapped = wrap(root_keys.current(), random_bytes()?, descriptor, &material)
        .map_err(|_: WrapError| Defect::NotSealed)?;
    let check_value = check_value_of(descriptor.purpose, &material);
    let root_key_check = root_keys.current().check_value();
    let mut new = NewDataKey {
        profile_id: descriptor.profile_id,
        key_id: random_key_id()?,
        purpose: descriptor.purpose.as_str(),
        version: descriptor.version,
        wrapped: &wrapped,
        check_value: check_value.as_bytes(),
        root_key_check: root_key_check.as_bytes(),
        period: settings::data_key_period(),
    };
    while !store::data_keys::insert(&new)? {
        new.key_id = random_key_id()?;
    }
    Ok(())
}

/// The id of a new key. It is random, so that it depends on no other profile and on no one server. Keys of different profiles hardly
/// ever have the same id. If two do, `vault.keys` counts the values of applications under that id for both of them.
fn random_key_id() -> Result<KeyId, Failure> {
    let number = u32::from_be_bytes(random_bytes()?) & i32::MAX.cast_unsigned();
    Ok(KeyId(number.max(1)))
}

fn check_value_of(purpose: Purpose, material: &KeyMaterial) -> CheckValue {
    match purpose {
        Purpose::Data => DataKey::from(material).check_value(),
        Purpose::Index => IndexKey::from(material).check_value(),
    }
}

fn check_value(stored: &[u8]) -> Result<CheckValue, Failure> {
    let bytes: [u8; 8] = stored.try_into().map_err(|_| Failure::DamagedRow)?;
    Ok(CheckValue::from(bytes))
}
