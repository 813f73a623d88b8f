//! A statement of the vault. It is prepared once per backend, and for each group of shards if the vault is spread over several
//! nodes.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;
use pgrx::spi::SpiTupleTable;
use vault_core::ids::{Id, ProfileId};

use super::operator::as_node;
pub(super) use super::prepared::Access;
use super::prepared::Prepared;
pub(super) use super::row::{Row, id, ids, optional_id, timestamptz};
use super::shards::{self, Reach, ShardGroup};
use crate::error::Failure;
use crate::postgres::citus::WRITE_TO_SHARDS;
use crate::postgres::local_settings::with_settings;
use crate::postgres::parameter::text;
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

/// A statement with the types of its parameters. If it is for one profile, the profile is the first of them.
pub struct Statement {
    access: Access,
    sql: &'static str,
    parameters: &'static [pg_sys::Oid],
    /// On the tables that it names.
    plain: Prepared,
    /// On the shards that stand for them.
    on_shards: RefCell<BTreeMap<ShardGroup, Rc<Prepared>>>,
    reach: OnceCell<Reach>,
}

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
            plain: Prepared::new(access, Cow::Borrowed(sql), parameters),
            on_shards: RefCell::new(BTreeMap::new()),
            reach: OnceCell::new(),
        }
    }

    /// The rows of the result, each read by `read`.
    pub fn rows<T>(
        &self,
        arguments: &[DatumWithOid<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let mut rows = Vec::new();
        self.run(arguments, |table| {
            for row in table {
                rows.push(read(&row.into())?);
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// The only row of the result, or none.
    pub fn row<T>(
        &self,
        arguments: &[DatumWithOid<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let mut found = None;
        self.run(arguments, |mut table| {
            if let Some(row) = table.next() {
                found = Some(read(&row.into())?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The rows as they are committed by now, or written by this transaction, even if its snapshot is older.
    pub fn rows_now<T>(
        &self,
        arguments: &[DatumWithOid<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let mut rows = Vec::new();
        self.in_place(arguments, |prepared| {
            rows.extend(prepared.rows_now(arguments, &read)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// How many rows the statement touched.
    pub fn execute(&self, arguments: &[DatumWithOid<'_>]) -> Result<usize, Failure> {
        let mut touched = 0;
        self.run(arguments, |table| {
            touched += table.len();
            Ok(())
        })?;
        Ok(touched)
    }

    fn run(
        &self,
        arguments: &[DatumWithOid<'_>],
        mut read: impl FnMut(SpiTupleTable<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if self.access != Access::Read && is_on_standby() {
            return Err(Failure::Standby);
        }
        self.in_place(arguments, |prepared| prepared.run(arguments, &mut read))
    }

    /// Calls `run` with the statement on the tables that have the rows.
    fn in_place(
        &self,
        arguments: &[DatumWithOid<'_>],
        mut run: impl FnMut(&Prepared) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if !shards::are_in_use()? {
            return run(&self.plain);
        }
        let groups = match self.reach.get_or_init(|| Reach::of(self.sql)) {
            Reach::Plain => return run(&self.plain),
            Reach::Shared if self.access == Access::WriteEverywhere => {
                return as_node(|| run(&self.plain));
            }
            Reach::Shared => vec![ShardGroup::NONE],
            Reach::Profile => {
                let profile_id = arguments.first().and_then(text);
                let profile_id = ProfileId::from_stored(profile_id.ok_or(Failure::UnexpectedNull)?);
                vec![shards::of_profile(&profile_id, self.access)?]
            }
            Reach::AllProfiles => shards::all_here(self.access)?,
        };
        let mut groups = groups.into_iter();
        let mut run_on_all = || groups.try_for_each(|group| run(&*self.on(group)?));
        match self.access {
            Access::Read => run_on_all(),
            Access::Write | Access::WriteEverywhere => {
                with_settings(&[WRITE_TO_SHARDS], run_on_all)
            }
        }
    }

    fn on(&self, group: ShardGroup) -> Result<Rc<Prepared>, Failure> {
        if let Some(known) = self.on_shards.borrow().get(&group) {
            return Ok(Rc::clone(known));
        }
        let sql = shards::addressed(self.sql, group)?;
        let prepared = Rc::new(Prepared::new(self.access, Cow::Owned(sql), self.parameters));
        self.on_shards
            .borrow_mut()
            .insert(group, Rc::clone(&prepared));
        Ok(prepared)
    }
}
