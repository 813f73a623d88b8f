use super::*;
use crate::card::CardNumber;
use crate::crypto::column_value::{self, Binding};
use crate::crypto::context::Slot;
use crate::crypto::envelope::OVERHEAD;
use crate::crypto::{DataKey, IndexKey, KeyMaterial};
use crate::ids::ProfileId;

const NUMBER: &str = "4111111145551142";
const KINDS: [Kind; 2] = [Kind::Text, Kind::CardNumber];

fn profile() -> ProfileId {
    ProfileId::from_administrator("pro_a")
}

fn data_key() -> DataKey {
    DataKey::from(&KeyMaterial::from(&[1; 32]))
}

fn index_of(kind: Kind, plaintext: &str) -> BlindIndex {
    let key = IndexKey::from(&KeyMaterial::from(&[2; 32]));
    key.blind_index(kind.index_domain(), &[plaintext.as_bytes()])
}

/// The value under index key 7, in the context `row 1`.
fn sealed(kind: Kind, plaintext: &str) -> Vec<u8> {
    sealed_for(kind, plaintext, "row 1")
}

fn sealed_for(kind: Kind, plaintext: &str, context: &str) -> Vec<u8> {
    let shown = match kind {
        Kind::Text => String::new(),
        Kind::CardNumber => ShownDigits::of(&CardNumber::parse(plaintext).unwrap()).to_text(),
    };
    let label = label(kind, KeyId(7), &index_of(kind, plaintext), &shown);
    let envelope = column_value::seal(
        &data_key(),
        KeyId(258),
        [9; 24],
        &profile(),
        Slot::Label(&label),
        &Binding::to_context(context),
        plaintext.as_bytes(),
    )
    .unwrap();
    [label, envelope].concat()
}

fn opened(kind: Kind, bytes: &[u8], context: &str) -> Result<String, EnvelopeError> {
    let value = Searchable::parse(kind, bytes)?;
    let plaintext = column_value::open(
        &Envelope::parse(value.sealed())?,
        &data_key(),
        &profile(),
        Slot::Label(value.label()),
        &Binding::to_context(context),
    )?;
    Ok(String::from_utf8(plaintext.to_vec()).unwrap())
}

fn text(kind: Kind) -> String {
    Searchable::parse(kind, &sealed(kind, NUMBER))
        .unwrap()
        .to_text()
}

#[test]
fn a_value_opens_in_its_context_alone() {
    for kind in KINDS {
        let bytes = sealed(kind, NUMBER);
        assert_eq!(opened(kind, &bytes, "row 1").as_deref(), Ok(NUMBER));
        assert_eq!(opened(kind, &bytes, "row 2"), Err(EnvelopeError::Damaged));
    }
}

#[test]
fn the_layout_is_the_documented_one() {
    let bytes = sealed(Kind::CardNumber, NUMBER);
    assert_eq!(bytes[..5], [0x31, 0, 0, 0, 7]);
    assert_eq!(bytes[5..37], index_of(Kind::CardNumber, NUMBER));
    assert_eq!(&bytes[37..49], b"411111114201");
    let free = sealed_for(Kind::CardNumber, NUMBER, "");
    assert_eq!(free.len(), 49 + OVERHEAD + NUMBER.len());
    assert_eq!(bytes.len(), free.len() + DIGEST_LENGTH);
    let text = sealed_for(Kind::Text, "", "");
    assert_eq!(text[..5], [0x21, 0, 0, 0, 7]);
    assert_eq!(text.len(), 37 + OVERHEAD);
}

#[test]
fn values_are_compared_by_index_key_and_index() {
    let bytes = sealed(Kind::Text, "a");
    assert_eq!(index_part(&bytes).unwrap().as_slice(), &bytes[1..37]);
    assert_eq!(index_part(&bytes[..COMPARED_LENGTH]), index_part(&bytes));
    assert_eq!(index_part(&bytes[..COMPARED_LENGTH - 1]), None);
    assert_eq!(index_part(&[]), None);
}

#[test]
fn equal_plaintexts_of_two_types_have_different_indexes() {
    assert_ne!(
        index_of(Kind::Text, NUMBER),
        index_of(Kind::CardNumber, NUMBER)
    );
}

#[test]
fn a_label_on_another_envelope_does_not_open() {
    for (kind, other) in [(Kind::Text, "b"), (Kind::CardNumber, "4242424242424242")] {
        let (label, _) = split(kind, sealed(kind, NUMBER));
        let (_, envelope) = split(kind, sealed(kind, other));
        assert_eq!(
            opened(kind, &[label, envelope].concat(), "row 1"),
            Err(EnvelopeError::Damaged)
        );
    }
}

fn split(kind: Kind, bytes: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    let value = Searchable::parse(kind, &bytes).unwrap();
    (value.label().to_vec(), value.sealed().to_vec())
}

#[test]
fn a_value_with_any_byte_changed_does_not_open() {
    for kind in KINDS {
        let bytes = sealed(kind, NUMBER);
        let type_of_envelope = COMPARED_LENGTH + kind.shown_length();
        for position in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[position] ^= 0x80;
            let expected = match position {
                0 => EnvelopeError::OtherType,
                _ if position == type_of_envelope => EnvelopeError::OtherType,
                _ => EnvelopeError::Damaged,
            };
            assert_eq!(
                opened(kind, &damaged, "row 1"),
                Err(expected),
                "byte {position}"
            );
        }
    }
}

#[test]
fn a_card_number_that_shows_other_digits_does_not_open() {
    let bytes = sealed(Kind::CardNumber, NUMBER);
    for shown in ["411111114301", "411112114201", "411111114202"] {
        let changed = [&bytes[..37], shown.as_bytes(), &bytes[49..]].concat();
        assert_eq!(
            opened(Kind::CardNumber, &changed, "row 1"),
            Err(EnvelopeError::Damaged),
            "{shown}"
        );
    }
}

#[test]
fn a_shortened_value_never_opens() {
    let bytes = sealed(Kind::Text, "abc");
    for length in 0..bytes.len() {
        let expected = if length < COMPARED_LENGTH + OVERHEAD {
            EnvelopeError::Truncated
        } else {
            EnvelopeError::Damaged
        };
        assert_eq!(
            opened(Kind::Text, &bytes[..length], "row 1"),
            Err(expected),
            "{length} bytes"
        );
    }
}

#[test]
fn a_card_number_has_the_length_of_one() {
    let parse = |bytes: &[u8]| Searchable::parse(Kind::CardNumber, bytes).err();
    for context in ["", "row 1"] {
        let bytes = sealed_for(Kind::CardNumber, NUMBER, context);
        let shortest = bytes.len() - NUMBER.len() + 8;
        assert_eq!(parse(&bytes[..shortest]), None);
        assert!(parse(&bytes[..shortest - 1]).is_some());
        let longest = [bytes.as_slice(), &[0; 3]].concat();
        assert_eq!(parse(&longest), None);
        let longer = [longest.as_slice(), &[0]].concat();
        assert!(parse(&longer).is_some());
    }
}

#[test]
fn bytes_of_another_type_or_version_say_so() {
    let plain = column_value::seal(
        &data_key(),
        KeyId(258),
        [9; 24],
        &profile(),
        Slot::Text,
        &Binding::to_context(""),
        &[0; 99],
    )
    .unwrap();
    let cases = [
        (plain, EnvelopeError::OtherType),
        (sealed(Kind::CardNumber, NUMBER), EnvelopeError::OtherType),
        (vec![0x22; 99], EnvelopeError::UnknownVersion),
        (vec![], EnvelopeError::Truncated),
    ];
    for (bytes, expected) in cases {
        assert_eq!(Searchable::parse(Kind::Text, &bytes).err(), Some(expected));
    }
}

#[test]
fn the_text_form_gives_the_same_bytes_back() {
    for kind in KINDS {
        assert_eq!(from_text(kind, &text(kind)), Ok(sealed(kind, NUMBER)));
    }
    assert!(text(Kind::Text).starts_with("vault:s1:7:"));
    assert!(text(Kind::CardNumber).starts_with("vault:c1:7:"));
    assert!(text(Kind::CardNumber).contains(":411111114201:vault:1:258:"));
}

#[test]
fn only_the_canonical_text_form_is_taken() {
    let text = text(Kind::Text);
    let index = text.split(':').nth(3).unwrap();
    // 32 bytes do not fill their last base64 digit: its two low bits must be zero.
    let mut loose = index.to_owned().into_bytes();
    *loose.last_mut().unwrap() += 1;
    let loose = String::from_utf8(loose).unwrap();
    for wrong in [
        String::new(),
        NUMBER.into(),
        "vault".into(),
        "vault:s1".into(),
        text.replace("vault:s", "Vault:s"),
        text.replace(":s1:", ":S1:"),
        text.replace(":s1:", ":s01:"),
        text.replace(":s1:", ":s:"),
        text.replace(":s1:", ":s-1:"),
        text.replace(":7:", ":07:"),
        text.replace(":7:", ":+7:"),
        text.replace(":7:", "::"),
        text.replace(":7:", ":4294967296:"),
        text.replace(index, &format!("{index}=")),
        text.replace(index, &loose),
        text.replace(":vault:1:258:", ":vault:1:0258:"),
        text.replace(":vault:1:258:", ":258:"),
        format!("{text}\n"),
        format!(" {text}"),
    ] {
        assert_eq!(
            from_text(Kind::Text, &wrong),
            Err(EnvelopeError::NotAnEnvelope),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_text_of_another_type_or_version_says_so() {
    let text = text(Kind::Text);
    let plain = text.split_once(":vault").unwrap().1;
    let others = [
        (format!("vault{plain}"), EnvelopeError::OtherType),
        (
            super::tests::text(Kind::CardNumber),
            EnvelopeError::OtherType,
        ),
        (text.replace(":s1:", ":ss1:"), EnvelopeError::OtherType),
        (text.replace(":s1:", ":s2:"), EnvelopeError::UnknownVersion),
        (
            text.replace(":vault:1:", ":vault:2:"),
            EnvelopeError::UnknownVersion,
        ),
    ];
    for (other, expected) in others {
        assert_eq!(from_text(Kind::Text, &other), Err(expected), "{other}");
    }
}

#[test]
fn a_cut_text_is_never_taken_for_the_whole() {
    for kind in KINDS {
        let text = text(kind);
        for length in 0..text.len() {
            let read = from_text(kind, &text[..length]);
            assert!(
                read.is_err() || opened(kind, &read.unwrap(), "row 1").is_err(),
                "{length}"
            );
        }
    }
    for (text, expected) in [
        ("vault:s1:7", EnvelopeError::Truncated),
        ("vault:s1:7:AAAA", EnvelopeError::Truncated),
        ("vault:s1:7:AAAA:vault:1:258:AAAA", EnvelopeError::Truncated),
    ] {
        assert_eq!(from_text(Kind::Text, text), Err(expected));
    }
}

#[test]
fn a_text_that_shows_what_no_card_number_shows_is_damaged() {
    let text = text(Kind::CardNumber);
    for shown in [
        "",
        "4111111142",
        "411111114299",
        "41111a114201",
        "411111:1142:01",
    ] {
        assert!(
            from_text(Kind::CardNumber, &text.replace("411111114201", shown)).is_err(),
            "{shown}"
        );
    }
    assert_eq!(
        from_text(
            Kind::CardNumber,
            &text.replace("411111114201", "411111114299")
        ),
        Err(EnvelopeError::Damaged)
    );
}

#[test]
fn a_value_prints_only_its_type_and_key_id() {
    let bytes = sealed(Kind::Text, "abc");
    assert_eq!(
        format!("{:?}", Searchable::parse(Kind::Text, &bytes).unwrap()),
        "Searchable { kind: Text, index_key_id: KeyId(7), .. }"
    );
}
