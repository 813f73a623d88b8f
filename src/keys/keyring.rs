//! The unwrapped data keys of this backend, by profile.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use vault_core::crypto::{Context, DataKey, Envelope, IndexKey, KeyId, Purpose, seal};
use zeroize::Zeroizing;

use super::data_keys;
use super::epoch;
use super::memory::exclude_from_core_dumps;
use super::root_key::root_keys;
use crate::clock::random_bytes;
use crate::compat::local_transaction_id;
use crate::error::Failure;
use crate::store;
use crate::store::data_keys::StoredDataKey;

thread_local! {
    static KEYRING: RefCell<Keyring> = RefCell::default();
}

#[derive(Default)]
struct Keyring {
    stamp: Stamp,
    profiles: HashMap<String, Rc<ProfileKeys>>,
}

/// When the keys were unwrapped.
#[derive(Default, PartialEq, Eq, Clone, Copy)]
struct Stamp {
    epoch: (u64, u64),
    /// A replica hears of no epoch: there, keys are good for one transaction.
    transaction: Option<u32>,
}

/// The keys of one profile.
pub struct ProfileKeys {
    profile_id: String,
    /// Takes new writes.
    current: (KeyId, DataKey),
    /// Only open.
    retired: HashMap<KeyId, DataKey>,
    index: (KeyId, IndexKey),
}

/// The keys of the current profile, unwrapped once per backend and change of a key.
///
/// # Errors
/// When the vault is sealed or the profile has no keys.
pub fn of_profile(profile_id: &str) -> Result<Rc<ProfileKeys>, Failure> {
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
    let keys = Rc::new(load(profile_id)?);
    KEYRING.with_borrow_mut(|keyring| {
        keyring
            .profiles
            .insert(profile_id.to_owned(), Rc::clone(&keys));
    });
    Ok(keys)
}

impl Stamp {
    fn now() -> Self {
        Self {
            epoch: epoch::current(),
            transaction: store::is_on_standby().then(local_transaction_id),
        }
    }
}

impl ProfileKeys {
    pub fn profile_id(&self) -> &str {
        &self.profile_id
    }

    /// An envelope of the plaintext that opens in this profile and context only.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn seal(&self, context: &Context<'_>, plaintext: &[u8]) -> Result<Vec<u8>, Failure> {
        let (key_id, key) = &self.current;
        Ok(seal(
            key,
            *key_id,
            random_bytes()?,
            &self.profile_id,
            context,
            plaintext,
        )?)
    }

    /// What the envelope holds.
    ///
    /// # Errors
    /// When its key is not this profile's, or it was sealed for another context or damaged.
    pub fn open(
        &self,
        context: &Context<'_>,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let envelope = Envelope::parse(envelope)?;
        let key = self
            .data_key(envelope.key_id())
            .ok_or(Failure::UnknownKey)?;
        Ok(envelope.open(key, &self.profile_id, context)?)
    }

    /// The key that takes new values.
    pub fn current_key_id(&self) -> KeyId {
        self.current.0
    }

    /// Makes the profile's blind indexes.
    pub fn index(&self) -> &IndexKey {
        &self.index.1
    }

    /// The key that makes them.
    pub fn index_key_id(&self) -> KeyId {
        self.index.0
    }

    fn data_key(&self, key_id: KeyId) -> Option<&DataKey> {
        let (current_id, current) = &self.current;
        if key_id == *current_id {
            Some(current)
        } else {
            self.retired.get(&key_id)
        }
    }
}

fn load(profile_id: &str) -> Result<ProfileKeys, Failure> {
    let mut current = None;
    let mut retired = HashMap::new();
    let mut index = None;
    for stored in store::as_operator(|| store::with_latest_snapshot(store::data_keys::usable))? {
        let purpose: Purpose = stored.purpose.parse().map_err(|_| Failure::Malformed)?;
        let material = data_keys::open(profile_id, purpose, &stored)?;
        match purpose {
            Purpose::Data => {
                let key = DataKey::from(&material);
                exclude_from_core_dumps(key.location());
                if stored.current {
                    current = Some((key_id(&stored)?, key));
                } else {
                    retired.insert(key_id(&stored)?, key);
                }
            }
            Purpose::Index if stored.current => {
                let key = IndexKey::from(&material);
                exclude_from_core_dumps(key.location());
                index = Some((key_id(&stored)?, key));
            }
            Purpose::Index => {}
        }
    }
    Ok(ProfileKeys {
        profile_id: profile_id.to_owned(),
        current: current.ok_or(Failure::KeysDestroyed)?,
        retired,
        index: index.ok_or(Failure::KeysDestroyed)?,
    })
}

fn key_id(stored: &StoredDataKey) -> Result<KeyId, Failure> {
    u32::try_from(stored.key_id)
        .map(KeyId)
        .map_err(|_| Failure::Malformed)
}
