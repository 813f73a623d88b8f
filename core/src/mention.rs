//! Finds a card number in a text that is to be an identifier, which the vault stores, shows and logs as it is.
//!
//! An identifier that is taken for a card number is refused. So this search goes less far than [`crate::redaction`],
//! which may mask a number too many. docker/vault.js has the same rules.

use crate::luhn::passes_luhn;

/// The shortest and the longest run of digits that is looked at.
const LENGTHS: std::ops::RangeInclusive<usize> = 13..=19;

/// How the groups of a printed card number follow each other, by their lengths.
const PRINTED: [&[usize]; 4] = [&[4, 4, 4, 4], &[4, 4, 4, 4, 3], &[4, 6, 5], &[4, 6, 4]];

/// A hexadecimal word of this length or more that contains letters is a random number (a UUID, a trace id, an object
/// id). A run of decimal digits in it is a coincidence.
const MIN_RANDOM_WORD: usize = 24;

/// Whether a text mentions a card number. A card number passes the Luhn check, and is a run of 13 to 19 digits, or the
/// groups of a printed number between single other characters.
pub fn mentions_card_number(text: &str) -> bool {
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    words.iter().any(|word| has_number(word)) || is_printed(&words)
}

fn has_number(word: &str) -> bool {
    !is_random(word)
        && word
            .split(|c: char| !c.is_ascii_digit())
            .any(|run| LENGTHS.contains(&run.len()) && passes_luhn(run.bytes()))
}

fn is_random(word: &str) -> bool {
    word.len() >= MIN_RANDOM_WORD
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_printed(words: &[&str]) -> bool {
    PRINTED.iter().any(|lengths| {
        words.windows(lengths.len()).any(|groups| {
            let fits = |(group, length): (&&str, &usize)| {
                group.len() == *length && group.bytes().all(|byte| byte.is_ascii_digit())
            };
            groups.iter().zip(*lengths).all(fits) && passes_luhn(groups.concat().bytes())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_13_to_19_digits_with_a_right_check_digit_is_a_card_number() {
        for text in [
            "4000056655665556",
            "4222222222222",
            "6304000000000000000",
            "order-4000056655665556",
            "ref_4000056655665556_2",
            "no4000056655665556",
            "c4000056655665556",
        ] {
            assert!(mentions_card_number(text), "{text}");
        }
    }

    #[test]
    fn the_groups_of_a_printed_number_are_one_too() {
        for text in [
            "4000-0566-5566-5556",
            "x:4000.0566.5566.5556",
            "3782-822463-10005",
            "3056-930902-5904",
            "6304_0000_0000_0000_000",
        ] {
            assert!(mentions_card_number(text), "{text}");
        }
    }

    #[test]
    fn other_identifiers_are_none() {
        for text in [
            "",
            "4000056655665557",
            "400005665566",
            "40000566556655564000056655665556",
            "20261121-0000123",
            "0199f3a2-1234-7123-8123-123456789012",
            "01994000056655665556a2b3c4d5e6f7",
            "65f04000056655665556a2b3",
            "12345_pm_019e2102e4fb7a32b456d8f896e8f51e",
            "é4000-0566",
        ] {
            assert!(!mentions_card_number(text), "{text}");
        }
    }

    #[test]
    fn a_number_beside_letters_is_a_random_one_only_in_a_long_hexadecimal_word() {
        assert!(mentions_card_number("a4000056655665556abcdef"));
        assert!(!mentions_card_number("a4000056655665556abcdef0"));
        assert!(mentions_card_number("z4000056655665556abcdef0"));
    }
}
