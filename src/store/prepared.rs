//! A statement that is prepared once and run by position of its parameters. The only caller of SPI.

use std::borrow::Cow;
use std::cell::OnceCell;

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys::{self, PgOid};
use pgrx::spi::{OwnedPreparedStatement, Spi, SpiClient, SpiTupleTable};

use super::operator::has_present_tables;
use super::row::Row;
use crate::error::Failure;
use crate::postgres::latest_snapshot::Plan;
use crate::postgres::local_settings::with_search_path;
use crate::postgres::short_memory::in_short_memory;

/// Declares look-ups in the catalogues, each prepared once per backend.
macro_rules! lookups {
    ($($(#[$doc:meta])* $name:ident($($oid:ident),*) = $sql:expr;)+) => {
        thread_local! {
            $($(#[$doc])* static $name: $crate::store::prepared::Prepared =
                const { $crate::store::prepared::Prepared::new(
                    $crate::store::prepared::Access::Read,
                    std::borrow::Cow::Borrowed($sql),
                    &[$(pgrx::pg_sys::$oid),*]) };)+
        }
    };
}
pub(super) use lookups;

/// Whether a statement writes or locks rows. Reading alone assigns no transaction id, and works on a standby.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
    /// Writes rows that every node has, if the vault is spread over several nodes.
    WriteEverywhere,
}

/// A text with the types of its parameters. It is prepared when it is first run.
pub struct Prepared {
    access: Access,
    sql: Cow<'static, str>,
    parameters: &'static [pg_sys::Oid],
    plan: OnceCell<OwnedPreparedStatement>,
    plan_for_any_snapshot: OnceCell<Plan>,
}

impl Prepared {
    pub const fn new(
        access: Access,
        sql: Cow<'static, str>,
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
                in_short_memory(|| rows.into_iter().map(|row| read(&row.into())).collect())
            })
        })
    }

    /// The rows as they are by now, if the snapshot of the transaction shows the same. So what was found is right for the rows of
    /// other tables, too, which the next statement sees by that snapshot.
    ///
    /// # Errors
    /// [`Failure::MovedMeanwhile`] when the snapshot shows something else.
    pub fn rows_of_snapshot<T: PartialEq>(
        &self,
        arguments: &[DatumWithOid<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let now = self.rows_now(arguments, &read)?;
        let then: Vec<T> = self.run(arguments, |table| {
            table.map(|row| read(&row.into())).collect()
        })?;
        if now == then {
            Ok(now)
        } else {
            Err(Failure::MovedMeanwhile)
        }
    }

    /// Gives the result to `read`.
    pub fn run<T>(
        &self,
        arguments: &[DatumWithOid<'_>],
        read: impl FnOnce(SpiTupleTable<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        with_search_path(|| {
            Spi::connect_mut(|client| {
                let plan = self.plan(client)?;
                let table = match self.access {
                    Access::Read => client.select(plan, None, arguments)?,
                    Access::Write | Access::WriteEverywhere => {
                        client.update(plan, None, arguments)?
                    }
                };
                in_short_memory(|| read(table))
            })
        })
    }

    fn plan(&self, client: &mut SpiClient<'_>) -> Result<&OwnedPreparedStatement, Failure> {
        if let Some(plan) = self.plan.get() {
            return Ok(plan);
        }
        check_tables()?;
        let types: Vec<PgOid> = self
            .parameters
            .iter()
            .map(|oid| PgOid::from(*oid))
            .collect();
        let plan = match self.access {
            Access::Read => client.prepare(self.sql.as_ref(), &types)?,
            Access::Write | Access::WriteEverywhere => {
                client.prepare_mut(self.sql.as_ref(), &types)?
            }
        };
        // A nested call may have prepared it meanwhile; either plan is good.
        Ok(self.plan.get_or_init(|| plan.keep()))
    }

    fn plan_for_any_snapshot(&self, client: &SpiClient<'_>) -> Result<Plan, Failure> {
        if let Some(plan) = self.plan_for_any_snapshot.get() {
            return Ok(*plan);
        }
        check_tables()?;
        let plan = Plan::prepare(client, &self.sql, self.parameters)?;
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
