//! A sealed value: XAES-256-GCM (C2SP), bound to the profile and the context that it was sealed for.
//!
//! Layout: version byte 1, key id (32 bits, big-endian), nonce (24), ciphertext, tag (16).
//! Text form: `vault:1:<key id>:<nonce, ciphertext and tag in base64url without padding>`.

use std::fmt;

use aes_gcm::aead::AeadInOut;
use base64ct::{Base64UrlUnpadded, Encoding};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use super::context::Context;
use super::key::{DataKey, KeyId};
use crate::ids::ProfileId;

/// How many bytes an envelope is longer than its plaintext.
pub const OVERHEAD: usize = HEADER_LENGTH + TAG_LENGTH;

/// The length of an envelope's nonce, in bytes.
pub const NONCE_LENGTH: usize = 24;

const VERSION: u8 = 1;
const KEY_ID_LENGTH: usize = 4;
const HEADER_LENGTH: usize = 1 + KEY_ID_LENGTH + NONCE_LENGTH;
const TAG_LENGTH: usize = 16;

/// Seals a value, given in parts. The nonce must be fresh randomness for every call.
///
/// # Errors
/// [`EnvelopeError::TooLong`] for a plaintext beyond the cipher's limit of 64 GiB.
pub fn seal(
    key: &DataKey,
    key_id: KeyId,
    nonce: [u8; NONCE_LENGTH],
    profile_id: &ProfileId,
    context: &Context<'_>,
    plaintext: &[&[u8]],
) -> Result<Vec<u8>, EnvelopeError> {
    let length: usize = plaintext.iter().map(|part| part.len()).sum();
    // The capacity is final: growing would leave a copy of the plaintext in freed memory.
    let mut envelope = Vec::with_capacity(length + OVERHEAD);
    envelope.push(VERSION);
    envelope.extend_from_slice(&key_id.0.to_be_bytes());
    envelope.extend_from_slice(&nonce);
    let associated_data = context.associated_data(&envelope, profile_id);
    for part in plaintext {
        envelope.extend_from_slice(part);
    }

    let (_, text) = envelope
        .split_at_mut_checked(HEADER_LENGTH)
        .ok_or(EnvelopeError::Truncated)?;
    let sealed = key
        .cipher
        .encrypt_inout_detached(&nonce.into(), &associated_data, text.into());
    let Ok(tag) = sealed else {
        envelope.zeroize();
        return Err(EnvelopeError::TooLong);
    };
    envelope.extend_from_slice(&tag);
    Ok(envelope)
}

/// A sealed value whose layout has been checked. Only the key shows whether it opens.
#[derive(Clone, Copy)]
pub struct Envelope<'a> {
    key_id: KeyId,
    header: &'a [u8; HEADER_LENGTH],
    nonce: &'a [u8; NONCE_LENGTH],
    ciphertext: &'a [u8],
    tag: &'a [u8; TAG_LENGTH],
}

impl<'a> Envelope<'a> {
    /// Reads the layout.
    ///
    /// # Errors
    /// [`EnvelopeError::OtherType`], [`EnvelopeError::UnknownVersion`] or [`EnvelopeError::Truncated`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        match bytes.first() {
            None => return Err(EnvelopeError::Truncated),
            Some(&VERSION) => {}
            // The upper half is a type: that of a value with a label, which no plain envelope has.
            Some(16..) => return Err(EnvelopeError::OtherType),
            Some(_) => return Err(EnvelopeError::UnknownVersion),
        }
        let (header, sealed) = bytes
            .split_first_chunk::<HEADER_LENGTH>()
            .ok_or(EnvelopeError::Truncated)?;
        let (ciphertext, tag) = sealed.split_last_chunk().ok_or(EnvelopeError::Truncated)?;
        let [_, a, b, c, d, nonce @ ..] = header;
        Ok(Self {
            key_id: KeyId(u32::from_be_bytes([*a, *b, *c, *d])),
            header,
            nonce,
            ciphertext,
            tag,
        })
    }

    /// The key that sealed the value.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The length of the plaintext, in bytes.
    pub fn plaintext_length(&self) -> usize {
        self.ciphertext.len()
    }

    /// Opens the value.
    ///
    /// # Errors
    /// [`EnvelopeError::Damaged`] when it was sealed under another key, profile or context, or changed since.
    pub fn open(
        &self,
        key: &DataKey,
        profile_id: &ProfileId,
        context: &Context<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let mut text = Zeroizing::new(self.ciphertext.to_vec());
        key.cipher
            .decrypt_inout_detached(
                self.nonce.into(),
                &context.associated_data(self.header, profile_id),
                text.as_mut_slice().into(),
                self.tag.into(),
            )
            .map_err(|_| EnvelopeError::Damaged)?;
        Ok(text)
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        let body = [self.nonce.as_slice(), self.ciphertext, self.tag].concat();
        format!(
            "vault:{VERSION}:{}:{}",
            self.key_id,
            Base64UrlUnpadded::encode_string(&body)
        )
    }
}

impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Reads the text form back into an envelope. Reading is strict: it takes only what [`Envelope::to_text`] writes, so
/// that equal envelopes have equal texts.
///
/// # Errors
/// [`EnvelopeError::NotAnEnvelope`], and those of [`Envelope::parse`].
pub fn from_text(text: &str) -> Result<Vec<u8>, EnvelopeError> {
    let (version, rest) = text
        .strip_prefix("vault:")
        .and_then(|rest| rest.split_once(':'))
        .ok_or(EnvelopeError::NotAnEnvelope)?;
    let (key_id, body) = rest.split_once(':').ok_or(EnvelopeError::NotAnEnvelope)?;
    check_text_version(version)?;
    let key_id: u32 = key_id.parse().map_err(|_| EnvelopeError::NotAnEnvelope)?;
    let body = Base64UrlUnpadded::decode_vec(body).map_err(|_| EnvelopeError::NotAnEnvelope)?;

    let bytes = [[VERSION].as_slice(), &key_id.to_be_bytes(), &body].concat();
    if Envelope::parse(&bytes)?.to_text() != text {
        return Err(EnvelopeError::NotAnEnvelope);
    }
    Ok(bytes)
}

/// A letter before the version names a type whose values have a label.
fn check_text_version(version: &str) -> Result<(), EnvelopeError> {
    let number = version.trim_start_matches(|first: char| first.is_ascii_lowercase());
    match number.parse::<u8>() {
        Err(_) => Err(EnvelopeError::NotAnEnvelope),
        Ok(_) if number != version => Err(EnvelopeError::OtherType),
        Ok(VERSION) => Ok(()),
        Ok(_) => Err(EnvelopeError::UnknownVersion),
    }
}

/// Why a value was not sealed or opened. Shows nothing of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EnvelopeError {
    /// The text is not in the form `vault:1:<key id>:<base64url>`.
    #[error("not an encrypted value")]
    NotAnEnvelope,
    /// In the form of another encrypted type.
    #[error("encrypted value of another type")]
    OtherType,
    /// Sealed by a later version of the vault, or not an envelope at all.
    #[error("encrypted value of an unknown version")]
    UnknownVersion,
    /// Shorter than any envelope.
    #[error("encrypted value is truncated")]
    Truncated,
    /// It did not open.
    #[error("encrypted value is damaged, or belongs to another profile, row, column or key")]
    Damaged,
    /// The plaintext is beyond the cipher's limit.
    #[error("value is too long to be encrypted")]
    TooLong,
}

#[cfg(test)]
mod tests;
