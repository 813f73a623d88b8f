//! Failed authentications, counted in a table of fixed size: too many lock whom they are counted for, for a while (PCI DSS
//! 4.0.1, requirement 8.3.4).
//!
//! Failures count for the *pair* of a key's prefix and the source that tried it, which a few of them lock; and, up to a
//! higher limit, for the prefix from anywhere and for the source with any key. So nobody locks a key for its owner from
//! elsewhere by a few guesses.
//!
//! **A flood evicts no lock, and turns nothing off.** A subject has one neighbourhood of [`PLACES`] places. A new one takes the
//! place of the oldest count there that is no lock. Where all of them are locks, the new one is refused until one of them
//! ends: it fails closed. That is expensive to bring about, because failures of a locked subject are not counted. A
//! source can make at most `total / failures` (ten) locks of pairs, its own lock, and a share of the locks of prefixes, each of
//! which takes `total` failures from several sources: twelve together in the time that a lock lasts. A neighbourhood is chosen by a secret hash,
//! so it can only be filled by filling all of them: the first of [`NEIGHBOURHOODS`] is full after some 1,800 locks,
//! which takes 150 sources (networks of IPv6 count as one) that spend all the failures they have, again and again, and it
//! keeps out one in [`NEIGHBOURHOODS`] of those who come anew.

use std::hash::BuildHasher;

use super::short_text::ShortText;
use super::source::Source;

const NEIGHBOURHOODS: usize = 256;
const PLACES: usize = 16;

/// What is shown of a key: environment and first characters. Empty for what has not the form of a key.
pub type Prefix = ShortText<25>;

/// Whom failures are counted for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    /// A key's prefix, tried from one source.
    Pair(Prefix, Source),
    /// A key's prefix, from anywhere.
    Prefix(Prefix),
    /// One source, with any key.
    Source(Source),
}

/// The limits, at a time. Times are in microseconds.
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
    /// When the lock began; before it, a pair's last failure, and the first one of anybody else.
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

    /// Counts a failure. True when it begins a lock. For a subject that is locked, nothing is counted.
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

    /// What is remembered and not over.
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

    /// None when all places are locks, which stay.
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

    /// A lock runs from the failure that caused it; trying on does not prolong it.
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
