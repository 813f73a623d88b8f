//! The unwrapped keys of one profile, and what they do.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;

use pgrx::pg_sys;
use vault_core::crypto::{
    Binding, Context, DataKey, Envelope, IndexKey, KeyId, Purpose, Slot, column_value, seal,
};
use zeroize::Zeroizing;

use super::data_keys;
use crate::error::Failure;
use crate::postgres::compat::local_transaction_id;
use crate::postgres::core_dumps::exclude_from_core_dumps;
use crate::postgres::random::random_bytes;
use crate::postgres::snapshot::is_after_snapshot;
use crate::postgres::transaction;
use crate::store;
use crate::store::data_keys::StoredDataKey;

/// The keys of one profile.
pub struct ProfileKeys {
    profile_id: String,
    data: Keys<DataKey>,
    index: Keys<IndexKey>,
    /// The transaction that wrote the current index key's row.
    index_key_written_by: i64,
    /// The (sub)transaction that holds the current data key.
    held: Cell<Option<Subtransaction>>,
}

/// A profile's keys with the right to seal. Sealing requires a lock on the current data key, which the constructor has taken.
pub struct SealingKeys(Rc<ProfileKeys>);

/// A transaction's number in this backend, and its subtransaction's in it.
type Subtransaction = (u32, pg_sys::SubTransactionId);

/// The keys of one purpose.
struct Keys<K> {
    /// Takes new writes.
    current: (KeyId, K),
    /// They only open, or find. Oldest first.
    retired: Vec<(KeyId, K)>,
    /// Retired ones that do not open. Only what is under them is lost.
    damaged: Vec<KeyId>,
}

impl SealingKeys {
    /// The caller has taken the lock on the current data key.
    pub(super) fn held(keys: Rc<ProfileKeys>) -> Self {
        Self(keys)
    }

    /// Whether these are the ones that the keyring has.
    pub(super) fn are(&self, keys: &Rc<ProfileKeys>) -> bool {
        Rc::ptr_eq(&self.0, keys)
    }

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
    /// Reads and unwraps the keys of the current profile.
    pub(super) fn load(profile_id: &str) -> Result<Self, Failure> {
        let mut data = Loading::new();
        let mut index = Loading::new();
        let mut index_key_written_by = 0;
        for stored in store::as_operator(|| store::data_keys::usable(profile_id))? {
            let purpose: Purpose = stored.purpose.parse().map_err(|_| Failure::DamagedRow)?;
            let material = data_keys::open(profile_id, purpose, &stored);
            match purpose {
                Purpose::Data => data.add(&stored, material.map(|key| DataKey::from(&key)))?,
                Purpose::Index => index.add(&stored, material.map(|key| IndexKey::from(&key)))?,
            }
            if purpose == Purpose::Index && stored.is_current {
                index_key_written_by = stored.written_by;
            }
        }
        let keys = Self {
            profile_id: profile_id.to_owned(),
            data: data.done()?,
            index: index.done()?,
            index_key_written_by,
            held: Cell::new(None),
        };
        for place in keys.data.all().map(DataKey::location) {
            exclude_from_core_dumps(place);
        }
        for place in keys.index.all().map(IndexKey::location) {
            exclude_from_core_dumps(place);
        }
        Ok(keys)
    }

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

    /// The content of the envelope and whatever it is bound to, so that it can be sealed again in the same way.
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
        retired.map(|(key_id, key)| (*key_id, key))
    }

    /// The index key for values of applications' columns, all of which a rotation moves to the new key in its own transaction.
    ///
    /// # Errors
    /// [`Failure::RotatedMeanwhile`] when the running statement sees the time before that. It would look for values under the
    /// new key and find none of those under the old one.
    pub fn index_key(&self) -> Result<(KeyId, &IndexKey), Failure> {
        if is_after_snapshot(self.index_key_written_by) {
            return Err(Failure::RotatedMeanwhile);
        }
        Ok(self.current_index_key())
    }

    /// The retired data and index keys. Values under them should be moved.
    pub fn retired(&self) -> impl Iterator<Item = KeyId> {
        let data = self.data.retired.iter().map(|(key_id, _)| *key_id);
        data.chain(self.retired_index_keys().map(|(key_id, _)| key_id))
    }

    /// Whether the key is a retired data key that could not be unwrapped. The values under it open again once the key's row is
    /// restored.
    pub fn has_damaged(&self, key_id: KeyId) -> bool {
        self.data.damaged.contains(&key_id)
    }

    /// Whether this (sub)transaction holds the current data key.
    pub(super) fn are_held(&self) -> bool {
        self.held.get() == Some(current_subtransaction())
    }

    pub(super) fn are_held_from_now_on(&self) {
        self.held.set(Some(current_subtransaction()));
    }

    pub(super) fn has_damaged_index_key(&self) -> bool {
        !self.index.damaged.is_empty()
    }

    fn opening(&self, envelope: &Envelope<'_>) -> Result<&DataKey, Failure> {
        let (current_id, current) = &self.data.current;
        if envelope.key_id() == *current_id {
            return Ok(current);
        }
        let mut retired = self.data.retired.iter();
        retired
            .find(|(key_id, _)| *key_id == envelope.key_id())
            .map(|(_, key)| key)
            .ok_or_else(|| match self.data.damaged.contains(&envelope.key_id()) {
                true => Failure::DamagedKey,
                false => Failure::UnknownKey,
            })
    }
}

impl<K> Keys<K> {
    fn all(&self) -> impl Iterator<Item = &K> {
        let retired = self.retired.iter().map(|(_, key)| key);
        std::iter::once(&self.current.1).chain(retired)
    }
}

/// What [`ProfileKeys::load`] has read so far of one purpose.
struct Loading<K> {
    current: Option<(KeyId, K)>,
    retired: Vec<(KeyId, K)>,
    damaged: Vec<KeyId>,
}

impl<K> Loading<K> {
    const fn new() -> Self {
        Self {
            current: None,
            retired: Vec::new(),
            damaged: Vec::new(),
        }
    }

    fn add(&mut self, stored: &StoredDataKey, key: Result<K, Failure>) -> Result<(), Failure> {
        let key_id = stored.key_id;
        match (stored.is_current, key) {
            (true, key) => self.current = Some((key_id, key?)),
            (false, Err(Failure::DamagedKey)) => self.damaged.push(key_id),
            (false, key) => self.retired.push((key_id, key?)),
        }
        Ok(())
    }

    fn done(self) -> Result<Keys<K>, Failure> {
        Ok(Keys {
            current: self.current.ok_or(Failure::KeysDestroyed)?,
            retired: self.retired,
            damaged: self.damaged,
        })
    }
}

fn current_subtransaction() -> Subtransaction {
    (
        local_transaction_id(),
        transaction::current_subtransaction(),
    )
}
