//! Values with a blind index before them.

use proptest::prelude::*;
use vault_core::card::{CardNumber, ShownDigits};
use vault_core::crypto::column_value::{Binding, open, seal};
use vault_core::crypto::envelope::NONCE_LENGTH;
use vault_core::crypto::searchable::{Kind, from_text, index_part, index_part_of, label};
use vault_core::crypto::{Envelope, EnvelopeError, KeyId, Searchable, Slot};
use vault_core::ids::ProfileId;

use crate::inputs::{bytes, card_number, damage, data_key, index_key, text};
use crate::{config, invariants};

const KEY: [u8; 32] = [1; 32];

fn profile() -> ProfileId {
    ProfileId::from_administrator("pro_a")
}

#[derive(Debug, Clone)]
struct Value {
    kind: Kind,
    index_key: [u8; 32],
    index_key_id: u32,
    plaintext: String,
    context: String,
    bytes: Vec<u8>,
}

fn plaintext(kind: Kind) -> BoxedStrategy<String> {
    match kind {
        Kind::Text => text().boxed(),
        Kind::CardNumber => card_number().boxed(),
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Text), Just(Kind::CardNumber)]
}

fn value() -> impl Strategy<Value = Value> {
    kind().prop_flat_map(value_of)
}

fn two_values() -> impl Strategy<Value = [Value; 2]> {
    kind().prop_flat_map(|kind| [value_of(kind), value_of(kind)])
}

fn shown(kind: Kind, plaintext: &str) -> String {
    match kind {
        Kind::Text => String::new(),
        Kind::CardNumber => ShownDigits::of(&CardNumber::parse(plaintext).unwrap()).to_text(),
    }
}

prop_compose! {
    fn value_of(kind: Kind)(
        plaintext in plaintext(kind),
        index_key_bytes: [u8; 32],
        index_key_id: u32,
        nonce: [u8; NONCE_LENGTH],
        context in prop_oneof![Just(String::new()), text()],
    ) -> Value {
        let index = index_key(index_key_bytes).blind_index(kind.index_domain(), &[plaintext.as_bytes()]);
        let label = label(kind, KeyId(index_key_id), &index, &shown(kind, &plaintext));
        let binding = Binding::to_context(&context);
        let envelope = seal(
            &data_key(KEY), KeyId(5), nonce, &profile(), Slot::Label(&label), &binding, plaintext.as_bytes(),
        ).unwrap();
        let bytes = [label, envelope].concat();
        Value { kind, index_key: index_key_bytes, index_key_id, plaintext, context, bytes }
    }
}

fn opened(kind: Kind, bytes: &[u8], context: &str) -> Result<Vec<u8>, EnvelopeError> {
    let value = Searchable::parse(kind, bytes)?;
    let plaintext = open(
        &Envelope::parse(value.sealed())?,
        &data_key(KEY),
        &profile(),
        Slot::Label(value.label()),
        &Binding::to_context(context),
    )?;
    Ok(plaintext.to_vec())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_and_texts_are_read_or_refused(bytes in bytes(), first in prop_oneof![Just(0x21_u8), Just(0x31)]) {
        invariants::searchable::hold(&bytes);
        invariants::searchable::hold(&[&[first], bytes.as_slice()].concat());
    }

    #[test]
    fn texts_like_the_text_form_are_read_or_refused(
        text in "vault:[csx]?[0-9]{1,2}:[0-9]{1,3}:[-_A-Za-z0-9]{43}:([0-9*]{12}:)?vault:1:1:[-_A-Za-z0-9]{54,70}"
    ) {
        invariants::searchable::hold(text.as_bytes());
    }

    #[test]
    fn a_value_is_read_and_opens_in_its_context_alone(value in value(), other in text()) {
        invariants::searchable::hold(&value.bytes);
        let plaintext = value.plaintext.as_bytes().to_vec();
        prop_assert_eq!(opened(value.kind, &value.bytes, &value.context), Ok(plaintext));
        if other != value.context {
            prop_assert_eq!(opened(value.kind, &value.bytes, &other), Err(EnvelopeError::Damaged));
        }
        let parsed = Searchable::parse(value.kind, &value.bytes).unwrap();
        prop_assert_eq!(parsed.index_key_id(), KeyId(value.index_key_id));
        if value.kind == Kind::CardNumber {
            prop_assert_eq!(parsed.number_length(), value.plaintext.len());
        }
    }

    #[test]
    fn with_any_byte_changed_the_label_included_it_does_not_open(value in value(), damage in damage()) {
        let bytes = damage.to(&value.bytes);
        invariants::searchable::hold(&bytes);
        prop_assert!(opened(value.kind, &bytes, &value.context).is_err());
    }

    #[test]
    fn a_label_belongs_to_its_own_envelope([one, other] in two_values()) {
        let label_length = Searchable::parse(one.kind, &one.bytes).unwrap().label().len();
        prop_assume!(one.bytes[..label_length] != other.bytes[..label_length]);
        let moved = [&one.bytes[..label_length], &other.bytes[label_length..]].concat();
        prop_assert!(opened(one.kind, &moved, &other.context).is_err());
    }

    #[test]
    fn values_are_compared_by_their_index_and_its_key([one, other] in two_values()) {
        let of = |key: [u8; 32], value: &Value| {
            let index = index_key(key).blind_index(value.kind.index_domain(), &[value.plaintext.as_bytes()]);
            index_part_of(KeyId(value.index_key_id), &index)
        };
        prop_assert_eq!(index_part(&one.bytes), Some(&of(one.index_key, &one)));
        let same_key = Value { index_key_id: one.index_key_id, ..other.clone() };
        prop_assert_eq!(of(KEY, &one) == of(KEY, &same_key), one.plaintext == other.plaintext);
    }

    #[test]
    fn a_text_form_with_any_byte_changed_is_refused_or_does_not_open(value in value(), damage in damage()) {
        let text = Searchable::parse(value.kind, &value.bytes).unwrap().to_text();
        invariants::searchable::hold(text.as_bytes());
        if let Ok(text) = String::from_utf8(damage.to(text.as_bytes()))
            && let Ok(bytes) = from_text(value.kind, &text)
        {
            prop_assert!(opened(value.kind, &bytes, &value.context).is_err());
        }
    }
}
