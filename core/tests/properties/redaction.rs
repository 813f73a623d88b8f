//! Card data in texts that are about to be logged.

use proptest::prelude::*;
use vault_core::redaction::mask_secrets;

use crate::inputs::{bytes, common_card_number, text};
use crate::{config, invariants};

/// What stands around a secret: anything that does not continue it.
fn surroundings() -> impl Strategy<Value = String> {
    "([^0-9]{0,20}[^0-9 -])?"
}

fn masked(text: &str) -> (bool, String) {
    let mut bytes = text.as_bytes().to_vec();
    let found = mask_secrets(&mut bytes);
    (found, String::from_utf8(bytes).expect("still a text"))
}

/// The number with a space or a hyphen after every fourth digit, as on a card.
fn in_groups(number: &str, separator: char) -> String {
    let groups: Vec<&str> = number
        .as_bytes()
        .chunks(4)
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    groups.join(&separator.to_string())
}

fn has_digit(text: &str) -> bool {
    text.contains(|character: char| character.is_ascii_digit())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_can_be_masked(bytes in bytes(), text in text()) {
        invariants::redaction::hold(&bytes);
        invariants::redaction::hold(text.as_bytes());
    }

    #[test]
    fn texts_full_of_digits_and_names_can_be_masked(
        text in "([0-9]{1,9}|[ -]|card_number|card_cvc|[:=\"',(]|_[A-Za-z0-9]{63,65}|x){0,40}"
    ) {
        invariants::redaction::hold(text.as_bytes());
    }

    #[test]
    fn no_card_number_survives(
        before in surroundings(),
        number in common_card_number(),
        separator in prop_oneof![Just(None), Just(Some(' ')), Just(Some('-'))],
        after in "([^0-9 -][^0-9]{0,20})?",
    ) {
        let number = separator.map_or(number.clone(), |separator| in_groups(&number, separator));
        let (found, text) = masked(&format!("{before}{number}{after}"));
        prop_assert!(found);
        prop_assert!(!has_digit(&text), "{text}");
    }

    #[test]
    fn no_card_number_survives_among_other_numbers(
        numbers in prop::collection::vec("[0-9]{1,5}", 0..4),
        number in common_card_number(),
        more in prop::collection::vec("[0-9]{1,5}", 0..4),
    ) {
        let all = [numbers, vec![number.clone()], more].concat();
        let (found, text) = masked(&all.join(" "));
        prop_assert!(found);
        prop_assert!(!text.contains(&number), "{text}");
    }

    #[test]
    fn digits_of_a_sensitive_member_never_survive(
        before in surroundings(),
        member in prop_oneof![Just("card_cvc"), Just("card_number"), Just("account_number")],
        between in "[\"']? ?[:=,] ?\\\\?[\"']?",
        digits in "[0-9]{1,19}",
        after in "([^0-9 -][^0-9]{0,20})?",
    ) {
        let (found, text) = masked(&format!("{before}{member}{between}{digits}{after}"));
        prop_assert!(found);
        prop_assert!(!has_digit(&text), "{text}");
    }

    #[test]
    fn no_api_key_survives(
        before in "([^_]{0,20}[^A-Za-z0-9_])?",
        environment in "[a-z]{3}",
        secret in "[A-Za-z0-9]{64}",
        after in "([^A-Za-z0-9].{0,20})?",
    ) {
        let (found, text) = masked(&format!("{before}{environment}_{secret}{after}"));
        prop_assert!(found);
        prop_assert!(!text.contains(&secret));
    }

    #[test]
    fn a_text_without_card_data_stays_as_it_is(text in "(([^0-9_]{1,20}|[0-9]{1,12})[a-z.]){0,10}") {
        prop_assert_eq!(masked(&text), (false, text));
    }
}
