//! The unwrapped keys of one profile, and what they do.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;

use pgrx::pg_sys;
use vault_core::crypto::{
    Binding, Context, DataKey, Envelope, IndexKey, KeyId, Purpose, Slot, column_value, seal,
};
use vault_core::ids::ProfileId;
use zeroize::Zeroizing;

use super::data_keys;
use crate::error::Failure;
use crate::postgres::compat::local_transaction_id;
use crate::postgres::core_dumps::exclude_from_core_dumps;
use crate::postgres::random::random_bytes;
use crate::postgres::snapshot::{Change, is_after_snapshot, snapshot_is_the_transactions};
use crate::postgres::transaction;
use crate::store;
use crate::store::data_keys::StoredDataKey;

/// The keys of one profile.
pub struct ProfileKeys {
    profile_id: ProfileId,
    data: Keys<DataKey>,
    index: Keys<IndexKey>,
    /// The retirement of the last index key that is destroyed.
    index_gone: Option<Change>,
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
    /// Oldest first.
    retired: Vec<Retired<K>>,
    /// Retired ones that do not open. Only what is under them is lost.
    damaged: Vec<KeyId>,
}

/// A key that only opens, or finds.
struct Retired<K> {
    key_id: KeyId,
    key: K,
    retirement: Change,
}

impl SealingKeys {
    /// The caller has held them.
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
    pub(super) fn load(profile_id: &ProfileId) -> Result<Self, Failure> {
        let mut data = Loading::new();
        let mut index = Loading::new();
        for stored in store::as_operator(|| store::data_keys::usable(profile_id))? {
            let purpose: Purpose = stored.purpose.parse().map_err(|_| Failure::Malformed)?;
            let material = data_keys::open(profile_id, purpose, &stored);
            match purpose {
                Purpose::Data => data.add(&stored, material.map(|key| DataKey::from(&key)))?,
                Purpose::Index => index.add(&stored, material.map(|key| IndexKey::from(&key)))?,
            }
        }
        let keys = Self {
            profile_id: profile_id.clone(),
            data: data.done()?,
            index: index.done()?,
            index_gone: store::as_operator(|| store::data_keys::last_index_key_gone(profile_id))?,
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

    pub fn profile_id(&self) -> &ProfileId {
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
    /// key would equal nothing; and when that key is destroyed already.
    pub fn index_key(&self) -> Result<(KeyId, &IndexKey), Failure> {
        if self.index_gone.is_some_and(is_after_snapshot) {
            return Err(Failure::RotatedMeanwhile);
        }
        let retired = &self.index.retired;
        match retired
            .iter()
            .find(|retired| is_after_snapshot(retired.retirement))
        {
            None => Ok(self.current_index_key()),
            Some(_) if snapshot_is_the_transactions() => Err(Failure::RotatedMeanwhile),
            Some(then) => Ok((then.key_id, &then.key)),
        }
    }

    /// The keys, data and index, that values should not be under any more.
    pub fn retired(&self) -> impl Iterator<Item = KeyId> {
        let data = self.data.retired.iter().map(|retired| retired.key_id);
        data.chain(self.retired_index_keys().map(|(key_id, _)| key_id))
    }

    /// Whether the key is a retired data key that does not open. What is under it may open again, once the key's row is
    /// brought back.
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
            .find(|retired| retired.key_id == envelope.key_id())
            .map(|retired| &retired.key)
            .ok_or_else(|| match self.data.damaged.contains(&envelope.key_id()) {
                true => Failure::DamagedKey,
                false => Failure::UnknownKey,
            })
    }
}

impl<K> Keys<K> {
    fn all(&self) -> impl Iterator<Item = &K> {
        let retired = self.retired.iter().map(|retired| &retired.key);
        std::iter::once(&self.current.1).chain(retired)
    }
}

/// What [`ProfileKeys::load`] has read so far of one purpose.
struct Loading<K> {
    current: Option<(KeyId, K)>,
    retired: Vec<Retired<K>>,
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
        match (stored.retired, key) {
            (None, key) => self.current = Some((key_id, key?)),
            (Some(_), Err(Failure::DamagedKey)) => self.damaged.push(key_id),
            (Some(retirement), key) => self.retired.push(Retired {
                key_id,
                key: key?,
                retirement,
            }),
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
