//! Data keys as they are stored: sealed by the root key, and bound to the profile, purpose and version that they were
//! made for.
//!
//! Layout: format byte 1, nonce (24), sealed key (32), tag (16).

use std::str::FromStr;

use aes_gcm::aead::AeadInOut;
use thiserror::Error;

use super::framing::frame;
use super::key::{KEY_LENGTH, KeyMaterial, RootKey};
use crate::ids::ProfileId;

/// The length of a wrapped key, in bytes.
pub const WRAPPED_LENGTH: usize = 1 + NONCE_LENGTH + KEY_LENGTH + TAG_LENGTH;

const DOMAIN: &[u8] = b"vault:wrapped-key:1";
const FORMAT: u8 = 1;
const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;

/// What a data key is for. One key never serves two purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Sealing values: [`DataKey`](super::DataKey).
    Data,
    /// Making blind indexes: [`IndexKey`](super::IndexKey).
    Index,
}

impl Purpose {
    /// The purpose's name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Index => "index",
        }
    }
}

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "data" => Ok(Self::Data),
            "index" => Ok(Self::Index),
            _ => Err(UnknownPurpose),
        }
    }
}

/// The name is no [`Purpose`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unknown key purpose")]
pub struct UnknownPurpose;

/// Identifies a data key. A wrapped key opens only under the descriptor that it was wrapped with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataKeyDescriptor<'a> {
    /// The profile whose values the key protects.
    pub profile_id: &'a ProfileId,
    /// What the key is for.
    pub purpose: Purpose,
    /// Counts the profile's keys of this purpose.
    pub version: i32,
}

impl DataKeyDescriptor<'_> {
    fn associated_data(&self) -> Vec<u8> {
        frame(&[
            DOMAIN,
            self.profile_id.as_str().as_bytes(),
            self.purpose.as_str().as_bytes(),
            &self.version.to_be_bytes(),
        ])
    }
}

/// Seals a data key under the root key. The nonce must be fresh randomness.
///
/// # Errors
/// [`WrapError::NotWrapped`] when the cipher refuses; a key of this length never makes it.
pub fn wrap(
    root: &RootKey,
    nonce: [u8; NONCE_LENGTH],
    descriptor: DataKeyDescriptor<'_>,
    material: &KeyMaterial,
) -> Result<Vec<u8>, WrapError> {
    let mut sealed = zeroize::Zeroizing::new(*material.as_bytes());
    let tag = root
        .cipher
        .encrypt_inout_detached(
            &nonce.into(),
            &descriptor.associated_data(),
            sealed.as_mut_slice().into(),
        )
        .map_err(|_| WrapError::NotWrapped)?;
    Ok([&[FORMAT], nonce.as_slice(), sealed.as_slice(), &tag].concat())
}

/// Opens a data key that [`wrap`] sealed.
///
/// # Errors
/// [`WrapError::Malformed`] when the bytes are no wrapped key at all, [`WrapError::DidNotOpen`] when they were changed,
/// belong to another descriptor or were sealed by another root key.
pub fn unwrap(
    root: &RootKey,
    descriptor: DataKeyDescriptor<'_>,
    wrapped: &[u8],
) -> Result<KeyMaterial, WrapError> {
    let wrapped: &[u8; WRAPPED_LENGTH] = wrapped.try_into().map_err(|_| WrapError::Malformed)?;
    let [FORMAT, body @ ..] = wrapped else {
        return Err(WrapError::Malformed);
    };
    let (nonce, body) = body
        .split_first_chunk::<NONCE_LENGTH>()
        .ok_or(WrapError::Malformed)?;
    let (sealed, tag) = body
        .split_first_chunk::<KEY_LENGTH>()
        .ok_or(WrapError::Malformed)?;
    let tag: &[u8; TAG_LENGTH] = tag.try_into().map_err(|_| WrapError::Malformed)?;

    KeyMaterial::try_fill(|bytes| {
        *bytes = *sealed;
        root.cipher
            .decrypt_inout_detached(
                nonce.into(),
                &descriptor.associated_data(),
                bytes.as_mut_slice().into(),
                tag.into(),
            )
            .map_err(|_| WrapError::DidNotOpen)
    })
}

/// Why a key was not wrapped or unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WrapError {
    /// The cipher refused to seal.
    #[error("the data key could not be wrapped")]
    NotWrapped,
    /// Not the length or format of a wrapped key.
    #[error("the wrapped data key is malformed")]
    Malformed,
    /// The root key, profile, purpose or version is another one, or the bytes were changed.
    #[error("the wrapped data key does not open under this root key")]
    DidNotOpen,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: [u8; 24] = [9; 24];

    fn root(byte: u8) -> RootKey {
        RootKey::from(&KeyMaterial::from(&[byte; 32]))
    }

    fn profile() -> ProfileId {
        ProfileId::from_administrator("pro_a")
    }

    fn descriptor(profile_id: &ProfileId) -> DataKeyDescriptor<'_> {
        DataKeyDescriptor {
            profile_id,
            purpose: Purpose::Data,
            version: 1,
        }
    }

    fn wrapped() -> Vec<u8> {
        wrap(
            &root(1),
            NONCE,
            descriptor(&profile()),
            &KeyMaterial::from(&[7; 32]),
        )
        .unwrap()
    }

    #[test]
    fn a_wrapped_key_opens_under_its_root_key_and_descriptor() {
        let material = unwrap(&root(1), descriptor(&profile()), &wrapped()).unwrap();
        assert_eq!(material.as_bytes(), &[7; 32]);
        assert_eq!(wrapped().len(), WRAPPED_LENGTH);
    }

    #[test]
    fn a_wrapped_key_does_not_open_under_another_root_key_profile_purpose_or_version() {
        let profile = &profile();
        let elsewhere = [
            (root(2), descriptor(profile)),
            (
                root(1),
                DataKeyDescriptor {
                    profile_id: &ProfileId::from_administrator("pro_b"),
                    ..descriptor(profile)
                },
            ),
            (
                root(1),
                DataKeyDescriptor {
                    purpose: Purpose::Index,
                    ..descriptor(profile)
                },
            ),
            (
                root(1),
                DataKeyDescriptor {
                    version: 2,
                    ..descriptor(profile)
                },
            ),
        ];
        for (root, descriptor) in elsewhere {
            assert_eq!(
                unwrap(&root, descriptor, &wrapped()).unwrap_err(),
                WrapError::DidNotOpen
            );
        }
    }

    #[test]
    fn a_wrapped_key_with_any_byte_changed_does_not_open() {
        for position in 0..WRAPPED_LENGTH {
            let mut damaged = wrapped();
            damaged[position] ^= 1;
            let expected = if position == 0 {
                WrapError::Malformed
            } else {
                WrapError::DidNotOpen
            };
            assert_eq!(
                unwrap(&root(1), descriptor(&profile()), &damaged).unwrap_err(),
                expected,
                "byte {position}"
            );
        }
    }

    #[test]
    fn a_wrapped_key_of_another_length_is_malformed() {
        let longer = [wrapped(), vec![0]].concat();
        for bytes in [&[], &wrapped()[..WRAPPED_LENGTH - 1], &longer] {
            assert_eq!(
                unwrap(&root(1), descriptor(&profile()), bytes).unwrap_err(),
                WrapError::Malformed
            );
        }
    }

    #[test]
    fn purposes_keep_their_names() {
        for purpose in [Purpose::Data, Purpose::Index] {
            assert_eq!(purpose.as_str().parse(), Ok(purpose));
        }
        assert_eq!("Data".parse::<Purpose>(), Err(UnknownPurpose));
    }
}
