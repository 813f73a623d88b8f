//! The unwrapped data keys of this backend, by profile.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;

use pgrx::pg_sys;
use vault_core::crypto::{
    Binding, Context, DataKey, Envelope, IndexKey, KeyId, Purpose, Slot, column_value, seal,
};
use zeroize::Zeroizing;

use super::data_keys;
use super::epoch;
use super::memory::exclude_from_core_dumps;
use super::root_key::root_keys;
use crate::clock::random_bytes;
use crate::compat::local_transaction_id;
use crate::error::Failure;
use crate::store;
use crate::store::data_keys::{Hold, StoredDataKey};

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
    data: Keys<DataKey>,
    index: Keys<IndexKey>,
    /// The (sub)transaction that holds the current ones.
    held: Cell<Option<Subtransaction>>,
}

/// The keys of one profile that may seal, which none may that is not held.
pub struct SealingKeys(Rc<ProfileKeys>);

/// A transaction's number in this backend, and its subtransaction's in it.
type Subtransaction = (u32, pg_sys::SubTransactionId);

/// The keys of one purpose.
struct Keys<K> {
    /// Takes new writes.
    current: (KeyId, K),
    /// Oldest first.
    retired: Vec<Retired<K>>,
}

/// A key that only opens, or finds.
struct Retired<K> {
    key_id: KeyId,
    key: K,
    /// The transaction that retired it.
    by: i64,
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

/// The keys of the current profile, to seal by: the current ones are not destroyed before the transaction has ended, so that
/// whoever destroys a key later sees what was written under it.
///
/// # Errors
/// As [`of_profile`].
pub fn to_seal(profile_id: &str) -> Result<SealingKeys, Failure> {
    loop {
        let keys = of_profile(profile_id)?;
        if keys.are_held() {
            return Ok(SealingKeys(keys));
        }
        store::data_keys::hold(keys.data.current.0, Hold::ToSeal);
        store::data_keys::hold(keys.index.current.0, Hold::ToSeal);
        // They may have been retired, and destroyed, before they were held.
        if Rc::ptr_eq(&keys, &of_profile(profile_id)?) {
            keys.held.set(Some(current_subtransaction()));
        }
    }
}

/// The same, and the index key stays the current one: of two creates of the same card, the one that has waited for a
/// rotation to end must not index it by the old key.
///
/// # Errors
/// As [`of_profile`]; [`Failure::RotatedMeanwhile`] as [`ProfileKeys::index_key`].
pub fn to_decide(profile_id: &str) -> Result<SealingKeys, Failure> {
    loop {
        let keys = to_seal(profile_id)?;
        store::data_keys::hold(keys.index.current.0, Hold::ToDecide);
        // Whoever rotates lets the key go after the epoch has grown.
        if Rc::ptr_eq(&keys.0, &of_profile(profile_id)?) {
            keys.index_key()?;
            return Ok(keys);
        }
    }
}

impl Stamp {
    fn now() -> Self {
        Self {
            epoch: epoch::current(),
            transaction: store::is_on_standby().then(local_transaction_id),
        }
    }
}

impl SealingKeys {
    /// An envelope of the plaintext that opens in this profile and context only.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn seal(&self, context: &Context<'_>, plaintext: &[u8]) -> Result<Vec<u8>, Failure> {
        let (key_id, key) = &self.data.current;
        let nonce = random_bytes()?;
        Ok(seal(
            key,
            *key_id,
            nonce,
            &self.profile_id,
            context,
            &[plaintext],
        )?)
    }

    /// An envelope of a value of an application's column.
    ///
    /// # Errors
    /// As [`ProfileKeys::seal`].
    pub fn seal_value(
        &self,
        slot: Slot<'_>,
        binding: &Binding,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let (key_id, key) = &self.data.current;
        let nonce = random_bytes()?;
        let profile_id = &self.profile_id;
        Ok(column_value::seal(
            key, *key_id, nonce, profile_id, slot, binding, plaintext,
        )?)
    }
}

impl Deref for SealingKeys {
    type Target = ProfileKeys;

    fn deref(&self) -> &ProfileKeys {
        &self.0
    }
}

impl ProfileKeys {
    pub fn profile_id(&self) -> &str {
        &self.profile_id
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
        let key = self.opening(&envelope)?;
        Ok(envelope.open(key, &self.profile_id, context)?)
    }

    /// What the envelope of a value of an application's column holds.
    ///
    /// # Errors
    /// As [`ProfileKeys::open`].
    pub fn open_value(
        &self,
        slot: Slot<'_>,
        binding: &Binding,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let envelope = Envelope::parse(envelope)?;
        let key = self.opening(&envelope)?;
        let profile_id = &self.profile_id;
        Ok(column_value::open(
            &envelope, key, profile_id, slot, binding,
        )?)
    }

    /// What the envelope holds and is bound to, whatever that is, to seal it anew.
    ///
    /// # Errors
    /// As [`ProfileKeys::open`].
    pub fn open_value_to_reseal(
        &self,
        slot: Slot<'_>,
        envelope: &[u8],
    ) -> Result<(Binding, Zeroizing<Vec<u8>>), Failure> {
        let envelope = Envelope::parse(envelope)?;
        let key = self.opening(&envelope)?;
        let profile_id = &self.profile_id;
        Ok(column_value::open_to_reseal(
            &envelope, key, profile_id, slot,
        )?)
    }

    /// The data key that takes new values.
    pub fn current_data_key(&self) -> KeyId {
        self.data.current.0
    }

    /// The key that makes new blind indexes.
    pub fn current_index_key(&self) -> (KeyId, &IndexKey) {
        let (key_id, key) = &self.index.current;
        (*key_id, key)
    }

    /// The keys that have made blind indexes which may still stand somewhere.
    pub fn retired_index_keys(&self) -> impl Iterator<Item = (KeyId, &IndexKey)> {
        let retired = self.index.retired.iter();
        retired.map(|retired| (retired.key_id, &retired.key))
    }

    /// The index key of what the running statement sees. Columns of applications change their index key in one transaction,
    /// so a statement that began before it ended looks for values under the old key, and finds them.
    ///
    /// # Errors
    /// [`Failure::RotatedMeanwhile`] when it is the whole transaction that sees the time before: what it wrote under the old
    /// key would equal nothing.
    pub fn index_key(&self) -> Result<(KeyId, &IndexKey), Failure> {
        let retired = &self.index.retired;
        match retired
            .iter()
            .find(|retired| store::is_after_snapshot(retired.by))
        {
            None => Ok(self.current_index_key()),
            Some(_) if store::snapshot_is_the_transactions() => Err(Failure::RotatedMeanwhile),
            Some(then) => Ok((then.key_id, &then.key)),
        }
    }

    /// The keys, data and index, that values should not be under any more.
    pub fn retired(&self) -> impl Iterator<Item = KeyId> {
        let data = self.data.retired.iter().map(|retired| retired.key_id);
        data.chain(self.retired_index_keys().map(|(key_id, _)| key_id))
    }

    fn are_held(&self) -> bool {
        self.held.get() == Some(current_subtransaction())
    }

    fn opening(&self, envelope: &Envelope<'_>) -> Result<&DataKey, Failure> {
        let (current_id, current) = &self.data.current;
        if envelope.key_id() == *current_id {
            return Ok(current);
        }
        let mut retired = self.data.retired.iter();
        retired
            .find(|retired| retired.key_id == envelope.key_id())
            .map(|retired| &retired.key)
            .ok_or(Failure::UnknownKey)
    }
}

/// What [`load`] has read so far of one purpose.
struct Loading<K> {
    current: Option<(KeyId, K)>,
    retired: Vec<Retired<K>>,
}

impl<K> Loading<K> {
    const fn new() -> Self {
        Self {
            current: None,
            retired: Vec::new(),
        }
    }

    fn add(&mut self, stored: &StoredDataKey, key: K) -> Result<(), Failure> {
        let key_id = stored.key_id;
        if stored.current {
            self.current = Some((key_id, key));
        } else {
            let by = stored.retired_by.ok_or(Failure::Malformed)?;
            self.retired.push(Retired { key_id, key, by });
        }
        Ok(())
    }

    fn done(self) -> Result<Keys<K>, Failure> {
        Ok(Keys {
            current: self.current.ok_or(Failure::KeysDestroyed)?,
            retired: self.retired,
        })
    }
}

fn load(profile_id: &str) -> Result<ProfileKeys, Failure> {
    let mut data = Loading::new();
    let mut index = Loading::new();
    for stored in store::as_operator(store::data_keys::usable)? {
        let purpose: Purpose = stored.purpose.parse().map_err(|_| Failure::Malformed)?;
        let material = data_keys::open(profile_id, purpose, &stored)?;
        match purpose {
            Purpose::Data => {
                let key = DataKey::from(&material);
                exclude_from_core_dumps(key.location());
                data.add(&stored, key)?;
            }
            Purpose::Index => {
                let key = IndexKey::from(&material);
                exclude_from_core_dumps(key.location());
                index.add(&stored, key)?;
            }
        }
    }
    Ok(ProfileKeys {
        profile_id: profile_id.to_owned(),
        data: data.done()?,
        index: index.done()?,
        held: Cell::new(None),
    })
}

fn current_subtransaction() -> Subtransaction {
    // SAFETY: reads the backend's state.
    (local_transaction_id(), unsafe {
        pg_sys::GetCurrentSubTransactionId()
    })
}
