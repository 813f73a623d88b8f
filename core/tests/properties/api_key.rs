//! API keys.

use std::convert::Infallible;

use proptest::prelude::*;
use vault_core::crypto::ApiKey;

use crate::config;
use crate::inputs::{damage, text};

prop_compose! {
    fn key()(environment in "[A-Za-z0-9]{1,16}", seed: u64) -> ApiKey {
        let mut state = seed;
        ApiKey::from_random(&environment, |bytes| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (state >> 56) as u8;
            }
            Ok::<_, Infallible>(())
        }).unwrap()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_new_key_is_read_back_as_it_is(key in key()) {
        let read = ApiKey::parse(key.expose()).unwrap();
        prop_assert_eq!(read.expose(), key.expose());
        prop_assert_eq!(read.prefix(), key.prefix());
        prop_assert_eq!(read.prefix().len() + 56, read.expose().len());
        prop_assert!(read.hash_matches(&key.hash()));
    }

    #[test]
    fn no_other_key_has_its_hash(key in key(), damage in damage(), stored in damage()) {
        let other = String::from_utf8(damage.to(key.expose().as_bytes()));
        if let Ok(Ok(other)) = other.map(|text| ApiKey::parse(&text)) {
            prop_assert!(!other.hash_matches(&key.hash()));
        }
        prop_assert!(!key.hash_matches(&stored.to(&key.hash())));
    }

    #[test]
    fn any_text_is_no_key(text in text()) {
        prop_assert!(ApiKey::parse(&text).is_err());
    }
}
