//! The lines that the root key's source prints. A line is a whole root key, or a root key as components of several
//! custodians, or it names a profile whose keys are destroyed.
//!
//! A script could join the components. They are joined here because a shell keeps what it reads, in memory that nobody wipes,
//! and because a custodian who has mistyped is told so by the number of the component.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use super::key::{KEY_LENGTH, KeyMaterial, RootKey};
use crate::ids::ProfileId;

/// The length of a component's check value, in bytes.
const CHECK_VALUE_LENGTH: usize = 8;

/// Begins a line that names a profile.
const DESTROYED: &str = "destroyed";

/// What a line says.
#[derive(Debug)]
pub enum RootKeyLine {
    /// 64 hexadecimal digits, or components of that length joined by `+`, whose XOR is the key: split knowledge and
    /// dual control (PCI DSS 3.7.6). Each component ends in `:` and the 16 digits of its check value. The check value
    /// is the first 8 bytes of SHA-256 over the component's 32 bytes, which a custodian can compute with standard
    /// tools. A whole key may have a check value, too.
    Key(RootKey),
    /// `destroyed` and a profile's id. The profile's keys must not be used any more, whatever a database still holds.
    Destroyed(ProfileId),
}

impl RootKeyLine {
    /// Reads a line; white space around it and its components is ignored.
    ///
    /// # Errors
    /// When the line is anything else. The error repeats nothing of it.
    pub fn parse(line: &str) -> Result<Self, RootKeyLineError> {
        let line = line.trim();
        match line.split_once(' ') {
            Some((DESTROYED, profile)) => ProfileId::parse(profile.trim())
                .map(Self::Destroyed)
                .map_err(|_| RootKeyLineError::Profile),
            _ => key(line).map(Self::Key),
        }
    }

    /// The line, with its end, that names a profile as destroyed.
    ///
    /// # Errors
    /// When the id does not have the form of one: it could say anything.
    pub fn destroyed(profile_id: &ProfileId) -> Result<String, RootKeyLineError> {
        let profile =
            ProfileId::parse(profile_id.as_str()).map_err(|_| RootKeyLineError::Profile)?;
        Ok(format!("{DESTROYED} {}\n", profile.as_str()))
    }
}

fn key(line: &str) -> Result<RootKey, RootKeyLineError> {
    if !line.contains('+') {
        let key = whole(line).map_err(RootKeyLineError::Key)?;
        return Ok(RootKey::from(&key));
    }
    let mut components: Vec<KeyMaterial> = Vec::new();
    for (index, text) in line.split('+').enumerate() {
        let component = component(text, &components).map_err(|reason| {
            let number = index + 1;
            RootKeyLineError::Component { number, reason }
        })?;
        components.push(component);
    }
    let key = xor(&components).map_err(RootKeyLineError::Key)?;
    Ok(RootKey::from(&key))
}

/// A key that one custodian has, with or without a check value.
fn whole(text: &str) -> Result<KeyMaterial, KeyTextError> {
    if text.contains(':') {
        component(text, &[])
    } else {
        material(text)
    }
}

/// A component with its check value. It must differ from all earlier ones, because two equal components would cancel
/// each other out.
fn component(text: &str, earlier: &[KeyMaterial]) -> Result<KeyMaterial, KeyTextError> {
    let (digits, check_value) = text.split_once(':').ok_or(KeyTextError::NoCheckValue)?;
    let material = material(digits)?;
    check(&material, check_value)?;
    if earlier.iter().any(|other| equal(other, &material)) {
        return Err(KeyTextError::Repeated);
    }
    Ok(material)
}

fn material(digits: &str) -> Result<KeyMaterial, KeyTextError> {
    let digits = digits.trim();
    if digits.len() != 2 * KEY_LENGTH {
        return Err(KeyTextError::WrongLength);
    }
    let material = KeyMaterial::try_fill(|bytes| {
        base16ct::mixed::decode(digits, bytes)
            .map(|_| ())
            .map_err(|_| KeyTextError::NotHexadecimal)
    })?;
    refuse_zero(material)
}

fn check(material: &KeyMaterial, expected: &str) -> Result<(), KeyTextError> {
    let mut bytes = [0; CHECK_VALUE_LENGTH];
    base16ct::mixed::decode(expected.trim(), &mut bytes)
        .ok()
        .filter(|decoded| decoded.len() == CHECK_VALUE_LENGTH)
        .ok_or(KeyTextError::MalformedCheckValue)?;
    // The rest of the digest is wiped: it tells more of the component than its check value does.
    let digest = Zeroizing::new(<[u8; KEY_LENGTH]>::from(Sha256::digest(
        material.as_bytes(),
    )));
    match digest.first_chunk::<CHECK_VALUE_LENGTH>() {
        Some(actual) if actual.ct_eq(&bytes).into() => Ok(()),
        _ => Err(KeyTextError::OtherCheckValue),
    }
}

fn xor(components: &[KeyMaterial]) -> Result<KeyMaterial, KeyTextError> {
    let key = KeyMaterial::try_fill(|key| {
        for component in components {
            for (byte, other) in key.iter_mut().zip(component.as_bytes()) {
                *byte ^= other;
            }
        }
        Ok(())
    })?;
    refuse_zero(key)
}

fn refuse_zero(material: KeyMaterial) -> Result<KeyMaterial, KeyTextError> {
    if material.as_bytes().ct_eq(&[0; KEY_LENGTH]).into() {
        Err(KeyTextError::Zero)
    } else {
        Ok(material)
    }
}

fn equal(one: &KeyMaterial, other: &KeyMaterial) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// Why a line says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RootKeyLineError {
    /// The line is not a key, or its components do not make one.
    #[error("the key {0}")]
    Key(KeyTextError),
    /// One component is wrong. Components count from 1.
    #[error("component {number} {reason}")]
    Component {
        /// The component's place in the line.
        number: usize,
        /// What is wrong with it.
        reason: KeyTextError,
    },
    /// What is named as destroyed does not have the form of a profile's id.
    #[error("what it names as destroyed is not a profile's id")]
    Profile,
}

/// What is wrong with a key or a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyTextError {
    /// Not 64 characters.
    #[error("is not 64 hexadecimal digits long")]
    WrongLength,
    /// 64 characters, but not all of them hexadecimal digits.
    #[error("contains a character that is not a hexadecimal digit")]
    NotHexadecimal,
    /// Nothing but zeros.
    #[error("is all zeros")]
    Zero,
    /// A component stands alone.
    #[error("has no check value")]
    NoCheckValue,
    /// What stands behind the colon is no check value.
    #[error("has a check value that is not 16 hexadecimal digits")]
    MalformedCheckValue,
    /// One of the two has been mistyped.
    #[error("does not match its check value")]
    OtherCheckValue,
    /// The same component was given before.
    #[error("is the same as an earlier one")]
    Repeated,
}

#[cfg(test)]
mod tests;
