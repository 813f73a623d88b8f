//! A query of the caller's own.

use pgrx::pg_sys;
use pgrx::prelude::*;
use pgrx::spi::SpiTupleTable;

use crate::error::{Failure, invalid};
use crate::postgres::short_memory::in_short_memory;

/// A query of one column, which is read a part at a time. It runs with the rights and the settings of the function that reads it. So
/// that function must not have those of the vault.
pub struct CallersQuery {
    /// The name of PostgreSQL's cursor, which ends with the transaction.
    cursor: String,
}

impl CallersQuery {
    /// Begins the query. PostgreSQL raises an error when it cannot be run, or has no rows to give.
    ///
    /// # Errors
    /// Those of SPI.
    pub fn begin(query: &str) -> Result<Self, Failure> {
        let cursor = Spi::connect_mut(|client| {
            client
                .try_open_cursor_mut(query, &[])
                .map(|cursor| cursor.detach_into_name())
        })?;
        Ok(Self { cursor })
    }

    /// The next rows: `most`, or fewer if there are no more. Without any, the query ends here, and cannot be read again.
    ///
    /// # Errors
    /// When the query has another column or several.
    pub fn next<T: FromDatum + IntoDatum>(&self, most: usize) -> Result<Vec<Option<T>>, Failure> {
        let most = most.try_into().unwrap_or(libc::c_long::MAX);
        Spi::connect_mut(|client| {
            let mut cursor = client.find_cursor(&self.cursor)?;
            let rows = cursor.fetch(most)?;
            check_type::<T>(&rows)?;
            let values = rows.map(|row| Ok(row.get(1)?));
            let values: Vec<_> = in_short_memory(|| values.collect::<Result<_, Failure>>())?;
            if !values.is_empty() {
                cursor.detach_into_name();
            }
            Ok(values)
        })
    }
}

fn check_type<T: IntoDatum>(rows: &SpiTupleTable<'_>) -> Result<(), Failure> {
    let expected: pg_sys::Oid = T::type_oid();
    if rows.columns()? == 1 && rows.column_type_oid(1)?.value() == expected {
        Ok(())
    } else {
        Err(invalid(
            "the query must have one column, of type jsonb",
            "Make a request of each row with jsonb_build_object, as for vault.create_payment_method.",
        ))
    }
}
