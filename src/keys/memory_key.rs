//! The memory key: made when the server starts, and never written anywhere. What it seals is lost with the server.

use std::sync::OnceLock;

use vault_core::crypto::{CheckValue, Context, DataKey, Envelope, KeyId, KeyMaterial, seal};
use zeroize::Zeroizing;

use crate::error::{Failure, Sealed};
use crate::postgres::core_dumps::exclude_from_core_dumps;
use crate::postgres::random::{fill_random, random_bytes};

/// The number that stands in its envelopes; data keys count from 1.
const KEY_ID: KeyId = KeyId(0);

/// Set in the postmaster, and inherited by every backend. None when the operating system gave no random bytes.
static MEMORY_KEY: OnceLock<Option<MemoryKey>> = OnceLock::new();

/// Seals what must not outlive the server.
pub struct MemoryKey {
    key: DataKey,
    check_value: CheckValue,
}

/// Makes the key. Called by the postmaster before it forks any backend.
pub fn make_at_server_start() {
    if MEMORY_KEY.get_or_init(|| MemoryKey::new().ok()).is_none() {
        pgrx::warning!("vault cannot keep CVCs: {}", Failure::NoRandomness);
    }
}

/// The memory key of this server.
///
/// # Errors
/// When the server started without one.
pub fn memory_key() -> Result<&'static MemoryKey, Failure> {
    match MEMORY_KEY.get() {
        Some(Some(key)) => Ok(key),
        Some(None) => Err(Failure::NoRandomness),
        None => Err(Sealed::NotPreloaded.into()),
    }
}

impl MemoryKey {
    fn new() -> Result<Self, Failure> {
        let key = DataKey::from(&KeyMaterial::try_fill(|bytes| fill_random(bytes))?);
        exclude_from_core_dumps(key.location());
        let check_value = key.check_value();
        Ok(Self { key, check_value })
    }

    /// The check value that every row sealed by the key carries. It tells rows of an earlier server's key apart.
    pub fn check_value(&self) -> &[u8] {
        self.check_value.as_bytes()
    }

    /// An envelope of the plaintext that opens in this profile and context only, for as long as the server runs.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn seal(
        &self,
        profile_id: &str,
        context: &Context<'_>,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let nonce = random_bytes()?;
        Ok(seal(
            &self.key,
            KEY_ID,
            nonce,
            profile_id,
            context,
            &[plaintext],
        )?)
    }

    /// What the envelope holds.
    ///
    /// # Errors
    /// When another key sealed it, or it was sealed for another profile or context or damaged.
    pub fn open(
        &self,
        profile_id: &str,
        context: &Context<'_>,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let envelope = Envelope::parse(envelope)?;
        if envelope.key_id() != KEY_ID {
            return Err(Failure::UnknownKey);
        }
        Ok(envelope.open(&self.key, profile_id, context)?)
    }
}
