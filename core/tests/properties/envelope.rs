//! Sealed values of the vault's own rows.

use proptest::prelude::*;
use vault_core::crypto::envelope::{NONCE_LENGTH, OVERHEAD, from_text};
use vault_core::crypto::{Context, Envelope, EnvelopeError, KeyId, Place, seal};
use vault_core::ids::ProfileId;

use crate::inputs::{bytes, damage, data_key, place, plaintext, profile, text};
use crate::{config, invariants};

/// Where a value belongs.
#[derive(Debug, Clone, PartialEq)]
struct Home {
    profile: ProfileId,
    place: Place,
    row: String,
}

impl Home {
    fn context(&self) -> Context<'_> {
        Context::row(self.place, &self.row)
    }
}

#[derive(Debug, Clone)]
struct Sealed {
    key: [u8; 32],
    key_id: u32,
    home: Home,
    plaintext: Vec<u8>,
    bytes: Vec<u8>,
}

impl Sealed {
    fn open(&self, key: [u8; 32], home: &Home) -> Result<Vec<u8>, EnvelopeError> {
        open(&self.bytes, key, home)
    }
}

fn open(bytes: &[u8], key: [u8; 32], home: &Home) -> Result<Vec<u8>, EnvelopeError> {
    let opened = Envelope::parse(bytes)?.open(&data_key(key), &home.profile, &home.context())?;
    Ok(opened.to_vec())
}

prop_compose! {
    fn home()(profile in profile(), place in place(), row in text()) -> Home {
        Home { profile, place, row }
    }
}

prop_compose! {
    fn sealed()(
        key: [u8; 32],
        key_id: u32,
        nonce: [u8; NONCE_LENGTH],
        home in home(),
        plaintext in plaintext(),
        cut: prop::sample::Index,
    ) -> Sealed {
        let context = home.context();
        let (head, tail) = plaintext.split_at(cut.index(plaintext.len() + 1));
        let parts = [head, tail];
        let bytes = seal(&data_key(key), KeyId(key_id), nonce, &home.profile, &context, &parts).unwrap();
        Sealed { key, key_id, home, plaintext, bytes }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_and_texts_are_read_or_refused(bytes in bytes()) {
        invariants::envelope::hold(&bytes);
    }

    #[test]
    fn bytes_that_begin_like_an_envelope_are_read_or_refused(bytes in bytes()) {
        invariants::envelope::hold(&[&[1], bytes.as_slice()].concat());
    }

    #[test]
    fn texts_like_the_text_form_are_read_or_refused(text in "vault:[a-z]?[0-9]{1,3}:[0-9]{1,11}:[-_=A-Za-z0-9]{0,90}") {
        invariants::envelope::hold(text.as_bytes());
    }

    #[test]
    fn what_was_sealed_opens_in_its_own_place(sealed in sealed()) {
        prop_assert_eq!(sealed.open(sealed.key, &sealed.home), Ok(sealed.plaintext.clone()));
        prop_assert_eq!(sealed.bytes.len(), sealed.plaintext.len() + OVERHEAD);
        let envelope = Envelope::parse(&sealed.bytes).unwrap();
        prop_assert_eq!(envelope.key_id(), KeyId(sealed.key_id));
        prop_assert_eq!(from_text(&envelope.to_text()), Ok(sealed.bytes.clone()));
    }

    #[test]
    fn what_was_sealed_opens_nowhere_else(sealed in sealed(), which in 0..3_usize, other in home()) {
        let mut elsewhere = sealed.home.clone();
        match which {
            0 => elsewhere.profile = other.profile,
            1 => elsewhere.place = other.place,
            _ => elsewhere.row = other.row,
        }
        prop_assume!(elsewhere != sealed.home);
        prop_assert_eq!(sealed.open(sealed.key, &elsewhere), Err(EnvelopeError::Damaged));
    }

    #[test]
    fn what_was_sealed_opens_under_no_other_key(sealed in sealed(), key: [u8; 32]) {
        prop_assume!(key != sealed.key);
        prop_assert_eq!(sealed.open(key, &sealed.home), Err(EnvelopeError::Damaged));
    }

    #[test]
    fn with_any_byte_changed_it_does_not_open(sealed in sealed(), damage in damage()) {
        prop_assert!(open(&damage.to(&sealed.bytes), sealed.key, &sealed.home).is_err());
    }

    #[test]
    fn cut_short_or_made_longer_it_does_not_open(sealed in sealed(), cut: prop::sample::Index, more: u8) {
        let short = &sealed.bytes[..cut.index(sealed.bytes.len())];
        prop_assert!(open(short, sealed.key, &sealed.home).is_err());
        let long = [sealed.bytes.as_slice(), &[more]].concat();
        prop_assert!(open(&long, sealed.key, &sealed.home).is_err());
    }

    #[test]
    fn a_text_form_with_any_byte_changed_is_refused_or_does_not_open(sealed in sealed(), damage in damage()) {
        let text = Envelope::parse(&sealed.bytes).unwrap().to_text();
        invariants::envelope::hold(&damage.to(text.as_bytes()));
        if let Ok(text) = String::from_utf8(damage.to(text.as_bytes()))
            && let Ok(bytes) = from_text(&text)
        {
            prop_assert!(open(&bytes, sealed.key, &sealed.home).is_err());
        }
    }
}
