//! The walk through a table's values, batch by batch, whosever table it is.

use crate::error::Failure;
use crate::store::SealedRow;

/// Whose values are sealed anew.
pub trait Source {
    /// A sealed value, as the table's statements have it.
    type Value;

    /// The next rows behind `after` with a value under an earlier key, kept for this transaction.
    fn outdated(
        &mut self,
        after: Option<&str>,
        limit: i32,
    ) -> Result<Vec<SealedRow<Self::Value>>, Failure>;

    /// Seals what it can of a row under the current keys.
    fn reseal(&self, row: &mut SealedRow<Self::Value>) -> Result<Resealed, Failure>;

    /// Writes the rows' values, and tells how many rows that were.
    fn replace(&self, rows: Vec<SealedRow<Self::Value>>) -> Result<usize, Failure>;
}

/// How many values of a row were sealed anew.
#[derive(Default)]
pub struct Resealed {
    pub moved: usize,
    /// Values that did not open, and were left as they are.
    pub damaged: usize,
}

/// What a batch has done.
#[derive(Default)]
pub struct Batch {
    /// The last row that it looked at; none when the table is done.
    pub last: Option<String>,
    /// Rows sealed anew.
    pub moved: usize,
    /// Values that did not open, and were left as they are.
    pub damaged: usize,
}

/// Seals the next rows behind `after` anew.
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
