//! The vault's keys. Each has 256 bits in one place of the heap, is wiped when dropped, and cannot be printed.

use std::fmt;
use std::ops::Range;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use xaes_256_gcm::Xaes256Gcm;
use zeroize::Zeroizing;

use super::framing::frame;

/// The length of every key, in bytes.
pub const KEY_LENGTH: usize = 32;

/// The block length of SHA-256, in bytes.
const BLOCK_LENGTH: usize = 64;

const CHECK_VALUE_DOMAIN: &[u8] = b"vault:check-value:1";
const ROW_DOMAIN: &[u8] = b"vault:row:1";

/// The bytes of a key, before they become a [`RootKey`], [`DataKey`] or [`IndexKey`].
///
/// Boxed, so that moving it leaves no copy behind.
pub struct KeyMaterial(Box<Zeroizing<[u8; KEY_LENGTH]>>);

impl KeyMaterial {
    /// Lets `fill` write the key's bytes in place, for instance from the operating system's randomness.
    ///
    /// # Errors
    /// Those of `fill`.
    pub fn try_fill<E>(
        fill: impl FnOnce(&mut [u8; KEY_LENGTH]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut material = Self(Box::new(Zeroizing::new([0; KEY_LENGTH])));
        fill(&mut material.0)?;
        Ok(material)
    }

    pub(super) fn as_bytes(&self) -> &[u8; KEY_LENGTH] {
        &self.0
    }
}

impl From<&[u8; KEY_LENGTH]> for KeyMaterial {
    fn from(bytes: &[u8; KEY_LENGTH]) -> Self {
        let mut material = Box::new(Zeroizing::new([0; KEY_LENGTH]));
        material.copy_from_slice(bytes);
        Self(material)
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyMaterial").finish_non_exhaustive()
    }
}

/// The root key wraps data keys and makes the MACs of rows. It comes from outside the database and never enters it.
pub struct RootKey {
    pub(super) cipher: Box<Xaes256Gcm>,
    pub(super) rows: Box<Hmac<Sha256>>,
    check_value: CheckValue,
}

impl RootKey {
    /// A value that tells two root keys apart without revealing either.
    pub fn check_value(&self) -> CheckValue {
        self.check_value
    }

    /// Where the expanded keys lie in memory, so that the caller can keep them out of core dumps.
    pub fn locations(&self) -> [Range<*const u8>; 2] {
        [location(&*self.cipher), location(&*self.rows)]
    }
}

impl From<&KeyMaterial> for RootKey {
    fn from(material: &KeyMaterial) -> Self {
        Self {
            cipher: cipher(material),
            rows: Box::new(mac(&derived(material, ROW_DOMAIN))),
            check_value: CheckValue::of(material, "root"),
        }
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootKey").finish_non_exhaustive()
    }
}

/// A data key seals values of one profile. It keeps the expanded key, so that sealing many values expands the key once.
pub struct DataKey {
    pub(super) cipher: Box<Xaes256Gcm>,
    check_value: CheckValue,
}

impl DataKey {
    /// A value that tells two data keys apart without revealing either.
    pub fn check_value(&self) -> CheckValue {
        self.check_value
    }

    /// Where the expanded key lies in memory, so that the caller can keep it out of core dumps.
    pub fn location(&self) -> Range<*const u8> {
        location(&*self.cipher)
    }
}

impl From<&KeyMaterial> for DataKey {
    fn from(material: &KeyMaterial) -> Self {
        Self {
            cipher: cipher(material),
            check_value: CheckValue::of(material, "data"),
        }
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").finish_non_exhaustive()
    }
}

/// Makes the blind indexes of one profile.
pub struct IndexKey {
    pub(super) mac: Box<Hmac<Sha256>>,
    check_value: CheckValue,
}

impl IndexKey {
    /// A value that tells two index keys apart without revealing either.
    pub fn check_value(&self) -> CheckValue {
        self.check_value
    }

    /// Where the expanded key lies, for whoever keeps memory out of core dumps.
    pub fn location(&self) -> Range<*const u8> {
        location(&*self.mac)
    }
}

impl From<&KeyMaterial> for IndexKey {
    fn from(material: &KeyMaterial) -> Self {
        Self {
            mac: Box::new(mac(material)),
            check_value: CheckValue::of(material, "index"),
        }
    }
}

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexKey").finish_non_exhaustive()
    }
}

/// Eight bytes that show whether a key is the expected one: a truncated HMAC-SHA-256 under the key. The comparison
/// takes constant time.
#[derive(Debug, Clone, Copy)]
pub struct CheckValue([u8; 8]);

impl CheckValue {
    /// The check value as it is stored.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    fn of(material: &KeyMaterial, kind: &str) -> Self {
        let mut mac = mac(material);
        mac.update(&frame(&[CHECK_VALUE_DOMAIN, kind.as_bytes()]));
        let [a, b, c, d, e, f, g, h, ..] = mac.finalize().into_bytes().0;
        Self([a, b, c, d, e, f, g, h])
    }
}

impl From<[u8; 8]> for CheckValue {
    fn from(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for CheckValue {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for CheckValue {}

/// The number of a data key or an index key. It stands in every value that is under the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub u32);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn location<T>(value: &T) -> Range<*const u8> {
    let start = std::ptr::from_ref(value).cast::<u8>();
    start..start.wrapping_add(size_of::<T>())
}

fn cipher(material: &KeyMaterial) -> Box<Xaes256Gcm> {
    Box::new(Xaes256Gcm::new(material.as_bytes().into()))
}

/// A key for one purpose only. It tells nothing about the key that it is derived from.
fn derived(material: &KeyMaterial, domain: &[u8]) -> KeyMaterial {
    let mut mac = mac(material);
    mac.update(&frame(&[domain]));
    KeyMaterial::from(&*Zeroizing::new(mac.finalize().into_bytes().0))
}

/// HMAC pads its key with zeros to the hash's block length. A padded key therefore has no length that HMAC could
/// refuse.
fn mac(material: &KeyMaterial) -> Hmac<Sha256> {
    let mut padded = Zeroizing::new([0; BLOCK_LENGTH]);
    for (to, from) in padded.iter_mut().zip(material.as_bytes()) {
        *to = *from;
    }
    Hmac::new((&*padded).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_tell_keys_and_kinds_of_key_apart() {
        let one = KeyMaterial::from(&[1; 32]);
        let two = KeyMaterial::from(&[2; 32]);
        let of = |material| {
            [
                RootKey::from(material).check_value(),
                DataKey::from(material).check_value(),
                IndexKey::from(material).check_value(),
            ]
        };
        let values = [of(&one), of(&two)].concat();
        for (i, left) in values.iter().enumerate() {
            for (j, right) in values.iter().enumerate() {
                assert_eq!(left == right, i == j);
            }
        }
        assert_eq!(of(&one), of(&KeyMaterial::from(&[1; 32])));
    }

    #[test]
    fn keys_print_nothing_of_themselves() {
        let material = KeyMaterial::from(&[0x41; 32]);
        assert_eq!(format!("{material:?}"), "KeyMaterial { .. }");
        assert_eq!(format!("{:?}", RootKey::from(&material)), "RootKey { .. }");
        assert_eq!(format!("{:?}", DataKey::from(&material)), "DataKey { .. }");
        assert_eq!(
            format!("{:?}", IndexKey::from(&material)),
            "IndexKey { .. }"
        );
    }

    #[test]
    fn a_failed_source_of_randomness_makes_no_key() {
        assert_eq!(
            KeyMaterial::try_fill(|_| Err("no entropy")).unwrap_err(),
            "no entropy"
        );
    }
}
