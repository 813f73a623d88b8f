//! Failed authentications, counted in shared memory: too many lock an API key prefix or a client address for a while
//! (PCI DSS 4.0.1, requirement 8.3.4). The counts are forgotten when the server restarts.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::OnceLock;

use pgrx::prelude::*;
use pgrx::{PGRXSharedMemory, PgLwLock, pg_sys};

use crate::clock;
use crate::settings;

const BUCKETS: usize = 1024;
const SLOTS: usize = 8;

// SAFETY: the name is the vault's own.
static LOCKOUTS: PgLwLock<Lockouts> = unsafe { PgLwLock::new(c"vault_lockouts") };

/// Whom failures are counted for.
#[derive(Clone, Copy, Hash)]
pub enum Subject<'a> {
    KeyPrefix(&'a str),
    Address(&'a str),
}

/// Counts by subject; a full bucket forgets its oldest that is not a lock.
#[derive(Clone, Copy)]
pub struct Lockouts([[Count; SLOTS]; BUCKETS]);

#[derive(Clone, Copy, Default)]
struct Count {
    /// 0 is nobody.
    subject: u64,
    failures: u32,
    /// Microseconds since the Unix epoch.
    last_counted: i64,
}

// SAFETY: plain numbers, without pointers.
unsafe impl PGRXSharedMemory for Lockouts {}

/// Makes the places of subjects unknown to whoever would push others out of their bucket. Inherited by every backend.
static SEED: OnceLock<RandomState> = OnceLock::new();

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    SEED.get_or_init(RandomState::new);
    pgrx::pg_shmem_init!(LOCKOUTS);
}

/// Whether one of the subjects is locked now.
pub fn is_locked(subjects: &[Subject<'_>]) -> bool {
    let rule = Rule::now();
    let lockouts = LOCKOUTS.share();
    subjects.iter().any(|subject| {
        lockouts
            .count(*subject)
            .is_some_and(|count| rule.locks(count))
    })
}

/// Counts a failure for each.
pub fn failed(subjects: &[Subject<'_>]) {
    let rule = Rule::now();
    let mut lockouts = LOCKOUTS.exclusive();
    for subject in subjects {
        if let Some(count) = lockouts.count_or_new(*subject, &rule) {
            rule.add_failure(count);
        }
    }
}

/// Forgets the failures of each: they are counted in a row. Takes the lock for writing only where there are some.
pub fn succeeded(subjects: &[Subject<'_>]) {
    let counted = |lockouts: &Lockouts| {
        subjects
            .iter()
            .any(|subject| lockouts.count(*subject).is_some())
    };
    if !counted(&LOCKOUTS.share()) {
        return;
    }
    let mut lockouts = LOCKOUTS.exclusive();
    for subject in subjects {
        lockouts.forget(*subject);
    }
}

/// Forgets everything.
pub fn clear() {
    *LOCKOUTS.exclusive() = Lockouts::default();
}

impl Default for Lockouts {
    fn default() -> Self {
        Self([[Count::default(); SLOTS]; BUCKETS])
    }
}

impl Lockouts {
    fn count(&self, subject: Subject<'_>) -> Option<&Count> {
        let hash = hash(subject);
        self.0
            .get(bucket(hash))?
            .iter()
            .find(|count| count.subject == hash)
    }

    fn count_mut(&mut self, subject: Subject<'_>) -> Option<&mut Count> {
        let hash = hash(subject);
        let bucket = self.0.get_mut(bucket(hash))?;
        bucket.iter_mut().find(|count| count.subject == hash)
    }

    /// None when the bucket is full of locks, which stay.
    fn count_or_new(&mut self, subject: Subject<'_>, rule: &Rule) -> Option<&mut Count> {
        if self.count(subject).is_none() {
            let hash = hash(subject);
            let bucket = self.0.get_mut(bucket(hash))?;
            let replaceable = bucket.iter_mut().filter(|count| !rule.locks(count));
            let oldest = replaceable.min_by_key(|count| count.last_counted)?;
            *oldest = Count {
                subject: hash,
                ..Count::default()
            };
        }
        self.count_mut(subject)
    }

    fn forget(&mut self, subject: Subject<'_>) {
        if let Some(count) = self.count_mut(subject) {
            *count = Count::default();
        }
    }
}

/// The settings, at a time.
struct Rule {
    /// Microseconds since the Unix epoch.
    now: i64,
    failures: u32,
    duration: i64,
}

impl Rule {
    fn now() -> Self {
        Self {
            now: clock::now_micros(),
            failures: settings::lockout_failures(),
            duration: i64::try_from(settings::lockout_duration().as_micros()).unwrap_or(i64::MAX),
        }
    }

    fn locks(&self, count: &Count) -> bool {
        count.failures >= self.failures && !self.is_over(count)
    }

    /// A lock runs from the failure that caused it; trying on does not prolong it.
    fn add_failure(&self, count: &mut Count) {
        if self.is_over(count) {
            count.failures = 0;
        }
        if count.failures < self.failures {
            count.failures += 1;
            count.last_counted = self.now;
        }
    }

    fn is_over(&self, count: &Count) -> bool {
        self.now.saturating_sub(count.last_counted) >= self.duration
    }
}

/// The same in every backend. A server that did not load the library at its start has no lock-out.
fn hash(subject: Subject<'_>) -> u64 {
    SEED.get().map_or(1, |seed| seed.hash_one(subject).max(1))
}

fn bucket(hash: u64) -> usize {
    usize::try_from(hash % BUCKETS as u64).unwrap_or_default()
}
