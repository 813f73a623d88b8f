//! Inputs that several subjects share.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use vault_core::crypto::{DataKey, IndexKey, KeyMaterial, Place, RootKey};
use vault_core::ids::ProfileId;

/// What no parser can count on.
pub fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..200)
}

/// A plaintext.
pub fn plaintext() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..80)
}

/// Any text, of any script, with control characters.
pub fn text() -> impl Strategy<Value = String> {
    any::<String>()
}

/// A profile's id, of any text.
pub fn profile() -> impl Strategy<Value = ProfileId> {
    text().prop_map(ProfileId::from_administrator)
}

/// A place of the vault's own tables.
pub fn place() -> impl Strategy<Value = Place> {
    proptest::sample::select(Place::ALL.as_slice())
}

pub fn data_key(bytes: [u8; 32]) -> DataKey {
    DataKey::from(&KeyMaterial::from(&bytes))
}

pub fn index_key(bytes: [u8; 32]) -> IndexKey {
    IndexKey::from(&KeyMaterial::from(&bytes))
}

pub fn root_key(bytes: [u8; 32]) -> RootKey {
    RootKey::from(&KeyMaterial::from(&bytes))
}

/// A change of one byte, in a place that is chosen once the length is known.
#[derive(Debug, Clone)]
pub struct Damage {
    place: Index,
    difference: u8,
}

pub fn damage() -> impl Strategy<Value = Damage> {
    (any::<Index>(), 1..=u8::MAX).prop_map(|(place, difference)| Damage { place, difference })
}

impl Damage {
    pub fn to(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let place = self.place.index(bytes.len());
        bytes[place] ^= self.difference;
        bytes
    }
}

/// The digits and the check digit that makes them a card number.
pub fn card_number() -> impl Strategy<Value = String> {
    "[0-9]{7,18}".prop_map(|digits| with_check_digit(&digits))
}

/// A card number of a length that is looked for in logs.
pub fn common_card_number() -> impl Strategy<Value = String> {
    "[0-9]{12,18}".prop_map(|digits| with_check_digit(&digits))
}

/// By the definition of ISO/IEC 7812-1, told otherwise than in the code under test.
fn with_check_digit(digits: &str) -> String {
    const DOUBLED: [u32; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = byte - b'0';
            if place % 2 == 0 {
                DOUBLED[usize::from(digit)]
            } else {
                u32::from(digit)
            }
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}
