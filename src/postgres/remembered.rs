//! Answers of the database that a backend keeps beyond a transaction, until something may have made them wrong.
//!
//! PostgreSQL's own invalidation messages say when: before the next transaction of every backend, standbys included. Row changes
//! send none by themselves, so triggers on the tables send one. Any change of a table or a role counts, because reading an answer
//! again is cheap. Somebody who changes tables all the time makes backends read more often, and nothing worse.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

use super::invalidation::changes;

/// How many answers are kept. Then all of them are forgotten, and what is used is read again.
const MOST: usize = 4096;

/// Answers by what was asked.
pub struct Remembered<K, V>(RefCell<Answers<K, V>>);

struct Answers<K, V> {
    /// The number of changes that they are right for.
    changes: u64,
    all: HashMap<K, V>,
}

/// Stands for the time before an answer was read. The answer must be what is committed by then, and not come from an older
/// snapshot.
pub struct BeforeReading(u64);

/// Take this before reading an answer that is to be remembered.
pub fn before_reading() -> BeforeReading {
    BeforeReading(changes())
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(RefCell::new(Answers {
            changes: 0,
            all: HashMap::new(),
        }))
    }
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    /// The answer, if it is known and still right.
    pub fn get(&self, asked: &K) -> Option<V> {
        let answers = self.0.borrow();
        let answer = answers.all.get(asked)?;
        (answers.changes == changes()).then(|| answer.clone())
    }

    /// Keeps an answer. A change that was announced while it was read may be newer than the answer, which then is not kept.
    pub fn keep(&self, before: BeforeReading, asked: K, answer: V) {
        let BeforeReading(then) = before;
        if then != changes() {
            return;
        }
        let mut answers = self.0.borrow_mut();
        if answers.changes != then || answers.all.len() >= MOST {
            answers.all.clear();
            answers.changes = then;
        }
        answers.all.insert(asked, answer);
    }
}
