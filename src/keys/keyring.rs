//! The unwrapped data keys of this backend, by profile.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use vault_core::ids::ProfileId;

use super::epoch;
use super::profile_keys::{ProfileKeys, SealingKeys};
use super::root_key::root_keys;
use crate::error::Failure;
use crate::metrics::events::{Watched, count};
use crate::postgres::compat::local_transaction_id;
use crate::postgres::snapshot::snapshot_is_the_transactions;
use crate::postgres::standby::is_on_standby;
use crate::store;
use crate::store::data_keys::KeyLock;

thread_local! {
    static KEYRING: RefCell<Keyring> = RefCell::default();
}

#[derive(Default)]
struct Keyring {
    stamp: Stamp,
    profiles: HashMap<ProfileId, Rc<ProfileKeys>>,
}

/// When the keys were unwrapped.
#[derive(Default, PartialEq, Eq, Clone, Copy)]
struct Stamp {
    epoch: (u64, u64),
    /// No epoch reaches a standby, so there the keys are kept for one transaction.
    transaction: Option<u32>,
    /// Nor does one reach a node of Citus when the profile is on another one by now.
    placement: Option<u64>,
}

/// The keys of the current profile, unwrapped once per backend and change of a key.
///
/// # Errors
/// When the vault is sealed or the profile has no keys.
pub fn for_reading(profile_id: &ProfileId) -> Result<Rc<ProfileKeys>, Failure> {
    // A server that did not load the library has no shared memory, and no root key.
    root_keys()?;
    // The epoch is read before the keys, so that a change in between is noticed the next time.
    let stamp = Stamp::now()?;
    let known = KEYRING.with_borrow_mut(|keyring| {
        if keyring.stamp != stamp {
            keyring.profiles.clear();
            keyring.stamp = stamp;
        }
        keyring.profiles.get(profile_id).cloned()
    });
    if let Some(keys) = known {
        count(Watched::KeysCached);
        return Ok(keys);
    }
    let keys = Rc::new(ProfileKeys::load(profile_id)?);
    count(Watched::KeysLoaded);
    KEYRING.with_borrow_mut(|keyring| {
        keyring
            .profiles
            .insert(profile_id.clone(), Rc::clone(&keys));
    });
    Ok(keys)
}

/// The keys of the current profile, with the right to seal. The data key cannot be destroyed before the transaction has
/// ended, so that a destruction sees everything that was written under it.
///
/// # Errors
/// As [`for_reading`].
pub fn for_sealing(profile_id: &ProfileId) -> Result<SealingKeys, Failure> {
    loop {
        let keys = for_reading(profile_id)?;
        if keys.are_held() {
            return Ok(SealingKeys::held(keys));
        }
        store::shards::hold_profile(profile_id)?;
        store::data_keys::lock(keys.current_data_key(), KeyLock::Sealing);
        // The key may have been retired, and even destroyed, before the lock was taken.
        if Rc::ptr_eq(&keys, &for_reading(profile_id)?) {
            keys.are_held_from_now_on();
        }
    }
}

/// Like [`for_sealing`], and also prevents a rotation of the index key until the transaction ends, so that two creates of the
/// same card use the same index key. Each statement of the transaction sees what the rotation has done, unless the whole
/// transaction sees the time before.
///
/// # Errors
/// As [`for_reading`]; [`Failure::RotatedMeanwhile`] as [`ProfileKeys::index_key`]; [`Failure::DamagedKey`] when an earlier
/// index key does not open.
pub fn for_duplicate_check(profile_id: &ProfileId) -> Result<SealingKeys, Failure> {
    loop {
        let keys = for_sealing(profile_id)?;
        // What was indexed under that key would not be found.
        if keys.has_damaged_index_key() {
            return Err(Failure::DamagedKey);
        }
        store::data_keys::lock(keys.current_index_key().0, KeyLock::DuplicateCheck);
        // A rotation releases its lock only after the epoch has grown.
        if keys.are(&for_reading(profile_id)?) {
            if snapshot_is_the_transactions() {
                keys.index_key()?;
            }
            return Ok(keys);
        }
    }
}

impl Stamp {
    fn now() -> Result<Self, Failure> {
        Ok(Self {
            epoch: epoch::current(),
            transaction: is_on_standby().then(local_transaction_id),
            placement: store::shards::changes_of_places()?,
        })
    }
}
