//! API keys.

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use vault_core::crypto::ApiKey;

use crate::config;
use crate::inputs::{damage, text};

prop_compose! {
    fn key()(environment in "[A-Za-z0-9]{1,16}", seed: u64) -> ApiKey {
        ApiKey::from_random(&environment, &mut StdRng::seed_from_u64(seed))
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
