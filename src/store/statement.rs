//! A statement that is prepared once per backend and run by position of its parameters. The only caller of SPI.

use std::cell::OnceCell;

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::pg_sys::{self, PgOid};
use pgrx::spi::{OwnedPreparedStatement, Spi, SpiClient, SpiHeapTupleData, SpiTupleTable};
use pgrx::{FromDatum, IntoDatum};
use vault_core::ids::Id;
use vault_core::time::Timestamp;

use super::operator::has_present_tables;
use crate::error::Failure;
use crate::postgres::clock;
use crate::postgres::latest_snapshot::Plan;
use crate::postgres::local_settings::with_search_path;
use crate::postgres::standby::is_on_standby;

/// Declares prepared statements: each is one per backend.
macro_rules! statements {
    ($($(#[$doc:meta])* $access:ident $name:ident($($oid:ident),*) = $sql:expr;)+) => {
        thread_local! {
            $($(#[$doc])* static $name: $crate::store::statement::Statement =
                const { $crate::store::statement::Statement::new(
                    $crate::store::statement::Access::$access, $sql, &[$(pgrx::pg_sys::$oid),*]) };)+
        }
    };
}
pub(super) use statements;

/// Whether a statement writes or locks rows. Reading alone assigns no transaction id, and works on a standby.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// A statement with the types of its parameters.
pub struct Statement {
    access: Access,
    sql: &'static str,
    parameters: &'static [pg_sys::Oid],
    plan: OnceCell<OwnedPreparedStatement>,
    plan_for_any_snapshot: OnceCell<Plan>,
}

/// One row of a result. Its columns are read by their names.
pub struct Row<'conn>(SpiHeapTupleData<'conn>);

impl Statement {
    pub const fn new(
        access: Access,
        sql: &'static str,
        parameters: &'static [pg_sys::Oid],
    ) -> Self {
        Self {
            access,
            sql,
            parameters,
            plan: OnceCell::new(),
            plan_for_any_snapshot: OnceCell::new(),
        }
    }

    /// The rows of the result, each read by `read`.
    pub fn rows<T>(
        &self,
        arguments: &[DatumWithOid<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        self.run(arguments, |table| {
            table.map(|row| read(&Row(row))).collect()
        })
    }

    /// The only row of the result, or none.
    pub fn row<T>(
        &self,
        arguments: &[DatumWithOid<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        self.run(arguments, |mut table| {
            table.next().map(|row| read(&Row(row))).transpose()
        })
    }

    /// The rows as they are committed by now, or written by this transaction, even if its snapshot is older.
    pub fn rows_now<T>(
        &self,
        arguments: &[DatumWithOid<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        with_search_path(|| {
            Spi::connect(|client| {
                let plan = self.plan_for_any_snapshot(client)?;
                let rows = plan.select(client, arguments)?;
                rows.into_iter().map(|row| read(&Row(row))).collect()
            })
        })
    }

    /// How many rows the statement touched.
    pub fn execute(&self, arguments: &[DatumWithOid<'_>]) -> Result<usize, Failure> {
        self.run(arguments, |table| Ok(table.len()))
    }

    fn run<T>(
        &self,
        arguments: &[DatumWithOid<'_>],
        read: impl FnOnce(SpiTupleTable<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.access == Access::Write && is_on_standby() {
            return Err(Failure::Standby);
        }
        with_search_path(|| self.run_on_path(arguments, read))
    }

    fn run_on_path<T>(
        &self,
        arguments: &[DatumWithOid<'_>],
        read: impl FnOnce(SpiTupleTable<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        Spi::connect_mut(|client| {
            if self.plan.get().is_none() {
                check_tables()?;
                let types: Vec<PgOid> = self
                    .parameters
                    .iter()
                    .map(|oid| PgOid::from(*oid))
                    .collect();
                let plan = match self.access {
                    Access::Read => client.prepare(self.sql, &types)?,
                    Access::Write => client.prepare_mut(self.sql, &types)?,
                };
                // A nested call may have prepared it meanwhile; either plan is good.
                let _ = self.plan.set(plan.keep());
            }
            let plan = self.plan.get().ok_or(Failure::UnexpectedNull)?;
            let table = match self.access {
                Access::Read => client.select(plan, None, arguments)?,
                Access::Write => client.update(plan, None, arguments)?,
            };
            read(table)
        })
    }
}

impl Statement {
    fn plan_for_any_snapshot(&self, client: &SpiClient<'_>) -> Result<Plan, Failure> {
        if let Some(plan) = self.plan_for_any_snapshot.get() {
            return Ok(*plan);
        }
        check_tables()?;
        let plan = Plan::prepare(client, self.sql, self.parameters)?;
        Ok(*self.plan_for_any_snapshot.get_or_init(|| plan))
    }
}

/// A clear error is better than one about a column that is missing.
fn check_tables() -> Result<(), Failure> {
    if has_present_tables() {
        Ok(())
    } else {
        Err(Failure::NotUpgraded)
    }
}

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
pub(super) fn id<I: Id>(id: &I) -> DatumWithOid<'_> {
    id.as_ref().into()
}

/// An id as a parameter, or NULL for none.
pub(super) fn optional_id<I: Id>(id: Option<&I>) -> DatumWithOid<'_> {
    id.map(AsRef::as_ref).into()
}

/// Ids as one parameter.
pub(super) fn ids<I: Id>(ids: &[I]) -> DatumWithOid<'_> {
    let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    ids.into()
}

fn from_row(value: TimestampWithTimeZone) -> Result<Timestamp, Failure> {
    clock::from_postgres(value.into()).map_err(|_| Failure::DamagedRow)
}

/// A time as a parameter.
pub(super) fn timestamptz(timestamp: Timestamp) -> Option<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(clock::to_postgres(timestamp)).ok()
}
