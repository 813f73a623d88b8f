//! The walk through a table's values, batch by batch, for tables of the vault and of applications.

use crate::error::Failure;
use crate::store::SealedRow;

/// A table whose values are sealed anew.
pub trait Source {
    /// A sealed value, in the form that the table's statements use.
    type Value;

    /// Locks and returns the next rows after `after` that have a value under an earlier key.
    fn outdated(
        &mut self,
        after: Option<&str>,
        limit: i32,
    ) -> Result<Vec<SealedRow<Self::Value>>, Failure>;

    /// Seals the values of a row under the current keys, as far as they open.
    fn reseal(&self, row: &mut SealedRow<Self::Value>) -> Result<Resealed, Failure>;

    /// Writes the rows' values, and returns the number of rows written.
    fn replace(&self, rows: Vec<SealedRow<Self::Value>>) -> Result<usize, Failure>;
}

/// How many values of a row were sealed anew.
#[derive(Default)]
pub struct Resealed {
    pub moved: usize,
    /// Values that did not open, and were left as they are.
    pub damaged: usize,
}

/// The outcome of a batch.
#[derive(Default)]
pub struct Batch {
    /// The last row of the batch. None if the table is done.
    pub last: Option<String>,
    /// Rows sealed anew.
    pub moved: usize,
    /// Values that did not open, and were left as they are.
    pub damaged: usize,
}

/// Seals the next rows after `after` anew.
pub fn batch(source: &mut impl Source, after: Option<&str>, limit: i32) -> Result<Batch, Failure> {
    let rows = source.outdated(after, limit)?;
    let last = rows.last().map(|row| row.row_id.clone());
    let mut damaged = 0;
    let mut resealed = Vec::with_capacity(rows.len());
    for mut row in rows {
        let values = source.reseal(&mut row)?;
        damaged += values.damaged;
        if values.moved > 0 {
            resealed.push(row);
        }
    }
    Ok(Batch {
        last,
        moved: source.replace(resealed)?,
        damaged,
    })
}
