//! A tally: the count of equal events that are merged into one row.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};

use pgrx::pg_sys;
use vault_core::limits::ShortText;

use super::super::row::{Row, Subject};
use crate::postgres::shared_memory::plain;

/// How many objects of one actor, address and event are told apart in a minute.
pub const OBJECTS: u32 = 4;

/// A minute in microseconds.
const MINUTE: i64 = 60 * 1_000_000;

/// A count of equal events. To count one more takes only a shared lock. Every other change takes an exclusive one.
pub struct Tally {
    /// A hash of what the events have in common. 0 if the place is free.
    hash: u64,
    subject: Subject,
    /// The request id of the first event, until its row is written.
    request_id: ShortText<64>,
    unwritten: AtomicU64,
    /// Microseconds since the Unix epoch, like all times here.
    first_at: AtomicI64,
    last_at: AtomicI64,
    /// When the last row was written or, before the first row, when the tally was made.
    minute_began_at: i64,
    has_row: bool,
    /// If this tally is for all other objects, how many objects have a tally of their own.
    objects: AtomicU32,
}

/// A row that stands for several.
#[derive(Clone, Copy)]
pub struct Due {
    pub(super) index: usize,
    hash: u64,
    pub row: Row,
    pub first_at: i64,
    pub occurrences: u64,
}

plain! {
    record Tally {
        hash, subject, request_id, unwritten, first_at, last_at, minute_began_at, has_row, objects
    };
}

impl Tally {
    /// A free place.
    pub const fn free() -> Self {
        Self {
            hash: 0,
            subject: Subject::NONE,
            request_id: ShortText::EMPTY,
            unwritten: AtomicU64::new(0),
            first_at: AtomicI64::new(0),
            last_at: AtomicI64::new(0),
            minute_began_at: 0,
            has_row: false,
            objects: AtomicU32::new(0),
        }
    }

    /// A tally that has counted nothing yet.
    pub fn new(hash: u64, row: &Row) -> Self {
        Self {
            hash,
            subject: row.subject,
            request_id: row.request_id,
            minute_began_at: row.occurred_at,
            ..Self::free()
        }
    }

    pub fn is_free(&self) -> bool {
        self.hash == 0
    }

    pub fn is(&self, hash: u64, subject: &Subject) -> bool {
        self.hash == hash && self.subject == *subject
    }

    pub fn is_of(&self, database: pg_sys::Oid) -> bool {
        self.database() == Some(database)
    }

    /// None if the place is free.
    pub fn database(&self) -> Option<pg_sys::Oid> {
        (!self.is_free()).then_some(self.subject.database)
    }

    pub fn objects(&self) -> u32 {
        self.objects.load(Relaxed)
    }

    /// Whether one more object may have a tally of its own. If so, this tally remembers it.
    pub fn adds_object(&self) -> bool {
        self.objects.fetch_add(1, Relaxed) < OBJECTS
    }

    pub fn count(&self, now: i64, occurrences: u64) {
        if self.unwritten.fetch_add(occurrences, Relaxed) == 0 {
            self.first_at.store(now, Relaxed);
        }
        self.last_at.fetch_max(now, Relaxed);
    }

    /// The row to write now: the first event at once, repetitions after a minute.
    pub fn due(&self, index: usize, now: i64, all: bool) -> Option<Due> {
        let occurrences = self.unwritten.load(Relaxed);
        let is_time = all || !self.has_row || self.minute_is_over(now);
        (occurrences > 0 && is_time).then(|| Due {
            index,
            hash: self.hash,
            row: Row {
                subject: self.subject,
                request_id: self.request_id,
                occurred_at: self.last_at.load(Relaxed),
            },
            first_at: self.first_at.load(Relaxed),
            occurrences,
        })
    }

    pub fn written(&mut self, row: &Due, now: i64) {
        if self.hash != row.hash {
            return;
        }
        let unwritten = self.unwritten.get_mut();
        *unwritten = unwritten.saturating_sub(row.occurrences);
        self.first_at.store(row.row.occurred_at, Relaxed);
        self.request_id = ShortText::EMPTY;
        if self.minute_is_over(now) {
            self.objects.store(0, Relaxed);
        }
        self.minute_began_at = now;
        self.has_row = true;
    }

    /// Frees the place of a tally that has counted nothing in its minute.
    pub fn end_of_minute(&mut self, now: i64) {
        if self.is_over(now) {
            *self = Self::free();
        }
    }

    /// Whether everything is written, and nothing was counted for a minute.
    pub fn is_over(&self, now: i64) -> bool {
        self.unwritten.load(Relaxed) == 0 && self.minute_is_over(now)
    }

    /// Frees the place of a tally that has waited since before that time, and returns how many rows it stood for.
    pub fn give_up(&mut self, before: i64) -> u64 {
        if self.minute_began_at > before {
            return 0;
        }
        let given_up = self.unwritten.load(Relaxed);
        *self = Self::free();
        given_up
    }

    fn minute_is_over(&self, now: i64) -> bool {
        now.saturating_sub(self.minute_began_at) >= MINUTE
    }
}
