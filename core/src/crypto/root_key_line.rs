//! The lines that print root keys: whole, or as components of several custodians; and name profiles whose keys are
//! destroyed.

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
    /// 64 hexadecimal digits, or components of that length joined by `+`, whose XOR is the key: split knowledge and dual
    /// control (PCI DSS 3.7.6). Each component ends in `:` and 16 digits of its check value, the first 8 bytes of SHA-256
    /// over its 32 bytes, which a custodian can compute with standard tools. A whole key may have one, too.
    Key(RootKey),
    /// `destroyed` and a profile's id: its keys serve no more, whatever a database still holds.
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
    pub fn destroyed(profile_id: &str) -> Result<String, RootKeyLineError> {
        let profile = ProfileId::parse(profile_id).map_err(|_| RootKeyLineError::Profile)?;
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

/// A component with its check value, other than the earlier ones: two that are the same would cancel each other out.
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
    /// It is no key, or its components make none.
    #[error("the key {0}")]
    Key(KeyTextError),
    /// It is no key because of one component; they count from 1.
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
mod tests {
    use hex_literal::hex;

    use super::*;

    /// Check values as docs/root-key.md computes them, with sha256sum.
    const ALICE: &str =
        "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F:630dcd2966c43366";
    const BOB: &str =
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf:00e988677eecf94c";
    const CAROL: &str =
        "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100:5DF404C22BA4E956";

    fn read(line: &str) -> RootKey {
        match RootKeyLine::parse(line).unwrap() {
            RootKeyLine::Key(key) => key,
            RootKeyLine::Destroyed(_) => panic!("a key was expected"),
        }
    }

    fn refusal(line: &str) -> String {
        RootKeyLine::parse(line).unwrap_err().to_string()
    }

    fn digits(component: &str) -> &str {
        component.split_once(':').unwrap().0
    }

    #[track_caller]
    fn assert_is(key: &RootKey, bytes: [u8; KEY_LENGTH]) {
        let expected = RootKey::from(&KeyMaterial::from(&bytes));
        assert_eq!(key.check_value(), expected.check_value());
    }

    #[test]
    fn a_key_is_read_with_and_without_a_check_value_and_white_space_around_it() {
        let bytes = std::array::from_fn(|index| u8::try_from(index).unwrap());
        assert_is(&read(digits(ALICE)), bytes);
        assert_is(&read(&format!("  {}\r\n", digits(ALICE))), bytes);
        assert_is(&read(ALICE), bytes);
    }

    #[test]
    fn components_are_joined_by_xor() {
        assert_is(&read(&format!("{ALICE}+{BOB}")), [0xa0; 32]);
        let joined = hex!("5f4e7d6c1b0a3928d7c6f5e49382b1a05f4e7d6c1b0a3928d7c6f5e49382b1a0");
        assert_is(&read(&format!("{ALICE}+{BOB}+{CAROL}")), joined);
        assert_is(&read(&format!("{CAROL} + {ALICE}\r+{BOB}\n")), joined);
    }

    #[test]
    fn a_line_that_is_no_key_says_why() {
        let hex = digits(ALICE);
        for (line, reason) in [
            ("", "the key is not 64 hexadecimal digits long"),
            (&hex[1..], "the key is not 64 hexadecimal digits long"),
            (
                &format!("{hex}0"),
                "the key is not 64 hexadecimal digits long",
            ),
            (
                &hex.replace('A', "g"),
                "the key contains a character that is not a hexadecimal digit",
            ),
            (
                &"é".repeat(32),
                "the key contains a character that is not a hexadecimal digit",
            ),
            (&"0".repeat(64), "the key is all zeros"),
            (
                &ALICE.replace("63", "64"),
                "the key does not match its check value",
            ),
            (
                &ALICE[..ALICE.len() - 1],
                "the key has a check value that is not 16 hexadecimal digits",
            ),
        ] {
            assert_eq!(refusal(line), reason, "{line}");
        }
    }

    #[test]
    fn a_component_that_is_wrong_is_named_by_its_number() {
        let zeros = format!("{}:66687aadf862bd77", "0".repeat(64));
        for (second, reason) in [
            ("", "has no check value"),
            (digits(BOB), "has no check value"),
            (&BOB[1..], "is not 64 hexadecimal digits long"),
            (
                &BOB.replace("bf:", "bg:"),
                "contains a character that is not a hexadecimal digit",
            ),
            (&BOB.replace("bf:", "be:"), "does not match its check value"),
            (&BOB.replace("94c", "94d"), "does not match its check value"),
            (
                &BOB.replace("94c", "94"),
                "has a check value that is not 16 hexadecimal digits",
            ),
            (
                &BOB.replace("94c", "94c00"),
                "has a check value that is not 16 hexadecimal digits",
            ),
            (
                &BOB.replace("94c", "94x"),
                "has a check value that is not 16 hexadecimal digits",
            ),
            (&ALICE.to_lowercase(), "is the same as an earlier one"),
            (&zeros, "is all zeros"),
        ] {
            let line = format!("{ALICE}+{second}+{CAROL}");
            assert_eq!(refusal(&line), format!("component 2 {reason}"), "{second}");
        }
        assert_eq!(
            refusal(&format!("{ALICE}+{BOB}+{ALICE}")),
            "component 3 is the same as an earlier one"
        );
        assert_eq!(
            refusal(&format!("{}+{BOB}", digits(ALICE))),
            "component 1 has no check value"
        );
    }

    #[test]
    fn components_that_cancel_each_other_out_are_no_key() {
        let third = format!("{}:545e9f3eaf2ba288", "a0".repeat(32));
        assert_eq!(
            refusal(&format!("{ALICE}+{BOB}+{third}")),
            "the key is all zeros"
        );
    }

    #[test]
    fn a_line_names_a_destroyed_profile_as_it_was_written() {
        let line = RootKeyLine::destroyed("pro_Zz09-").unwrap();
        assert_eq!(line, "destroyed pro_Zz09-\n");
        let RootKeyLine::Destroyed(profile) = RootKeyLine::parse(&line).unwrap() else {
            panic!("a profile was expected");
        };
        assert_eq!(profile.as_str(), "pro_Zz09-");
    }

    #[test]
    fn only_what_has_the_form_of_a_profile_is_destroyed() {
        for id in ["", "pro_a b", "pro_a\ndestroyed pro_b", &"a".repeat(65)] {
            assert_eq!(
                RootKeyLine::destroyed(id).unwrap_err(),
                RootKeyLineError::Profile
            );
        }
        assert_eq!(
            refusal("destroyed pro_a pro_b"),
            "what it names as destroyed is not a profile's id"
        );
        for line in ["destroyed", "destroyedpro_a", "Destroyed pro_a"] {
            assert_eq!(
                refusal(line),
                "the key is not 64 hexadecimal digits long",
                "{line}"
            );
        }
    }

    #[test]
    fn a_line_prints_nothing_of_its_key() {
        assert_eq!(
            format!("{:?}", RootKeyLine::parse(ALICE).unwrap()),
            "Key(RootKey { .. })"
        );
    }
}
