//! Events that were refused, rolled back or indexed, counted in shared memory. Equal events become one row of the log a minute.
//!
//! No such event takes a place from a reveal. To count an event again takes only a shared lock, so a flood hinders nobody.

mod tally;

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use pgrx::pg_sys;

use super::row::{Row, Subject};
use crate::metrics::events::{Watched, count_several};
use crate::postgres::catalog::own_database;
use crate::postgres::hash_seed::seed;
use crate::postgres::shared_memory::{SharedTable, plain, reserve};
pub use tally::Due;
use tally::{OBJECTS, Tally};

const TALLIES: usize = 1024;

/// How many tallies a search looks at.
const PROBES: usize = 16;

/// For events that find no tally of their own: one tally for each database, event and outcome.
const OTHERS: usize = 64;

/// The object of a tally that counts further objects together.
const VARIOUS: &str = "various";

/// The object of a tally in which actors and addresses are not told apart.
const OTHER: &str = "others";

static MERGED: SharedTable<Merged> = SharedTable::named(c"vault_merged_audit_rows");

struct Merged {
    tallies: [Tally; TALLIES],
    others: [Tally; OTHERS],
    /// The number of events that found no tally at all.
    lost: AtomicU64,
}

plain! {
    record Merged { tallies, others, lost };
}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    reserve!(MERGED = Merged::default());
}

/// Counts the row `occurrences` times.
pub fn count(row: &Row, occurrences: u64) {
    let found = Search::of(row);
    if MERGED.share().count_known(&found, row, occurrences) {
        return;
    }
    let mut merged = MERGED.exclusive();
    if !merged.count_known(&found, row, occurrences) {
        merged.count_new(&found, row, occurrences);
    }
}

/// The counts to write for this database now. With `all`, also those whose minute has not ended.
pub fn due(now: i64, all: bool) -> Vec<Due> {
    let database = own_database();
    let merged = MERGED.share();
    let tallies = merged.tallies.iter().chain(&merged.others).enumerate();
    tallies
        .filter(|(_, tally)| tally.is_of(database))
        .filter_map(|(index, tally)| tally.due(index, now, all))
        .collect()
}

/// How many rows of this database should have been written before that time.
pub fn waiting_since_before(before: i64) -> u64 {
    let rows = due(before, false).into_iter();
    rows.filter(|row| row.first_at < before).count() as u64
}

/// How many events of all databases found no tally at all.
pub fn lost() -> u64 {
    MERGED.share().lost.load(Ordering::Relaxed)
}

/// Notes the counts that are committed, and forgets tallies that counted nothing more within their minute.
pub fn written(rows: &[Due], lost: u64, now: i64) {
    let mut merged = MERGED.exclusive();
    for row in rows {
        if let Some(tally) = merged.tally_mut(row.index) {
            tally.written(row, now);
        }
    }
    let all_lost = merged.lost.get_mut();
    *all_lost = all_lost.saturating_sub(lost);
    let Merged {
        tallies, others, ..
    } = &mut *merged;
    for tally in tallies.iter_mut().chain(others) {
        tally.end_of_minute(now);
    }
}

/// The databases that have tallies.
pub fn databases() -> Vec<pg_sys::Oid> {
    let merged = MERGED.share();
    let tallies = merged.tallies.iter().chain(&merged.others);
    tallies.filter_map(Tally::database).collect()
}

/// Forgets the counts of a database that have waited since before that time, and returns how many rows they stood for.
pub fn give_up(database: pg_sys::Oid, before: i64) -> u64 {
    let mut merged = MERGED.exclusive();
    let Merged {
        tallies, others, ..
    } = &mut *merged;
    let of_database = tallies
        .iter_mut()
        .chain(others)
        .filter(|tally| tally.is_of(database));
    of_database.map(|tally| tally.give_up(before)).sum()
}

/// The tallies that may count a row: its own, and that of all objects of the same actor, address and event.
struct Search {
    subject: Subject,
    hash: u64,
    various: Subject,
    various_hash: u64,
}

impl Search {
    fn of(row: &Row) -> Self {
        let various = row.subject.with_object(VARIOUS);
        Self {
            subject: row.subject,
            hash: hash(&row.subject),
            various,
            various_hash: hash(&various),
        }
    }
}

impl Merged {
    /// Counts the row in its tally, if it has one.
    fn count_known(&self, search: &Search, row: &Row, occurrences: u64) -> bool {
        let own = self.find(search.hash, &search.subject);
        let tally = own.or_else(|| {
            self.find(search.various_hash, &search.various)
                .filter(|various| various.objects() >= OBJECTS)
        });
        if let Some(tally) = tally {
            tally.count(row.occurred_at, occurrences);
        }
        tally.is_some()
    }

    fn count_new(&mut self, search: &Search, row: &Row, occurrences: u64) {
        let now = row.occurred_at;
        if search.subject.object_id.non_empty().is_some()
            && !search.subject.event.is_of_an_object_of_the_vaults()
            && !self.is_first_of_few(search, now)
            && let Some(various) = self.find(search.various_hash, &search.various)
        {
            return various.count(now, occurrences);
        }
        match self.free(search.hash, now) {
            Some(tally) => {
                *tally = Tally::new(search.hash, row);
                tally.count(now, occurrences);
            }
            None => self.count_other(row, occurrences),
        }
    }

    /// Whether the object is one of the few that are told apart. If so, it is counted as one of them.
    fn is_first_of_few(&mut self, search: &Search, now: i64) -> bool {
        if self.find(search.various_hash, &search.various).is_none()
            && let Some(tally) = self.free(search.various_hash, now)
        {
            let subject = search.various;
            *tally = Tally::new(search.various_hash, &Row::new(subject, None));
        }
        self.find(search.various_hash, &search.various)
            .is_some_and(Tally::adds_object)
    }

    fn count_other(&mut self, row: &Row, occurrences: u64) {
        let subject = Subject {
            database: row.subject.database,
            event: row.subject.event,
            outcome: row.subject.outcome,
            ..Subject::NONE
        }
        .with_object(OTHER);
        let row = Row::new(subject, None);
        let hash = hash(&subject);
        let mut others = self.others.iter_mut();
        match others.find(|tally| tally.is(hash, &subject) || tally.is_free()) {
            Some(tally) => {
                if tally.is_free() {
                    *tally = Tally::new(hash, &row);
                }
                tally.count(row.occurred_at, occurrences);
            }
            None => {
                self.lost.fetch_add(occurrences, Ordering::Relaxed);
                count_several(Watched::AuditRowsLost, occurrences);
            }
        }
    }

    fn find(&self, hash: u64, subject: &Subject) -> Option<&Tally> {
        probes(hash)
            .filter_map(|index| self.tallies.get(index))
            .find(|tally| tally.is(hash, subject))
    }

    /// A free tally where a search for this hash looks.
    fn free(&mut self, hash: u64, now: i64) -> Option<&mut Tally> {
        let index = probes(hash).find(|index| {
            let tally = self.tallies.get(*index);
            tally.is_some_and(|tally| tally.is_free() || tally.is_over(now))
        })?;
        self.tallies.get_mut(index)
    }

    fn tally_mut(&mut self, index: usize) -> Option<&mut Tally> {
        match index.checked_sub(TALLIES) {
            None => self.tallies.get_mut(index),
            Some(other) => self.others.get_mut(other),
        }
    }
}

impl Default for Merged {
    fn default() -> Self {
        Self {
            tallies: [const { Tally::free() }; TALLIES],
            others: [const { Tally::free() }; OTHERS],
            lost: AtomicU64::new(0),
        }
    }
}

fn probes(hash: u64) -> impl Iterator<Item = usize> {
    let first = usize::try_from(hash % TALLIES as u64).unwrap_or_default();
    (first..first + PROBES).map(|index| index % TALLIES)
}

/// The same in every backend, and never 0.
fn hash(subject: &Subject) -> u64 {
    seed().hash_one(subject).max(1)
}
