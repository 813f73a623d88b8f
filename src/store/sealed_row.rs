//! A row whose sealed values are replaced.

use pgrx::IntoDatum;
use pgrx::datum::DatumWithOid;

/// The sealed values of a row.
pub struct SealedRow<V> {
    /// Which row of its table it is.
    pub row_id: String,
    /// In the order of the table's sealed columns.
    pub values: Vec<V>,
}

/// The rows as arrays for a statement that unnests them: their ids, then each of the `width` columns.
pub fn arrays<'a, V>(rows: Vec<SealedRow<V>>, width: usize) -> Vec<DatumWithOid<'a>>
where
    V: Clone,
    Vec<V>: IntoDatum,
{
    let mut ids = Vec::with_capacity(rows.len());
    let mut columns = vec![Vec::with_capacity(rows.len()); width];
    for row in rows {
        ids.push(row.row_id);
        for (column, value) in columns.iter_mut().zip(row.values) {
            column.push(value);
        }
    }
    let columns = columns.into_iter().map(DatumWithOid::from);
    std::iter::once(ids.into()).chain(columns).collect()
}
