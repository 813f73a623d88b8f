//! A value of an application's column. It is sealed for its type, and for a context if the application names one.
//!
//! The context is not part of the associated data. Its digest is sealed before the plaintext. So whoever has the keys
//! can seal the value anew under other keys without knowing the context.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::context::{Context, Slot};
use super::envelope::{self, Envelope, EnvelopeError, NONCE_LENGTH};
use super::framing::frame;
use super::key::{DataKey, KeyId};
use crate::ids::ProfileId;

/// The number of bytes by which a sealed value with a context is longer than the same value without one.
pub const DIGEST_LENGTH: usize = 32;

const DOMAIN: &[u8] = b"vault:context:1";

/// What an application binds a value to: nothing, or the digest of the context's name.
#[derive(Clone, Copy)]
pub struct Binding(Option<[u8; DIGEST_LENGTH]>);

impl Binding {
    /// Binds to the context of this name. The empty name binds to nothing.
    pub fn to_context(name: &str) -> Self {
        let digest = || Sha256::digest(frame(&[DOMAIN, name.as_bytes()])).into();
        Self((!name.is_empty()).then(digest))
    }

    fn digest(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], <[u8; DIGEST_LENGTH]>::as_slice)
    }

    fn is_bound(&self) -> bool {
        self.0.is_some()
    }
}

/// Seals a value. The nonce must be fresh randomness for every call.
///
/// # Errors
/// Those of [`envelope::seal`].
pub fn seal(
    key: &DataKey,
    key_id: KeyId,
    nonce: [u8; NONCE_LENGTH],
    profile_id: &ProfileId,
    slot: Slot<'_>,
    binding: &Binding,
    plaintext: &[u8],
) -> Result<Vec<u8>, EnvelopeError> {
    let context = Context::column(slot, binding.is_bound());
    let plaintext = [binding.digest(), plaintext];
    envelope::seal(key, key_id, nonce, profile_id, &context, &plaintext)
}

/// Opens a value that has this binding.
///
/// # Errors
/// [`EnvelopeError::Damaged`] when it was sealed otherwise, or under another key or profile, or changed since.
pub fn open(
    envelope: &Envelope<'_>,
    key: &DataKey,
    profile_id: &ProfileId,
    slot: Slot<'_>,
    binding: &Binding,
) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let (found, plaintext) = read(envelope, key, profile_id, slot, binding.is_bound())?;
    if bool::from(found.digest().ct_eq(binding.digest())) {
        Ok(plaintext)
    } else {
        Err(EnvelopeError::Damaged)
    }
}

/// Opens a value with any binding, so that it can be sealed anew with the same binding.
///
/// # Errors
/// [`EnvelopeError::Damaged`] when it was sealed for another slot, key or profile, or changed since.
pub fn open_to_reseal(
    envelope: &Envelope<'_>,
    key: &DataKey,
    profile_id: &ProfileId,
    slot: Slot<'_>,
) -> Result<(Binding, Zeroizing<Vec<u8>>), EnvelopeError> {
    read(envelope, key, profile_id, slot, false)
        .or_else(|_| read(envelope, key, profile_id, slot, true))
}

fn read(
    envelope: &Envelope<'_>,
    key: &DataKey,
    profile_id: &ProfileId,
    slot: Slot<'_>,
    bound: bool,
) -> Result<(Binding, Zeroizing<Vec<u8>>), EnvelopeError> {
    let mut plaintext = envelope.open(key, profile_id, &Context::column(slot, bound))?;
    if !bound {
        return Ok((Binding(None), plaintext));
    }
    let digest = *plaintext.first_chunk().ok_or(EnvelopeError::Damaged)?;
    plaintext.drain(..DIGEST_LENGTH);
    Ok((Binding(Some(digest)), plaintext))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::envelope::OVERHEAD;
    use crate::crypto::key::KeyMaterial;

    fn profile() -> ProfileId {
        ProfileId::from_administrator("pro_a")
    }

    fn key(byte: u8) -> DataKey {
        DataKey::from(&KeyMaterial::from(&[byte; 32]))
    }

    fn sealed(slot: Slot<'_>, binding: &Binding, plaintext: &[u8]) -> Vec<u8> {
        seal(
            &key(1),
            KeyId(1),
            [7; 24],
            &profile(),
            slot,
            binding,
            plaintext,
        )
        .unwrap()
    }

    fn opened(bytes: &[u8], slot: Slot<'_>, context: &str) -> Result<Vec<u8>, EnvelopeError> {
        let envelope = Envelope::parse(bytes)?;
        let binding = Binding::to_context(context);
        Ok(open(&envelope, &key(1), &profile(), slot, &binding)?.to_vec())
    }

    #[test]
    fn a_value_opens_for_its_type_and_context_alone() {
        let places = [
            (Slot::Text, ""),
            (Slot::Json, ""),
            (Slot::Text, "email"),
            (Slot::Text, "phone"),
            (Slot::Label(b"text"), ""),
            (Slot::Label(b"text"), "email"),
        ];
        for sealed_for in places {
            let bytes = sealed(sealed_for.0, &Binding::to_context(sealed_for.1), b"x");
            for opened_at in places {
                let expected = if sealed_for == opened_at {
                    Ok(b"x".to_vec())
                } else {
                    Err(EnvelopeError::Damaged)
                };
                assert_eq!(opened(&bytes, opened_at.0, opened_at.1), expected);
            }
        }
    }

    #[test]
    fn a_context_costs_the_length_of_its_digest() {
        for plaintext in [b"".as_slice(), b"a@b.c"] {
            let free = sealed(Slot::Text, &Binding::to_context(""), plaintext);
            let bound = sealed(Slot::Text, &Binding::to_context("row 1"), plaintext);
            assert_eq!(free.len(), plaintext.len() + OVERHEAD);
            assert_eq!(bound.len(), free.len() + DIGEST_LENGTH);
        }
    }

    #[test]
    fn a_value_that_begins_with_a_digest_is_not_bound_to_it() {
        let digest = Binding::to_context("row 1").0.unwrap();
        let plaintext = [digest.as_slice(), b"x"].concat();
        let bytes = sealed(Slot::Text, &Binding::to_context(""), &plaintext);
        assert_eq!(
            opened(&bytes, Slot::Text, "row 1"),
            Err(EnvelopeError::Damaged)
        );
        assert_eq!(opened(&bytes, Slot::Text, ""), Ok(plaintext));
    }

    #[test]
    fn a_value_is_sealed_anew_without_its_context_and_stays_bound_to_it() {
        for context in ["", "row 1"] {
            let bytes = sealed(Slot::Text, &Binding::to_context(context), b"x");
            let envelope = Envelope::parse(&bytes).unwrap();
            let reseal = |slot| {
                let (binding, plaintext) = open_to_reseal(&envelope, &key(1), &profile(), slot)?;
                Ok(sealed(slot, &binding, &plaintext))
            };
            let resealed = reseal(Slot::Text).unwrap();
            assert_eq!(opened(&resealed, Slot::Text, context), Ok(b"x".to_vec()));
            assert_eq!(
                opened(&resealed, Slot::Text, "row 2"),
                Err(EnvelopeError::Damaged)
            );
            assert_eq!(reseal(Slot::Json), Err(EnvelopeError::Damaged));
        }
    }
}
