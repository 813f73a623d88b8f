//! Lines that print root keys.

use proptest::prelude::*;
use proptest::sample::subsequence;
use sha2::{Digest, Sha256};
use vault_core::crypto::{CheckValue, RootKeyLine};
use vault_core::ids::ProfileId;

use crate::inputs::{bytes, damage, root_key, text};
use crate::{config, invariants};

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As a custodian writes it down.
fn component(bytes: &[u8; 32]) -> String {
    let digest = Sha256::digest(bytes);
    format!("{}:{}", hexadecimal(bytes), hexadecimal(&digest[..8]))
}

fn read(line: &str) -> Option<CheckValue> {
    match RootKeyLine::parse(line) {
        Ok(RootKeyLine::Key(key)) => Some(key.check_value()),
        _ => None,
    }
}

fn check_value(key: [u8; 32]) -> Option<CheckValue> {
    Some(root_key(key).check_value())
}

fn custodians() -> impl Strategy<Value = Vec<[u8; 32]>> {
    prop::collection::vec(any::<[u8; 32]>(), 2..5)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in bytes(), text in text()) {
        invariants::root_key_line::hold(&bytes);
        invariants::root_key_line::hold(text.as_bytes());
        invariants::root_key_line::hold(format!("destroyed {text}").as_bytes());
    }

    #[test]
    fn lines_like_keys_are_read_or_refused(line in "[0-9a-fA-F]{62,66}(:[0-9a-f]{14,17})?([+ ][0-9a-f:]{0,82}){0,3}") {
        invariants::root_key_line::hold(line.as_bytes());
    }

    #[test]
    fn a_key_is_read_with_and_without_its_check_value(key: [u8; 32]) {
        prop_assume!(key != [0; 32]);
        prop_assert_eq!(read(&hexadecimal(&key)), check_value(key));
        prop_assert_eq!(read(&hexadecimal(&key).to_uppercase()), check_value(key));
        prop_assert_eq!(read(&component(&key)), check_value(key));
    }

    #[test]
    fn components_make_one_key_in_any_order(
        (components, reordered) in custodians().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
    ) {
        let joined = |all: &[[u8; 32]]| all.iter().map(component).collect::<Vec<_>>().join("+");
        let mut key = [0; 32];
        for component in &components {
            key.iter_mut().zip(component).for_each(|(byte, other)| *byte ^= other);
        }
        prop_assert_eq!(read(&joined(&components)), check_value(key));
        prop_assert_eq!(read(&joined(&reordered)), check_value(key));
    }

    #[test]
    fn without_one_component_it_is_another_key(
        (components, fewer) in custodians().prop_flat_map(|all| {
            let fewer = all.len() - 1;
            (Just(all.clone()), subsequence(all, fewer))
        })
    ) {
        let joined = |all: &[[u8; 32]]| all.iter().map(component).collect::<Vec<_>>().join("+");
        prop_assert_ne!(read(&joined(&components)), read(&joined(&fewer)));
    }

    #[test]
    fn a_mistyped_component_is_refused_or_the_same(key: [u8; 32], damage in damage()) {
        let line = component(&key);
        let damaged = damage.to(line.as_bytes());
        invariants::root_key_line::hold(&damaged);
        // A capital letter and white space at an end change nothing; anything else is noticed.
        if let Ok(damaged) = String::from_utf8(damaged)
            && let Some(found) = read(&damaged)
        {
            prop_assert_eq!(Some(found), check_value(key));
        }
    }

    #[test]
    fn a_destroyed_profile_is_read_again(profile in "[A-Za-z0-9_-]{1,64}", text in text()) {
        let line = RootKeyLine::destroyed(&ProfileId::from_administrator(profile.as_str())).unwrap();
        invariants::root_key_line::hold(line.as_bytes());
        let Ok(RootKeyLine::Destroyed(read)) = RootKeyLine::parse(&line) else {
            return Err(TestCaseError::fail("no profile was read"));
        };
        prop_assert_eq!(read.as_str(), profile);
        if let Ok(line) = RootKeyLine::destroyed(&ProfileId::from_administrator(text.as_str())) {
            prop_assert_eq!(line.lines().count(), 1);
        }
    }
}
