//! Failed authentications, counted in a table of fixed size. Too many failures lock their subject for a while (PCI DSS
//! 4.0.1, requirement 8.3.4).
//!
//! A failure counts for the *pair* of the key's prefix and the source that tried it; a few failures lock the pair. The
//! failure also counts, up to a higher limit, for the prefix from any source and for the source with any key. So nobody
//! can lock a key for its owner by a few guesses from elsewhere.
//!
//! **A flood evicts no lock, and turns nothing off.** Each subject has one neighbourhood of [`PLACES`] places. A new
//! subject takes the place of the oldest count there that is not a lock. If all of them are locks, the new subject is
//! refused until one of the locks ends: the table fails closed. This state is expensive to bring about, because
//! failures of a locked subject are not counted. One source can make at most `total / failures` (ten) locks of pairs,
//! its own lock, and a share of the locks of prefixes, each of which takes `total` failures from several sources. That
//! is twelve locks in the time that a lock lasts. A secret hash chooses the neighbourhood, so an attacker can fill one
//! neighbourhood only by filling all of them. The first of the [`NEIGHBOURHOODS`] is full after some 1,800 locks. They
//! take 150 sources (an IPv6 network counts as one) that spend all their failures again and again, and they keep out
//! one in [`NEIGHBOURHOODS`] of the newcomers.

use std::hash::BuildHasher;

use super::short_text::ShortText;
use super::source::Source;

const NEIGHBOURHOODS: usize = 256;
const PLACES: usize = 16;

/// The part of a key that may be shown: its environment and first characters. It is empty if the text does not have the
/// form of a key.
pub type Prefix = ShortText<25>;

/// The subject that failures are counted for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    /// A key's prefix, tried from one source.
    Pair(Prefix, Source),
    /// A key's prefix, from anywhere.
    Prefix(Prefix),
    /// One source, with any key.
    Source(Source),
}

/// The limits, and the time at which they apply. Times are in microseconds.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Since the Unix epoch.
    pub now: i64,
    /// How long a lock lasts, and how long failures are remembered.
    pub duration: i64,
    /// Failures in a row that lock a pair.
    pub failures: u32,
    /// Failures within `duration` that lock a prefix or a source.
    pub total: u32,
}

/// Counts by subject.
#[derive(Clone, Copy)]
pub struct Failures([Neighbourhood; NEIGHBOURHOODS]);

type Neighbourhood = [Option<Count>; PLACES];

#[derive(Clone, Copy)]
struct Count {
    subject: Subject,
    failures: u32,
    /// The time at which the lock began. Without a lock, it is the last failure of a pair, or the first failure of any
    /// other subject.
    since: i64,
}

/// A count as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Whose.
    pub subject: Subject,
    /// How many.
    pub failures: u32,
    /// Microseconds since the Unix epoch, if it is a lock.
    pub locked_until: Option<i64>,
}

impl Failures {
    /// Nobody has failed.
    pub const NONE: Self = Self([[None; PLACES]; NEIGHBOURHOODS]);

    /// Whether the subject is locked, or could not be counted if it failed.
    pub fn is_locked(&self, hasher: &impl BuildHasher, rule: &Rule, subject: &Subject) -> bool {
        let Some(places) = self.0.get(neighbourhood(hasher, subject)) else {
            return true;
        };
        match find(places, subject) {
            Some(count) => rule.locks(count),
            None => places.iter().all(|place| rule.keeps(place)),
        }
    }

    /// Counts a failure. The result is true if this failure begins a lock. For a locked subject, nothing is counted.
    pub fn fail(&mut self, hasher: &impl BuildHasher, rule: &Rule, subject: &Subject) -> bool {
        self.count_or_new(hasher, rule, subject)
            .is_some_and(|count| rule.add_failure(count))
    }

    /// Whether failures of the subject are remembered, ended ones included.
    pub fn knows(&self, hasher: &impl BuildHasher, subject: &Subject) -> bool {
        let places = self.0.get(neighbourhood(hasher, subject));
        places.is_some_and(|places| find(places, subject).is_some())
    }

    /// Forgets the failures of a subject.
    pub fn forget(&mut self, hasher: &impl BuildHasher, subject: &Subject) {
        let places = self.0.get_mut(neighbourhood(hasher, subject));
        for place in places.into_iter().flatten() {
            place.take_if(|count| count.subject == *subject);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        for place in self.0.iter_mut().flatten() {
            *place = None;
        }
    }

    /// The counts and locks that are remembered and not over.
    pub fn counted(&self, rule: &Rule) -> Vec<Counted> {
        let counts = self.0.iter().flatten().flatten();
        counts
            .filter(|count| !rule.is_over(count))
            .map(|count| Counted {
                subject: count.subject,
                failures: count.failures,
                locked_until: rule
                    .locks(count)
                    .then(|| count.since.saturating_add(rule.duration)),
            })
            .collect()
    }

    /// `None` if all places are locks, which stay.
    fn count_or_new(
        &mut self,
        hasher: &impl BuildHasher,
        rule: &Rule,
        subject: &Subject,
    ) -> Option<&mut Count> {
        let places = self.0.get_mut(neighbourhood(hasher, subject))?;
        if find(places, subject).is_none() {
            let replaceable = places.iter_mut().filter(|place| !rule.keeps(place));
            let oldest = replaceable.min_by_key(|place| place.map(|count| count.since))?;
            *oldest = Some(Count {
                subject: *subject,
                failures: 0,
                since: rule.now,
            });
        }
        let mut counts = places.iter_mut().flatten();
        counts.find(|count| count.subject == *subject)
    }
}

impl Rule {
    fn limit(&self, subject: &Subject) -> u32 {
        match subject {
            Subject::Pair(..) => self.failures,
            Subject::Prefix(_) | Subject::Source(_) => self.total,
        }
    }

    fn keeps(&self, place: &Option<Count>) -> bool {
        place.as_ref().is_some_and(|count| self.locks(count))
    }

    fn locks(&self, count: &Count) -> bool {
        count.failures >= self.limit(&count.subject) && !self.is_over(count)
    }

    /// A lock runs from the failure that caused it. Further attempts do not prolong it.
    fn add_failure(&self, count: &mut Count) -> bool {
        if self.is_over(count) {
            count.failures = 0;
        }
        if self.locks(count) {
            return false;
        }
        count.failures = count.failures.saturating_add(1);
        let begins = self.locks(count) || count.failures == 1;
        if begins || matches!(count.subject, Subject::Pair(..)) {
            count.since = self.now;
        }
        self.locks(count)
    }

    fn is_over(&self, count: &Count) -> bool {
        self.now.saturating_sub(count.since) >= self.duration
    }
}

fn find<'a>(places: &'a Neighbourhood, subject: &Subject) -> Option<&'a Count> {
    let mut counts = places.iter().flatten();
    counts.find(|count| count.subject == *subject)
}

fn neighbourhood(hasher: &impl BuildHasher, subject: &Subject) -> usize {
    usize::try_from(hasher.hash_one(subject) % NEIGHBOURHOODS as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests;
