//! A row of a result, and values as parameters of a statement.

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::spi::SpiHeapTupleData;
use pgrx::{FromDatum, IntoDatum};
use vault_core::ids::Id;
use vault_core::time::Timestamp;

use crate::error::Failure;
use crate::postgres::clock;

/// One row of a result. Its columns are read by their names.
pub struct Row<'conn>(SpiHeapTupleData<'conn>);

impl<'conn> From<SpiHeapTupleData<'conn>> for Row<'conn> {
    fn from(row: SpiHeapTupleData<'conn>) -> Self {
        Self(row)
    }
}

impl Row<'_> {
    /// The column's value, or none for NULL.
    pub fn optional<T: FromDatum + IntoDatum>(&self, column: &str) -> Result<Option<T>, Failure> {
        Ok(self.0.get_by_name(column)?)
    }

    /// The column's id, which the table's definition promises.
    pub fn id<I: Id>(&self, column: &str) -> Result<I, Failure> {
        self.required::<String>(column).map(I::from_stored)
    }

    /// The column's id, or none for NULL.
    pub fn optional_id<I: Id>(&self, column: &str) -> Result<Option<I>, Failure> {
        let value: Option<String> = self.optional(column)?;
        Ok(value.map(I::from_stored))
    }

    /// The column's time, which the table's definition promises.
    pub fn timestamp(&self, column: &str) -> Result<Timestamp, Failure> {
        let value: TimestampWithTimeZone = self.required(column)?;
        from_row(value)
    }

    /// The column's time, or none for NULL.
    pub fn optional_timestamp(&self, column: &str) -> Result<Option<Timestamp>, Failure> {
        let value: Option<TimestampWithTimeZone> = self.optional(column)?;
        value.map(from_row).transpose()
    }

    /// The column's value, which the table's definition promises.
    pub fn required<T: FromDatum + IntoDatum>(&self, column: &str) -> Result<T, Failure> {
        self.optional(column)?.ok_or(Failure::UnexpectedNull)
    }
}

/// An id as a parameter.
pub(in crate::store) fn id<I: Id>(id: &I) -> DatumWithOid<'_> {
    id.as_ref().into()
}

/// An id as a parameter, or NULL for none.
pub(in crate::store) fn optional_id<I: Id>(id: Option<&I>) -> DatumWithOid<'_> {
    id.map(AsRef::as_ref).into()
}

/// Ids as one parameter.
pub(in crate::store) fn ids<I: Id>(ids: &[I]) -> DatumWithOid<'_> {
    let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    ids.into()
}

fn from_row(value: TimestampWithTimeZone) -> Result<Timestamp, Failure> {
    clock::from_postgres(value.into()).map_err(|_| Failure::DamagedRow)
}

/// A time as a parameter.
pub(in crate::store) fn timestamptz(timestamp: Timestamp) -> Option<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(clock::to_postgres(timestamp)).ok()
}
