//! A statement that is prepared once per backend and run by position of its parameters. The only caller of SPI.

use core::ffi::c_char;
use std::cell::OnceCell;
use std::ffi::CString;

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::pg_sys::{self, PgOid};
use pgrx::spi::{OwnedPreparedStatement, Spi, SpiHeapTupleData, SpiTupleTable};
use pgrx::{FromDatum, IntoDatum};
use vault_core::contract::time::Timestamp;

use super::local_settings::with_search_path;
use crate::clock;
use crate::error::Failure;

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

/// Whether a statement writes or locks rows. Reading alone assigns no transaction id, and works on a replica.
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
    plan_for_any_snapshot: OnceCell<pg_sys::SPIPlanPtr>,
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

    /// The rows as they are committed by now, whatever the transaction has seen so far, and as it has written them itself.
    pub fn rows_now<T>(
        &self,
        arguments: &[DatumWithOid<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        with_search_path(|| {
            Spi::connect(|_client| {
                let plan = self.plan_for_any_snapshot()?;
                let rows = select_now(plan, arguments)?;
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
    /// pgrx gives no snapshot to a statement that it has prepared.
    fn plan_for_any_snapshot(&self) -> Result<pg_sys::SPIPlanPtr, Failure> {
        if let Some(plan) = self.plan_for_any_snapshot.get() {
            return Ok(*plan);
        }
        let sql = CString::new(self.sql).map_err(|_| Failure::Malformed)?;
        let number = i32::try_from(self.parameters.len()).map_err(|_| Failure::Malformed)?;
        let mut types = self.parameters.to_vec();
        // SAFETY: SPI is connected; the text is NUL-terminated, and there are as many types as the number says. The plan is
        // kept for good.
        let plan = unsafe {
            let plan = pg_sys::SPI_prepare(sql.as_ptr(), number, types.as_mut_ptr());
            if plan.is_null() || pg_sys::SPI_keepplan(plan) != 0 {
                return Err(Failure::UnexpectedNull);
            }
            plan
        };
        Ok(*self.plan_for_any_snapshot.get_or_init(|| plan))
    }
}

/// Runs the plan of a SELECT by the latest snapshot, got as PostgreSQL gets one for its catalogues: `GetLatestSnapshot` it
/// refuses to the leader of a parallel query, which may be the first to need a key.
fn select_now<'conn>(
    plan: pg_sys::SPIPlanPtr,
    arguments: &[DatumWithOid<'_>],
) -> Result<Vec<SpiHeapTupleData<'conn>>, Failure> {
    let nulls = |argument: &DatumWithOid<'_>| match argument.datum() {
        Some(_) => b' ' as c_char,
        None => b'n' as c_char,
    };
    let nulls: Vec<c_char> = arguments.iter().map(nulls).collect();
    let mut values: Vec<pg_sys::Datum> = arguments
        .iter()
        .map(|argument| {
            argument
                .datum()
                .map_or(pg_sys::Datum::null(), |datum| datum.sans_lifetime())
        })
        .collect();
    // SAFETY: SPI is connected; there is a value and a mark for each parameter. The rows lie in SPI's memory until it is
    // disconnected, which is after they have been read.
    unsafe {
        let status = pg_sys::SPI_execute_snapshot(
            plan,
            values.as_mut_ptr(),
            nulls.as_ptr(),
            pg_sys::GetCatalogSnapshot(pg_sys::InvalidOid),
            std::ptr::null_mut(),
            true,
            false,
            0,
        );
        let table = pg_sys::SPI_tuptable;
        if status != pg_sys::SPI_OK_SELECT as i32 || table.is_null() {
            return Err(Failure::UnexpectedNull);
        }
        let number = usize::try_from((*table).numvals).map_err(|_| Failure::Malformed)?;
        if number == 0 {
            return Ok(Vec::new());
        }
        let rows = std::slice::from_raw_parts((*table).vals, number).iter();
        rows.map(|row| {
            SpiHeapTupleData::new((*table).tupdesc, *row)?.ok_or(Failure::UnexpectedNull)
        })
        .collect()
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

    /// The column's time, which the table's definition promises.
    pub fn timestamp(&self, column: &str) -> Result<Timestamp, Failure> {
        let value: TimestampWithTimeZone = self.required(column)?;
        clock::from_postgres(value.into())
    }

    /// The column's time, or none for NULL.
    pub fn optional_timestamp(&self, column: &str) -> Result<Option<Timestamp>, Failure> {
        let value: Option<TimestampWithTimeZone> = self.optional(column)?;
        value
            .map(|value| clock::from_postgres(value.into()))
            .transpose()
    }

    /// The column's value, which the table's definition promises.
    pub fn required<T: FromDatum + IntoDatum>(&self, column: &str) -> Result<T, Failure> {
        self.optional(column)?.ok_or(Failure::UnexpectedNull)
    }
}

/// Whether the server only follows another one: then it writes nothing, and has no unlogged tables.
pub fn is_on_standby() -> bool {
    // SAFETY: reads shared state.
    unsafe { pg_sys::RecoveryInProgress() }
}

/// A time as a parameter.
pub(super) fn timestamptz(timestamp: Timestamp) -> Option<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(clock::to_postgres(timestamp)).ok()
}
