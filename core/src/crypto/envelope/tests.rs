use super::*;
use crate::crypto::context::Slot;
use crate::crypto::key::KeyMaterial;
use crate::crypto::place::Place;

fn profile() -> ProfileId {
    ProfileId::from_administrator("pro_a")
}

fn row() -> Context<'static> {
    Context::row(Place::PaymentMethodInstrument, "pm_1")
}

fn key(byte: u8) -> DataKey {
    DataKey::from(&KeyMaterial::from(&[byte; 32]))
}

fn sealed(plaintext: &[u8]) -> Vec<u8> {
    seal(
        &key(1),
        KeyId(258),
        [7; 24],
        &profile(),
        &row(),
        &[plaintext],
    )
    .unwrap()
}

fn opened(
    bytes: &[u8],
    key: &DataKey,
    profile_id: &ProfileId,
    context: &Context<'_>,
) -> Result<Vec<u8>, EnvelopeError> {
    Ok(Envelope::parse(bytes)?
        .open(key, profile_id, context)?
        .to_vec())
}

#[test]
fn a_sealed_value_opens_and_is_45_bytes_longer() {
    for length in [0, 1, 15, 16, 17, 4096] {
        let plaintext = vec![0x42; length];
        let bytes = sealed(&plaintext);
        assert_eq!(bytes.len(), length + 45);
        assert_eq!(opened(&bytes, &key(1), &profile(), &row()), Ok(plaintext));
    }
}

#[test]
fn the_layout_is_version_key_id_nonce_ciphertext_tag() {
    let bytes = sealed(b"abc");
    assert_eq!(bytes[..5], [1, 0, 0, 1, 2]);
    assert_eq!(bytes[5..29], [7; 24]);
    assert_eq!(Envelope::parse(&bytes).unwrap().key_id(), KeyId(258));
}

#[test]
fn a_value_does_not_open_under_another_key_profile_table_column_or_row() {
    let bytes = sealed(b"4111111111111111");
    let elsewhere = [
        (1, &ProfileId::from_administrator("pro_b"), row()),
        (2, &profile(), row()),
        (1, &profile(), Context::row(Place::CustomerDetails, "pm_1")),
        (
            1,
            &profile(),
            Context::row(Place::PaymentMethodSummary, "pm_1"),
        ),
        (
            1,
            &profile(),
            Context::row(Place::PaymentMethodInstrument, "pm_2"),
        ),
        (1, &profile(), Context::column(Slot::Text, false)),
    ];
    for (number, profile_id, context) in elsewhere {
        assert_eq!(
            opened(&bytes, &key(number), profile_id, &context),
            Err(EnvelopeError::Damaged),
            "{number} {profile_id} {context:?}"
        );
    }
}

#[test]
fn a_value_with_any_byte_changed_does_not_open() {
    let bytes = sealed(b"4111111111111111");
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0x80;
        let expected = if position == 0 {
            EnvelopeError::OtherType
        } else {
            EnvelopeError::Damaged
        };
        assert_eq!(
            opened(&damaged, &key(1), &profile(), &row()),
            Err(expected),
            "byte {position}"
        );
    }
}

#[test]
fn a_shortened_value_never_opens() {
    let bytes = sealed(b"abc");
    for length in 0..bytes.len() {
        let expected = if length < OVERHEAD {
            EnvelopeError::Truncated
        } else {
            EnvelopeError::Damaged
        };
        assert_eq!(
            opened(&bytes[..length], &key(1), &profile(), &row()),
            Err(expected),
            "{length} bytes"
        );
    }
}

#[test]
fn the_text_form_gives_the_same_bytes_back() {
    for length in 0..40 {
        let bytes = sealed(&vec![0xa5; length]);
        let text = Envelope::parse(&bytes).unwrap().to_text();
        assert!(text.starts_with("vault:1:258:"));
        assert_eq!(from_text(&text), Ok(bytes));
    }
}

#[test]
fn only_the_canonical_text_form_is_taken() {
    let bytes = sealed(b"ab");
    let text = Envelope::parse(&bytes).unwrap().to_text();
    let body = text.rsplit_once(':').unwrap().1;
    let last = body.chars().last().unwrap();
    // 42 bytes fill their last base64 digit; 43 do not, so its two low bits must be zero.
    let odd = Envelope::parse(&sealed(b"abc")).unwrap().to_text();
    let loose = format!(
        "{}{}",
        &odd[..odd.len() - 1],
        char::from(odd.as_bytes()[odd.len() - 1] + 1)
    );
    let not_envelopes = [
        String::new(),
        "4111111111111111".into(),
        "vault:1".into(),
        "vault:1:258".into(),
        text.replace("vault", "Vault"),
        text.replace(":1:", ":01:"),
        text.replace(":1:", ":x:"),
        text.replace(":258:", ":0258:"),
        text.replace(":258:", ":+258:"),
        text.replace(":258:", ":-1:"),
        text.replace(":258:", ":4294967296:"),
        text.replace(":258:", "::"),
        format!("{text}="),
        format!("{text} "),
        format!(" {text}"),
        format!("{text}\n"),
        text.replacen(last, "+", 1),
        loose,
    ];
    for wrong in not_envelopes {
        assert_eq!(
            from_text(&wrong),
            Err(EnvelopeError::NotAnEnvelope),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_text_of_another_version_or_type_or_too_short_says_so() {
    let text = Envelope::parse(&sealed(b"ab")).unwrap().to_text();
    assert_eq!(
        from_text(&text.replace(":1:", ":2:")),
        Err(EnvelopeError::UnknownVersion)
    );
    for labelled in [":s1:", ":c2:"] {
        assert_eq!(
            from_text(&text.replace(":1:", labelled)),
            Err(EnvelopeError::OtherType)
        );
    }
    assert_eq!(from_text("vault:1:258:"), Err(EnvelopeError::Truncated));
    assert_eq!(from_text("vault:1:258:AAAA"), Err(EnvelopeError::Truncated));
}

#[test]
fn an_envelope_prints_only_its_key_id() {
    let bytes = sealed(b"abc");
    assert_eq!(
        format!("{:?}", Envelope::parse(&bytes).unwrap()),
        "Envelope { key_id: KeyId(258), .. }"
    );
}
