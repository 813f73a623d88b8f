//! The rules that many fields share.

use std::ops::RangeInclusive;

use super::refusal::Refusal;
use crate::mention::mentions_card_number;

/// The longest text where the contract has no other limit, in characters.
pub(super) const MAX_TEXT_LENGTH: usize = 255;

/// The longest e-mail address, in characters: a local part of 64, `@`, a domain of 254.
pub(super) const MAX_EMAIL_LENGTH: usize = 319;

/// How many payment methods a batch may have.
pub(super) const MAX_BATCH_ITEMS: usize = 100;

const MAX_COUNTRY_CODE_LENGTH: usize = 8;
const MAX_REFERENCE_LENGTH: usize = 64;
const MAX_TOKEN_LENGTH: usize = 1024;

/// Checks one field, if it is there. `path` names the objects that it stands in.
pub(super) type Rule = fn(path: &str, field: &str, value: &str) -> Result<(), Refusal>;

/// Applies a rule to fields that stand in the same object; the first that breaks it is refused.
pub(super) fn each<const N: usize>(
    path: &str,
    rule: Rule,
    fields: [(&str, &Option<String>); N],
) -> Result<(), Refusal> {
    fields
        .into_iter()
        .filter_map(|(field, value)| Some((field, value.as_deref()?)))
        .try_for_each(|(field, value)| rule(path, field, value))
}

/// At most 255 characters. Empty texts are values: checkout forms send them for what nobody filled in.
pub(super) fn text(path: &str, field: &str, value: &str) -> Result<(), Refusal> {
    length(path, field, value, 0..=MAX_TEXT_LENGTH)
}

/// 1 to 255 characters.
pub(super) fn description(path: &str, field: &str, value: &str) -> Result<(), Refusal> {
    length(path, field, value, 1..=MAX_TEXT_LENGTH)
}

/// At most 8 characters: the country code of a telephone number, such as `+65`.
pub(super) fn telephone_country_code(path: &str, field: &str, value: &str) -> Result<(), Refusal> {
    length(path, field, value, 0..=MAX_COUNTRY_CODE_LENGTH)
}

/// At most 1024 characters: a token that a connector made.
pub(super) fn token(path: &str, field: &str, value: &str) -> Result<(), Refusal> {
    length(path, field, value, 0..=MAX_TOKEN_LENGTH)
}

/// At most 319 characters: what may be an e-mail address, and is only kept.
pub(super) fn email_text(path: &str, field: &str, value: &str) -> Result<(), Refusal> {
    length(path, field, value, 0..=MAX_EMAIL_LENGTH)
}

/// An e-mail address of 1 to 319 characters: something, `@`, and a domain. Only a message that arrives can prove more.
pub(super) fn email_address(path: &str, field: &str, value: &str) -> Result<(), Refusal> {
    length(path, field, value, 1..=MAX_EMAIL_LENGTH)?;
    let of_address = |character: char| !character.is_whitespace() && !character.is_control();
    let is_address = value.chars().all(of_address)
        && value
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    require(is_address, path, field, "an e-mail address")
}

/// A country of ISO 3166-1, by its two capital letters.
pub(super) fn country(path: &str, field: &str, value: &str) -> Result<(), Refusal> {
    require(
        rust_iso3166::from_alpha2(value).is_some(),
        path,
        field,
        "an ISO 3166-1 alpha-2 country code",
    )
}

/// A currency of ISO 4217, by its form: three capital letters.
pub(super) fn currency(path: &str, field: &str, value: &str) -> Result<(), Refusal> {
    require(
        value.len() == 3 && value.bytes().all(|byte| byte.is_ascii_uppercase()),
        path,
        field,
        "an ISO 4217 currency code",
    )
}

/// What is stored in the clear. A card number would be, too.
fn without_card_number(path: &str, field: &str, value: &str) -> Result<(), Refusal> {
    let met = !mentions_card_number(value);
    require(met, path, field, "something other than a card number")
}

/// A merchant's own reference: `[A-Za-z0-9_-]{1,64}`, and no card number.
pub(super) fn reference(path: &str, field: &str, value: &str) -> Result<(), Refusal> {
    without_card_number(path, field, value)?;
    require(
        (1..=MAX_REFERENCE_LENGTH).contains(&value.len())
            && value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'),
        path,
        field,
        "1 to 64 letters, digits, underscores or hyphens",
    )
}

/// A payment method's subtype, which is a name and no free text: `[a-z0-9_]{1,255}`, and no card number.
pub(super) fn subtype(path: &str, field: &str, value: &str) -> Result<(), Refusal> {
    without_card_number(path, field, value)?;
    require(
        (1..=MAX_TEXT_LENGTH).contains(&value.len())
            && value
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
        path,
        field,
        "1 to 255 lower-case letters, digits or underscores",
    )
}

/// Refuses the field by its rule unless it is met.
pub(super) fn require(
    met: bool,
    path: &str,
    field: &str,
    rule: &'static str,
) -> Result<(), Refusal> {
    if met {
        return Ok(());
    }
    Err(Refusal::field(full_name(path, field), rule))
}

fn length(
    path: &str,
    field: &str,
    value: &str,
    limits: RangeInclusive<usize>,
) -> Result<(), Refusal> {
    if limits.contains(&value.chars().count()) {
        return Ok(());
    }
    let rule = match (limits.start(), limits.end()) {
        (0, max) => format!("at most {max} characters long"),
        (min, max) => format!("{min} to {max} characters long"),
    };
    Err(Refusal::field(full_name(path, field), rule))
}

fn full_name(path: &str, field: &str) -> String {
    if path.is_empty() {
        return field.to_owned();
    }
    format!("{path}.{field}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(rule: Rule, value: &str) -> bool {
        rule("", "x", value).is_ok()
    }

    #[test]
    fn lengths_are_counted_in_characters_and_end_at_their_limit() {
        let limits: [(Rule, usize, bool); 5] = [
            (text, 255, true),
            (description, 255, false),
            (telephone_country_code, 8, true),
            (token, 1024, true),
            (email_text, 319, true),
        ];
        for (rule, limit, may_be_empty) in limits {
            for character in ["a", "é", "💳"] {
                assert!(holds(rule, character));
                assert!(holds(rule, &character.repeat(limit)), "{limit}");
                assert!(!holds(rule, &character.repeat(limit + 1)), "{limit}");
            }
            assert_eq!(holds(rule, ""), may_be_empty, "{limit}");
        }
    }

    #[test]
    fn an_address_has_something_before_and_behind_its_at_sign() {
        for address in ["guest@example.com", "a@b", "\"a@b\"@c", "å@é.se"] {
            assert!(holds(email_address, address), "{address}");
        }
        for text in ["", "guest", "@b", "a@", "a b@c", "a@b\n", "a@b\u{7}", "@"] {
            assert!(!holds(email_address, text), "{text:?}");
        }
        let address = |length: usize| format!("{}@b.co", "a".repeat(length - 5));
        assert!(holds(email_address, &address(319)));
        assert!(!holds(email_address, &address(320)));
    }

    #[test]
    fn countries_are_two_capital_letters_that_are_assigned() {
        for code in ["US", "AF", "DE", "GB"] {
            assert!(holds(country, code), "{code}");
        }
        for code in ["", "us", "USA", "ZZ", "U", "840", "EU"] {
            assert!(!holds(country, code), "{code}");
        }
    }

    #[test]
    fn currencies_are_three_capital_letters() {
        assert!(holds(currency, "USD"));
        for code in ["", "usd", "US", "USDT", "U$D"] {
            assert!(!holds(currency, code), "{code}");
        }
    }

    #[test]
    fn references_and_subtypes_have_their_alphabets_and_limits() {
        assert!(holds(reference, "Customer_1-2"));
        assert!(holds(subtype, "credit_2"));
        for (rule, limit) in [(reference as Rule, 64), (subtype, 255)] {
            assert!(holds(rule, &"a".repeat(limit)));
            for value in ["", &"a".repeat(limit + 1), "a b", "é", "a.b", "a\n"] {
                assert!(!holds(rule, value), "{value:?}");
            }
        }
        for rule in [reference as Rule, subtype] {
            assert!(!holds(rule, "4000056655665556"));
            assert!(holds(rule, "4000056655665557"));
        }
        assert!(!holds(subtype, "Credit"));
        assert!(!holds(subtype, "a-b"));
    }

    #[test]
    fn a_refusal_names_the_field_with_the_objects_it_stands_in() {
        assert_eq!(
            text("billing.address", "city", &"a".repeat(256))
                .unwrap_err()
                .to_string(),
            "`billing.address.city` must be at most 255 characters long"
        );
    }

    #[test]
    fn fields_that_are_absent_break_no_rule() {
        assert_eq!(each("", description, [("a", &None), ("b", &None)]), Ok(()));
        let refusal = each("", description, [("a", &None), ("b", &Some(String::new()))]);
        assert_eq!(
            refusal.unwrap_err().to_string(),
            "`b` must be 1 to 255 characters long"
        );
    }
}
