//! Points in time.

use proptest::prelude::*;
use vault_core::time::Timestamp;

use crate::config;

/// The years 1 to 9999, in microseconds since 1970.
const YEARS: std::ops::Range<i64> = -62_135_596_800_000_000..253_402_207_200_000_000;

const MILLISECOND: i64 = 1000;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_number_of_microseconds_is_a_time_or_out_of_range(micros: i64) {
        if let Ok(time) = Timestamp::from_unix_micros(micros) {
            prop_assert_eq!(time.unix_micros(), micros);
        }
    }

    #[test]
    fn a_time_that_is_written_is_read_to_the_millisecond(micros in YEARS) {
        let time = Timestamp::from_unix_micros(micros).unwrap();
        let written = time.to_string();
        let read = Timestamp::parse(&written).unwrap();
        prop_assert!((read.unix_micros() - micros).abs() < MILLISECOND, "{written}");
        prop_assert_eq!(read.to_string(), written);
    }

    #[test]
    fn an_offset_says_the_same_time(micros in YEARS, hours in 0..14_i64, minutes in 0..60_i64, second in 0..60_u8) {
        let time = Timestamp::from_unix_micros(micros).unwrap().to_string();
        let date = time.split_once('T').unwrap().0;
        let read = |offset: &str| Timestamp::parse(&format!("{date}T12:34:{second:02}{offset}"));
        let here = read("Z").unwrap().unix_micros();
        if let Some(there) = read(&format!("+{hours:02}:{minutes:02}")) {
            let difference = (hours * 60 + minutes) * 60_000_000;
            prop_assert_eq!(here - there.unix_micros(), difference);
        }
    }
}
