//! Values that are not, or not any more, what the vault made for this type, profile and row.

use vault_tests::sql::Binary;

use super::{
    Error, KINDS, Kind, LATER, NO_VALUE, NOT_SHOWN, OTHER_KEY, OTHER_TYPE, SHUT, Stored, TRUNCATED,
};

/// What a value fails with whose byte at `place` is another.
fn expected_of_a_changed_byte(kind: Kind, place: usize) -> &'static [Error] {
    match place.checked_sub(kind.label) {
        // Label: type and version, index key, blind index, and of a card number what it shows.
        None if place == 0 => &[LATER],
        None if place < 37 => &[SHUT],
        None => &[SHUT, NOT_SHOWN],
        // Envelope: version, key, and what is authenticated.
        Some(0) => &[LATER],
        Some(1..5) => &[OTHER_KEY],
        Some(_) => &[SHUT],
    }
}

/// What a value fails with of which only `length` bytes are left.
fn expected_of_a_cut(kind: Kind, length: usize) -> Error {
    match length.checked_sub(kind.label + 45) {
        None => TRUNCATED,
        Some(text) if text < kind.shortest => TRUNCATED,
        // Too long for a card number, and too short for one behind the digest of its context.
        Some(20..40) if kind.name == "card_number" => TRUNCATED,
        Some(_) => SHUT,
    }
}

#[test]
fn a_value_with_any_byte_changed_fails_clearly() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        let bytes = stored.bytes();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 0b10;
            let expected = expected_of_a_changed_byte(kind, place);
            stored.bytes_fail(&format!("byte {place}"), changed, expected);
        }
        stored.is_kept();
    }
}

#[test]
fn a_value_cut_at_any_length_or_made_longer_fails_clearly() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        let bytes = stored.bytes();
        for length in 0..bytes.len() {
            let expected = expected_of_a_cut(kind, length);
            let what = format!("cut to {length}");
            stored.bytes_fail(&what, bytes[..length].to_vec(), &[expected]);
        }
        stored.bytes_fail("longer", [bytes, vec![0]].concat(), &[SHUT]);

        let text = stored.text();
        for length in 0..text.len() {
            let what = format!("text cut to {length}");
            stored.text_fails(&what, &text[..length], &[NO_VALUE, TRUNCATED, SHUT]);
        }
        stored.is_kept();
    }
}

#[test]
fn a_text_form_changed_by_hand_fails_clearly() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        let text = stored.text();
        let (front, body) = text.rsplit_once(':').unwrap();
        let (rest, key_id) = front.rsplit_once(':').unwrap();
        let first = if body.starts_with('A') { "B" } else { "A" };
        let plaintext = stored.secret.clone();
        for (changed, expected) in [
            (plaintext, NO_VALUE),
            (String::new(), NO_VALUE),
            (text.to_uppercase(), NO_VALUE),
            (format!("{text} "), NO_VALUE),
            (format!("{text}{text}"), NO_VALUE),
            (format!("{front}:{body}="), NO_VALUE),
            (
                format!("{front}:{}", body.replacen(&body[..1], "+", 1)),
                NO_VALUE,
            ),
            (format!("{rest}:0{key_id}:{body}"), NO_VALUE),
            (format!("{rest}:4294967296:{body}"), NO_VALUE),
            (format!("{rest}:2147483647:{body}"), OTHER_KEY),
            (format!("{front}:{first}{}", &body[1..]), SHUT),
            (text.replace("vault:1:", "vault:2:"), LATER),
            (text.replace("vault:1:", "vault:255:"), LATER),
        ] {
            stored.text_fails(&changed, &changed, &[expected]);
        }
        stored.is_kept();
    }
}

#[test]
fn a_value_of_another_type_profile_or_row_fails_clearly() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        for other in KINDS.into_iter().filter(|other| other.name != kind.name) {
            let mut foreign = Stored::new(other);
            let (bytes, text) = (foreign.bytes(), foreign.text());
            // The two without a label differ in what their envelopes are bound to, not in form.
            let alike = kind.label == 0 && other.label == 0;
            let expected = if alike { OTHER_KEY } else { OTHER_TYPE };
            stored.bytes_fail(other.name, bytes, &[expected]);
            stored.text_fails(other.name, &text, &[expected]);
        }
        let bytes = Stored::new(kind).bytes();
        stored.bytes_fail("another profile", bytes, &[OTHER_KEY]);
        let seal = format!("select {}", kind.seal);
        let Binary(bytes) = stored
            .sql
            .value(&seal, &[&stored.secret, &"row 2"])
            .unwrap();
        stored.bytes_fail("another row", bytes, &[SHUT]);
        stored.is_kept();
    }
}

#[test]
fn a_refused_value_leaves_the_column_as_it_was() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        let bytes = stored.bytes();
        for statement in [
            "insert into TABLE values ($1)",
            "update TABLE set value = $1",
        ] {
            let statement = statement.replace("TABLE", &stored.table);
            let refused = stored
                .sql
                .execute(&statement, &[&Binary(bytes[..40].to_vec())])
                .unwrap_err();
            stored.fails(&statement, &refused, &[TRUNCATED]);
        }
        stored.is_kept();
    }
}
