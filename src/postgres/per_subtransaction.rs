//! Values that subtransactions own.

use pgrx::pg_sys::SubTransactionId;

use super::transaction::{SubtransactionEnd, current_subtransaction};

/// Values, each owned by the subtransaction in which it was added. Whoever keeps such values passes on the end of each
/// subtransaction, by [`end`](Self::end) or [`take_of`](Self::take_of).
pub struct PerSubtransaction<T>(Vec<(SubTransactionId, T)>);

impl<T> PerSubtransaction<T> {
    /// No values.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a value, which the running subtransaction owns.
    pub fn push(&mut self, value: T) {
        self.push_for(current_subtransaction(), value);
    }

    /// Adds a value, which this subtransaction owns.
    pub fn push_for(&mut self, owner: SubTransactionId, value: T) {
        self.0.push((owner, value));
    }

    /// The end of a subtransaction: its values are handed to its parent, or given to the caller when it is rolled back.
    pub fn end(&mut self, end: SubtransactionEnd) -> Vec<T> {
        match end {
            SubtransactionEnd::RolledBack { id } => self.take_of(id),
            SubtransactionEnd::Committed { id, parent } => {
                for (owner, _) in &mut self.0 {
                    if *owner == id {
                        *owner = parent;
                    }
                }
                Vec::new()
            }
        }
    }

    /// Removes and returns the values of one subtransaction, the oldest first.
    pub fn take_of(&mut self, owner: SubTransactionId) -> Vec<T> {
        let of_owner = self.0.extract_if(.., |(known, _)| *known == owner);
        of_owner.map(|(_, value)| value).collect()
    }

    /// The values of one subtransaction, the oldest first.
    pub fn of_mut(&mut self, owner: SubTransactionId) -> impl Iterator<Item = &mut T> {
        let of_owner = self.0.iter_mut().filter(move |(known, _)| *known == owner);
        of_owner.map(|(_, value)| value)
    }

    /// The youngest value.
    pub fn last(&self) -> Option<&T> {
        self.0.last().map(|(_, value)| value)
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Drops the youngest values until only this many are left.
    pub fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// Drops the values that are not to be kept.
    pub fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.0.retain(|(_, value)| keep(value));
    }

    /// All values, the oldest first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// All values, the oldest first, whoever owns them.
    pub fn into_values(self) -> impl Iterator<Item = T> {
        self.0.into_iter().map(|(_, value)| value)
    }
}

impl<T> Default for PerSubtransaction<T> {
    fn default() -> Self {
        Self::new()
    }
}
