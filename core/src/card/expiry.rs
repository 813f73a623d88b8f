//! Expiry dates: a card is good through the last day of its month.

use thiserror::Error;

use crate::time::YearMonth;

/// An expiry date, as it was sent (`3`, `03`; `30`, `2030`) and as a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardExpiry {
    month: String,
    year: String,
    year_month: YearMonth,
}

impl CardExpiry {
    /// Reads the month and year of a card that must not have expired.
    ///
    /// # Errors
    /// In this order: [`ExpiryError::MonthNotANumber`], [`ExpiryError::Month`], [`ExpiryError::YearNotANumber`],
    /// [`ExpiryError::Year`] (also for a year that is past), [`ExpiryError::Expired`].
    pub fn parse(month: &str, year: &str, today: YearMonth) -> Result<Self, ExpiryError> {
        let expiry = Self::parse_any(month, year)?;
        if expiry.year_month.year < today.year {
            return Err(ExpiryError::Year);
        }
        if expiry.year_month < today {
            return Err(ExpiryError::Expired);
        }
        Ok(expiry)
    }

    /// Reads a month and a year, past or not: those of a card that was stored earlier.
    ///
    /// # Errors
    /// Those of [`CardExpiry::parse`], except for past dates.
    pub fn parse_any(month: &str, year: &str) -> Result<Self, ExpiryError> {
        let month_number = month_number(month)?;
        let year_number = year_number(year)?;
        Ok(Self {
            month: month.to_owned(),
            year: year.to_owned(),
            year_month: YearMonth {
                year: year_number,
                month: month_number,
            },
        })
    }

    /// The month as it was sent.
    pub fn month(&self) -> &str {
        &self.month
    }

    /// The year as it was sent.
    pub fn year(&self) -> &str {
        &self.year
    }

    /// The last month in which the card is good.
    pub fn year_month(&self) -> YearMonth {
        self.year_month
    }
}

fn month_number(month: &str) -> Result<u8, ExpiryError> {
    if !is_digits(month) {
        return Err(ExpiryError::MonthNotANumber);
    }
    match (month.len(), month.parse()) {
        (1 | 2, Ok(number @ 1..=12)) => Ok(number),
        _ => Err(ExpiryError::Month),
    }
}

fn year_number(year: &str) -> Result<i32, ExpiryError> {
    if !is_digits(year) {
        return Err(ExpiryError::YearNotANumber);
    }
    match (year.len(), year.parse::<i32>()) {
        (2, Ok(number)) => Ok(2000 + number),
        (4, Ok(number)) => Ok(number),
        _ => Err(ExpiryError::Year),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why a month and a year are not the expiry date of a card that can be used. Shows neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ExpiryError {
    /// The month contains something other than digits, or nothing.
    #[error("an expiry month must be a number")]
    MonthNotANumber,
    /// The month is not 1 to 12, written in one or two digits.
    #[error("an expiry month must be 1 to 12")]
    Month,
    /// The year contains something other than digits, or nothing.
    #[error("an expiry year must be a number")]
    YearNotANumber,
    /// The year is not written in two or four digits, or it is past.
    #[error("an expiry year must have two or four digits and not be past")]
    Year,
    /// The month is past in a year that is not.
    #[error("the card has expired")]
    Expired,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: YearMonth = YearMonth {
        year: 2026,
        month: 4,
    };

    fn error(month: &str, year: &str) -> Option<ExpiryError> {
        CardExpiry::parse(month, year, TODAY).err()
    }

    #[test]
    fn a_date_is_kept_as_sent_and_compared_as_numbers() {
        for (month, year) in [("03", "2030"), ("3", "30"), ("03", "30")] {
            let expiry = CardExpiry::parse(month, year, TODAY).unwrap();
            assert_eq!((expiry.month(), expiry.year()), (month, year));
            assert_eq!(
                expiry.year_month(),
                YearMonth {
                    year: 2030,
                    month: 3
                }
            );
        }
    }

    #[test]
    fn a_card_is_good_through_the_end_of_its_month() {
        assert_eq!(error("04", "26"), None);
        assert_eq!(error("03", "26"), Some(ExpiryError::Expired));
        assert_eq!(error("12", "25"), Some(ExpiryError::Year));
        assert_eq!(error("01", "2027"), None);
        assert_eq!(error("01", "9999"), None);
        assert_eq!(error("12", "0026"), Some(ExpiryError::Year));
    }

    #[test]
    fn a_month_is_a_number_from_1_to_12() {
        for month in 1..=12 {
            assert_eq!(error(&month.to_string(), "2030"), None);
            assert_eq!(error(&format!("{month:02}"), "2030"), None);
        }
        for month in ["0", "00", "13", "99", "003", "99999999999999999999"] {
            assert_eq!(error(month, "2030"), Some(ExpiryError::Month), "{month}");
        }
        for month in ["", " ", "x", "+3", "-3", " 3", "3.0", "٣"] {
            assert_eq!(
                error(month, "2030"),
                Some(ExpiryError::MonthNotANumber),
                "{month}"
            );
        }
    }

    #[test]
    fn a_year_is_a_number_of_two_or_four_digits() {
        for year in ["3", "030", "02030", "99999999999999999999"] {
            assert_eq!(error("03", year), Some(ExpiryError::Year), "{year}");
        }
        for year in ["", "x", "+30", "20 30"] {
            assert_eq!(
                error("03", year),
                Some(ExpiryError::YearNotANumber),
                "{year}"
            );
        }
    }

    #[test]
    fn the_month_is_refused_before_the_year() {
        assert_eq!(error("13", "x"), Some(ExpiryError::Month));
    }

    #[test]
    fn a_stored_card_may_have_expired() {
        assert!(CardExpiry::parse_any("03", "20").is_ok());
        assert!(CardExpiry::parse_any("13", "20").is_err());
    }
}
