//! How often something may be done in a minute, counted in a table of fixed size.
//!
//! The minutes are those of the clock. So nobody exceeds two limits within any two minutes, and the table needs no more
//! than the subjects of one minute. Each subject has one neighbourhood of places. If all of them are taken in this
//! minute, the subject shares one further place with other subjects in the same situation. So a flood of subjects makes
//! the limit narrower for newcomers, and never wider.

const NEIGHBOURHOODS: usize = 256;
const PLACES: usize = 15;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

/// How much each subject has used of the current minute.
#[derive(Clone, Copy)]
pub struct PerMinute([Neighbourhood; NEIGHBOURHOODS]);

/// Nothing is left of this minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedUp {
    /// Until the next minute begins, from 1 to 60.
    pub seconds_left: u32,
}

#[derive(Clone, Copy)]
struct Neighbourhood {
    places: [Used; PLACES],
    others: Used,
}

#[derive(Clone, Copy)]
struct Used {
    subject: u64,
    /// Minutes since the Unix epoch.
    minute: i64,
    count: u32,
}

impl PerMinute {
    /// Nobody has used anything.
    pub const UNUSED: Self = Self([Neighbourhood::UNUSED; NEIGHBOURHOODS]);

    /// Uses one of `limit` for the subject, which is a hash of the caller. `now` is in microseconds since the Unix
    /// epoch.
    ///
    /// # Errors
    /// When the minute's limit is used up.
    pub fn take(&mut self, subject: u64, limit: u32, now: i64) -> Result<(), UsedUp> {
        let used_up = UsedUp {
            seconds_left: seconds_left(now),
        };
        let minute = now.div_euclid(MINUTE);
        let used = self.of(subject, minute).ok_or(used_up)?;
        if used.count >= limit {
            return Err(used_up);
        }
        used.count += 1;
        Ok(())
    }

    fn of(&mut self, subject: u64, minute: i64) -> Option<&mut Used> {
        let index = usize::try_from(subject % NEIGHBOURHOODS as u64).ok()?;
        let Neighbourhood { places, others } = self.0.get_mut(index)?;
        let known = |used: &Used| used.subject == subject && used.minute == minute;
        let place = places
            .iter()
            .position(known)
            .or_else(|| places.iter().position(|used| used.minute != minute));
        let used = place
            .and_then(|place| places.get_mut(place))
            .unwrap_or(others);
        if used.minute != minute {
            *used = Used {
                subject,
                minute,
                count: 0,
            };
        }
        Some(used)
    }
}

impl Neighbourhood {
    const UNUSED: Self = Self {
        places: [Used::NEVER; PLACES],
        others: Used::NEVER,
    };
}

impl Used {
    const NEVER: Self = Self {
        subject: 0,
        minute: i64::MIN,
        count: 0,
    };
}

fn seconds_left(now: i64) -> u32 {
    u32::try_from(60 - now.rem_euclid(MINUTE) / SECOND).unwrap_or(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 12 * 60 * MINUTE;

    /// How many of `tries` are let through.
    fn taken(table: &mut PerMinute, subject: u64, tries: u32, limit: u32, now: i64) -> usize {
        let results = (0..tries).map(|_| table.take(subject, limit, now));
        results.filter(Result::is_ok).count()
    }

    #[test]
    fn a_subject_gets_exactly_its_limit_in_each_minute() {
        let mut table = PerMinute::UNUSED;
        assert_eq!(taken(&mut table, 7, 100, 10, NOON), 10);
        assert_eq!(taken(&mut table, 7, 100, 10, NOON + MINUTE - 1), 0);
        assert_eq!(taken(&mut table, 7, 100, 10, NOON + MINUTE), 10);
    }

    #[test]
    fn one_subject_does_not_use_another_s() {
        let mut table = PerMinute::UNUSED;
        let neighbour = 7 + NEIGHBOURHOODS as u64;
        assert_eq!(taken(&mut table, 7, 100, 10, NOON), 10);
        assert_eq!(taken(&mut table, 8, 100, 10, NOON), 10);
        assert_eq!(taken(&mut table, neighbour, 100, 10, NOON), 10);
    }

    #[test]
    fn a_limit_that_is_changed_counts_at_once() {
        let mut table = PerMinute::UNUSED;
        assert_eq!(taken(&mut table, 7, 100, 10, NOON), 10);
        assert_eq!(taken(&mut table, 7, 100, 15, NOON), 5);
        assert_eq!(taken(&mut table, 7, 100, 5, NOON), 0);
    }

    #[test]
    fn the_seconds_left_are_those_until_the_next_minute() {
        let mut table = PerMinute::UNUSED;
        let mut left = |now| table.take(1, 0, now).unwrap_err().seconds_left;
        assert_eq!(left(NOON), 60);
        assert_eq!(left(NOON + 1), 60);
        assert_eq!(left(NOON + 59 * SECOND), 1);
        assert_eq!(left(NOON + MINUTE - 1), 1);
    }

    #[test]
    fn those_who_find_no_place_share_one_limit_until_the_minute_ends() {
        let mut table = PerMinute::UNUSED;
        let in_one_place = |n: usize| (n * NEIGHBOURHOODS) as u64;
        let mut all = |now| -> usize {
            (0..1_000)
                .map(|n| taken(&mut table, in_one_place(n), 20, 10, now))
                .sum()
        };
        assert_eq!(all(NOON), (PLACES + 1) * 10);
        assert_eq!(all(NOON + MINUTE), (PLACES + 1) * 10);
    }
}
