//! Of searchable values and of their text form.

use vault_core::card::CardNumber;
use vault_core::card::number::LENGTHS;
use vault_core::crypto::searchable::{Kind, Searchable, from_text, index_part};
use vault_core::crypto::{Envelope, envelope};

/// Bytes are a value of one type at most, and show only what the type shows. Either form comes back from the other.
pub fn hold(bytes: &[u8]) {
    let taken = [Kind::Text, Kind::CardNumber].map(|kind| of_kind(kind, bytes));
    let types = taken.iter().filter(|taken| **taken).count();
    assert!(types + usize::from(Envelope::parse(bytes).is_ok()) <= 1);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let taken = [Kind::Text, Kind::CardNumber].map(|kind| text_of_kind(kind, text));
        let types = taken.iter().filter(|taken| **taken).count();
        assert!(types + usize::from(envelope::from_text(text).is_ok()) <= 1);
    }
}

fn of_kind(kind: Kind, bytes: &[u8]) -> bool {
    let Ok(value) = Searchable::parse(kind, bytes) else {
        return false;
    };
    assert_eq!([value.label(), value.sealed()].concat(), bytes);
    assert_eq!(from_text(kind, &value.to_text()).as_deref(), Ok(bytes));
    assert!(index_part(bytes).is_some());
    match (kind, value.shown_digits()) {
        (Kind::Text, None) => assert_eq!(value.shown(), ""),
        (Kind::CardNumber, Some(shown)) => {
            assert!(LENGTHS.contains(&value.number_length()));
            let mask = shown.mask(value.number_length());
            assert!(mask.ends_with(shown.last4()));
            assert!(CardNumber::parse(&mask).is_err() || !mask.contains('*'));
        }
        _ => panic!("{kind:?} shows something else"),
    }
    true
}

fn text_of_kind(kind: Kind, text: &str) -> bool {
    let Ok(bytes) = from_text(kind, text) else {
        return false;
    };
    let value = Searchable::parse(kind, &bytes).expect("what was read has the layout");
    assert_eq!(value.to_text(), text);
    true
}
