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
    let line = RootKeyLine::destroyed(&ProfileId::from_administrator("pro_Zz09-")).unwrap();
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
            RootKeyLine::destroyed(&ProfileId::from_administrator(id)).unwrap_err(),
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
