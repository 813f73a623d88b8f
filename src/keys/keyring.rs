//! The unwrapped data keys of this backend, by profile.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use vault_core::ids::ProfileId;

use super::epoch;
use super::profile_keys::{ProfileKeys, SealingKeys};
use super::root_key::root_keys;
use crate::error::Failure;
use crate::postgres::compat::local_transaction_id;
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
    /// A replica hears of no epoch: there, keys are good for one transaction.
    transaction: Option<u32>,
}

/// The keys of the current profile, unwrapped once per backend and change of a key.
///
/// # Errors
/// When the vault is sealed or the profile has no keys.
pub fn of_profile(profile_id: &ProfileId) -> Result<Rc<ProfileKeys>, Failure> {
    // Without a root key there is no shared memory, either.
    root_keys()?;
    // Read before the keys are: what changes meanwhile is noticed the next time.
    let stamp = Stamp::now();
    let known = KEYRING.with_borrow_mut(|keyring| {
        if keyring.stamp != stamp {
            keyring.profiles.clear();
            keyring.stamp = stamp;
        }
        keyring.profiles.get(profile_id).cloned()
    });
    if let Some(keys) = known {
        return Ok(keys);
    }
    let keys = Rc::new(ProfileKeys::load(profile_id)?);
    KEYRING.with_borrow_mut(|keyring| {
        keyring
            .profiles
            .insert(profile_id.clone(), Rc::clone(&keys));
    });
    Ok(keys)
}

/// The keys of the current profile, to seal by: the data key is not destroyed before the transaction has ended, so that
/// whoever destroys it sees what was written under it.
///
/// # Errors
/// As [`of_profile`].
pub fn to_seal(profile_id: &ProfileId) -> Result<SealingKeys, Failure> {
    loop {
        let keys = of_profile(profile_id)?;
        if keys.are_held() {
            return Ok(SealingKeys::held(keys));
        }
        store::data_keys::lock(keys.current_data_key(), KeyLock::Sealing);
        // It may have been retired, and destroyed, before it was held.
        if Rc::ptr_eq(&keys, &of_profile(profile_id)?) {
            keys.are_held_from_now_on();
        }
    }
}

/// The same, and the index key stays the current one: of two creates of the same card, the one that has waited for a
/// rotation to end must not index it by the old key.
///
/// # Errors
/// As [`of_profile`]; [`Failure::RotatedMeanwhile`] as [`ProfileKeys::index_key`]; [`Failure::DamagedKey`] when an earlier
/// index key does not open.
pub fn to_decide(profile_id: &ProfileId) -> Result<SealingKeys, Failure> {
    loop {
        let keys = to_seal(profile_id)?;
        // What was stored under it would not be found again.
        if keys.has_damaged_index_key() {
            return Err(Failure::DamagedKey);
        }
        store::data_keys::lock(keys.current_index_key().0, KeyLock::DuplicateCheck);
        // Whoever rotates lets the key go after the epoch has grown.
        if keys.are(&of_profile(profile_id)?) {
            keys.index_key()?;
            return Ok(keys);
        }
    }
}

impl Stamp {
    fn now() -> Self {
        Self {
            epoch: epoch::current(),
            transaction: is_on_standby().then(local_transaction_id),
        }
    }
}
