//! Points in time, as the contract writes them.

use std::fmt;
use std::time::Duration;

use jiff::tz::Offset;
use serde::{Serialize, Serializer};
use thiserror::Error;

/// A point in time, to the microsecond. In JSON it is written in UTC with three decimals: `2026-04-23T09:48:05.617Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Makes a time from microseconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`OutOfRange`] outside of the years −9999 to 9999.
    pub fn from_unix_micros(micros: i64) -> Result<Self, OutOfRange> {
        jiff::Timestamp::from_microsecond(micros)
            .map(Self)
            .map_err(|_| OutOfRange)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn unix_micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Reads RFC 3339, with any offset from UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let timestamp = Self(text.parse().ok()?);
        // PostgreSQL knows no others, and nobody means them.
        (1..=9999)
            .contains(&timestamp.year_month().year)
            .then_some(timestamp)
    }

    /// The time that lies this much later.
    ///
    /// # Errors
    /// [`OutOfRange`] outside of the years −9999 to 9999.
    pub fn after(self, duration: Duration) -> Result<Self, OutOfRange> {
        self.0
            .checked_add(duration)
            .map(Self)
            .map_err(|_| OutOfRange)
    }

    /// The month that the time falls in, in UTC.
    pub fn year_month(self) -> YearMonth {
        let date = Offset::UTC.to_datetime(self.0).date();
        YearMonth {
            year: date.year().into(),
            month: date.month().unsigned_abs(),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The time is not between the years −9999 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("time is out of range")]
pub struct OutOfRange;

/// A month of a year. Later months are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearMonth {
    /// The year, in full.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timestamp(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_time_is_written_in_utc_with_three_decimals() {
        let written = |text| serde_json::to_string(&timestamp(text)).unwrap();
        assert_eq!(
            written("2026-04-23T09:48:05.617999Z"),
            "\"2026-04-23T09:48:05.617Z\""
        );
        assert_eq!(
            written("2026-04-23T09:48:05Z"),
            "\"2026-04-23T09:48:05.000Z\""
        );
        assert_eq!(
            written("2026-04-23T01:48:05+02:00"),
            "\"2026-04-22T23:48:05.000Z\""
        );
    }

    #[test]
    fn microseconds_survive() {
        let micros = 1_776_937_685_617_001;
        let time = Timestamp::from_unix_micros(micros).unwrap();
        assert_eq!(time.unix_micros(), micros);
        assert_eq!(time.to_string(), "2026-04-23T09:48:05.617Z");
        assert_eq!(Timestamp::from_unix_micros(i64::MAX), Err(OutOfRange));
    }

    #[test]
    fn a_later_time_keeps_its_microseconds() {
        let later = timestamp("2026-04-23T23:50:05.617001Z").after(Duration::from_secs(900));
        assert_eq!(later, Ok(timestamp("2026-04-24T00:05:05.617001Z")));
        let end = timestamp("9999-12-30T00:00:00Z");
        assert_eq!(end.after(Duration::from_secs(7 * 86_400)), Err(OutOfRange));
    }

    #[test]
    fn the_month_changes_at_midnight_utc() {
        let month = |text| timestamp(text).year_month();
        assert_eq!(
            month("2026-12-31T23:59:59.999Z"),
            YearMonth {
                year: 2026,
                month: 12
            }
        );
        assert_eq!(
            month("2027-01-01T00:00:00Z"),
            YearMonth {
                year: 2027,
                month: 1
            }
        );
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in [
            "",
            "today",
            "2026-04-23",
            "2026-04-23T09:48:05",
            "2026-13-01T00:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
