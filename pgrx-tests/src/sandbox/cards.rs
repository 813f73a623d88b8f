//! What any provider checks of a card.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::card::passes_luhn;

/// Why a card cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    Number,
    Month,
    Year,
    Expired,
}

impl Problem {
    /// The violation that it is: the vault keeps no such card, or should not send it any more.
    pub fn text(self) -> &'static str {
        match self {
            Problem::Number => "the card number is none",
            Problem::Month => "the expiry month is none",
            Problem::Year => "the expiry year is none",
            Problem::Expired => "the card has expired",
        }
    }
}

/// A card's network, by the first digit.
pub fn brand(number: &str) -> &'static str {
    match number.as_bytes().first() {
        Some(b'3') => "amex",
        Some(b'4') => "visa",
        Some(b'5' | b'2') => "mastercard",
        Some(b'6') => "discover",
        _ => "unknown",
    }
}

pub fn last_four(number: &str) -> &str {
    &number[number.len().saturating_sub(4)..]
}

/// Checks number and expiry (`1` or `01`, `30` or `2030`).
pub fn problem(number: &str, month: &str, year: &str) -> Option<Problem> {
    if !(8..=19).contains(&number.len()) || !passes_luhn(number) {
        return Some(Problem::Number);
    }
    let Some(month) = digits(month, &[1, 2]).filter(|month| (1..=12).contains(month)) else {
        return Some(Problem::Month);
    };
    let Some(year) = digits(year, &[2, 4]) else {
        return Some(Problem::Year);
    };
    let year = if year < 100 { 2000 + year } else { year };
    ((year, month) < this_month()).then_some(Problem::Expired)
}

fn digits(text: &str, lengths: &[usize]) -> Option<i16> {
    let are_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| are_digits && lengths.contains(&text.len()))
}

fn this_month() -> (i16, i16) {
    let today = Timestamp::now().to_zoned(TimeZone::UTC);
    (today.year(), today.month().into())
}

#[cfg(test)]
mod tests {
    use super::{Problem, problem, this_month};

    #[test]
    fn a_card_is_good_through_its_last_month() {
        let (year, month) = this_month();
        assert_eq!(
            problem("4111111111111111", &month.to_string(), &year.to_string()),
            None
        );
        assert_eq!(
            problem("4111111111111111", "12", &(year - 1).to_string()),
            Some(Problem::Expired)
        );
    }

    #[test]
    fn what_is_no_number_month_or_year_is_named() {
        assert_eq!(
            problem("4111111111111112", "12", "2099"),
            Some(Problem::Number)
        );
        assert_eq!(
            problem("4111 1111 1111 1111", "12", "2099"),
            Some(Problem::Number)
        );
        assert_eq!(problem("", "12", "2099"), Some(Problem::Number));
        assert_eq!(
            problem("4111111111111111", "13", "2099"),
            Some(Problem::Month)
        );
        assert_eq!(
            problem("4111111111111111", "+1", "2099"),
            Some(Problem::Month)
        );
        assert_eq!(problem("4111111111111111", "1", "209"), Some(Problem::Year));
    }
}
