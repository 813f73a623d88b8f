//! Card numbers, expiry dates and CVCs.

use proptest::prelude::*;
use vault_core::card::{CardExpiry, CardNumber, CardNumberError};
use vault_core::time::YearMonth;

use crate::inputs::{bytes, card_number, text};
use crate::{config, invariants};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in bytes(), text in text()) {
        invariants::card_number::hold(&bytes);
        invariants::card_number::hold(text.as_bytes());
    }

    #[test]
    fn texts_like_numbers_codes_and_dates_are_read_or_refused(
        number in "[0-9 ]{0,24}",
        shown in "[0-9*]{12}",
        date in "[0-9]{0,3}/[0-9]{0,5}",
    ) {
        for text in [number, shown, date] {
            invariants::card_number::hold(text.as_bytes());
        }
    }

    #[test]
    fn a_number_is_read_with_white_space_anywhere(
        number in card_number(),
        spaces in "[ \t\n\u{a0}]{0,4}",
        place: prop::sample::Index,
    ) {
        invariants::card_number::hold(number.as_bytes());
        let mut spaced = number.clone();
        spaced.insert_str(place.index(number.len() + 1), &spaces);
        let read = CardNumber::parse(&spaced).unwrap();
        prop_assert_eq!(read.expose(), number.as_str());
        let debug = format!("{read:?}");
        prop_assert!(!debug.contains(|character: char| character.is_ascii_digit()), "{debug}");
    }

    #[test]
    fn one_mistyped_digit_is_noticed(number in card_number(), place: prop::sample::Index, difference in 1..=9_u8) {
        let mut digits = number.into_bytes();
        let place = place.index(digits.len());
        digits[place] = b'0' + (digits[place] - b'0' + difference) % 10;
        let error = CardNumber::parse(std::str::from_utf8(&digits).unwrap()).err();
        prop_assert_eq!(error, Some(CardNumberError::Checksum));
    }

    #[test]
    fn a_card_is_good_through_its_month(
        (year, month) in (2000..=2099_i32, 1..=12_u8),
        (now_year, now_month) in (2000..=2099_i32, 1..=12_u8),
    ) {
        let today = YearMonth { year: now_year, month: now_month };
        let long = CardExpiry::parse(&format!("{month:02}"), &year.to_string(), today);
        let short = CardExpiry::parse(&month.to_string(), &format!("{:02}", year % 100), today);
        prop_assert_eq!(long.is_ok(), (year, month) >= (now_year, now_month));
        prop_assert_eq!(long.is_ok(), short.is_ok());
        if let (Ok(long), Ok(short)) = (long, short) {
            prop_assert_eq!(long.year_month(), YearMonth { year, month });
            prop_assert_eq!(short.year_month(), YearMonth { year, month });
        }
    }
}
