//! Card numbers (ISO/IEC 7812-1).

use std::fmt;
use std::ops::RangeInclusive;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::luhn::passes_luhn;

/// How many digits a card number has.
pub const LENGTHS: RangeInclusive<usize> = 8..=19;

/// A card number: 8 to 19 digits with a valid check digit. It is wiped when dropped, and prints nothing.
pub struct CardNumber(Zeroizing<String>);

impl CardNumber {
    /// Reads a number, ignoring white space.
    ///
    /// # Errors
    /// In this order: [`CardNumberError::Character`], [`CardNumberError::Length`], [`CardNumberError::Checksum`].
    pub fn parse(text: &str) -> Result<Self, CardNumberError> {
        // The capacity is final: growing would leave a copy of the number in freed memory.
        let mut digits = Zeroizing::new(String::with_capacity(text.len()));
        digits.extend(text.chars().filter(|character| !character.is_whitespace()));

        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CardNumberError::Character);
        }
        if !LENGTHS.contains(&digits.len()) {
            return Err(CardNumberError::Length);
        }
        if !passes_luhn(digits.bytes()) {
            return Err(CardNumberError::Checksum);
        }
        Ok(Self(digits))
    }

    /// The whole number, in clear.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first six digits, to look the issuer up.
    pub fn bin(&self) -> &str {
        self.leading(6)
    }

    /// The first six digits, which may be shown (PCI DSS 4.0.1, requirement 3.4.1). The result is `None` for a short
    /// number that would keep fewer than four digits hidden between these and the last four. The check digit would make
    /// them easy to guess.
    pub fn shown_bin(&self) -> Option<&str> {
        (self.0.len() >= 14).then(|| self.leading(6))
    }

    /// The first eight digits: the issuer's identification number since ISO/IEC 7812-1:2017, to look the issuer up.
    pub fn long_bin(&self) -> &str {
        self.leading(8)
    }

    /// The last four digits, which may be shown.
    pub fn last4(&self) -> &str {
        let start = self.0.len().saturating_sub(4);
        self.0.get(start..).unwrap_or_default()
    }

    fn leading(&self, count: usize) -> &str {
        self.0.get(..count).unwrap_or_default()
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardNumber").finish_non_exhaustive()
    }
}

/// Why a text is not a card number. Shows nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CardNumberError {
    /// The text contains something other than digits and white space.
    #[error("a card number must consist of digits and white space")]
    Character,
    /// The text has fewer than 8 or more than 19 digits.
    #[error("a card number must have 8 to 19 digits")]
    Length,
    /// The last digit is not the check digit of the others.
    #[error("a card number must end in its check digit")]
    Checksum,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> CardNumberError {
        CardNumber::parse(text).unwrap_err()
    }

    /// The digits with the one check digit that fits.
    fn with_check_digit(digits: &str) -> String {
        ('0'..='9')
            .map(|check| format!("{digits}{check}"))
            .find(|number| passes_luhn(number.bytes()))
            .unwrap()
    }

    #[test]
    fn a_number_shows_its_first_six_and_last_four_digits() {
        let number = CardNumber::parse(" 4111 1111\t4555\u{a0}1142\n").unwrap();
        assert_eq!(number.expose(), "4111111145551142");
        assert_eq!(number.bin(), "411111");
        assert_eq!(number.shown_bin(), Some("411111"));
        assert_eq!(number.long_bin(), "41111111");
        assert_eq!(number.last4(), "1142");
    }

    #[test]
    fn a_short_number_shows_its_last_four_digits_only() {
        let number = CardNumber::parse("6333300009").unwrap();
        assert_eq!((number.shown_bin(), number.last4()), (None, "0009"));
    }

    #[test]
    fn the_networks_test_numbers_are_taken() {
        for number in [
            "4242424242424242",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "6011111111111117",
            "3056930009020004",
            "3566002020360505",
            "6200000000000005",
        ] {
            assert!(CardNumber::parse(number).is_ok(), "{number}");
        }
    }

    #[test]
    fn a_number_has_8_to_19_digits() {
        for length in 8..=19 {
            let number = with_check_digit(&"4".repeat(length - 1));
            assert!(CardNumber::parse(&number).is_ok(), "{length}");
        }
        for length in [1, 7, 20, 32] {
            let number = with_check_digit(&"4".repeat(length - 1));
            assert_eq!(error(&number), CardNumberError::Length, "{length}");
        }
        assert_eq!(error(""), CardNumberError::Length);
        assert_eq!(error("  "), CardNumberError::Length);
    }

    #[test]
    fn anything_but_digits_and_white_space_is_refused_first() {
        for text in [
            "4111-1111-1111-1111",
            "x",
            "４１１１１１１１１１１１１１１１",
            "+4111111111111111",
            "4.1",
        ] {
            assert_eq!(error(text), CardNumberError::Character, "{text}");
        }
    }

    #[test]
    fn any_changed_digit_breaks_the_check_digit() {
        let number = "4111111111111111";
        for position in 0..number.len() {
            for digit in '0'..='9' {
                let mut changed = number.to_owned();
                changed.replace_range(position..=position, &digit.to_string());
                let expected = if changed == number {
                    None
                } else {
                    Some(CardNumberError::Checksum)
                };
                assert_eq!(CardNumber::parse(&changed).err(), expected, "{changed}");
            }
        }
    }

    #[test]
    fn a_number_prints_nothing_of_itself() {
        let number = CardNumber::parse("4111111111111111").unwrap();
        assert_eq!(format!("{number:?}"), "CardNumber { .. }");
    }
}
