//! Values in tables of applications, read directly from the tables, so that no code of a table's owner runs.

use std::time::Duration;

use pgrx::pg_sys;

use super::application_tables::table;
use super::owners_code::{glance, step};
use super::statement::statements;
use crate::error::Failure;
use crate::postgres::object_locks::{Mode, lock_table};
use crate::postgres::table_scan::{self, ScannedColumn};

statements! {
    /// The tables have a fixed order, so that two sessions that lock them do not deadlock.
    Read COUNTABLE(TEXTOID) =
        "SELECT c.relation, c.relation::pg_catalog.regclass::text AS name, \
                $1 <> '' AND vault.acts_for(c.owner, $1) AS acts_for_profile \
         FROM (SELECT DISTINCT relation::pg_catalog.oid AS relation, owner FROM vault.application_columns \
               WHERE kind IN ('r', 'm')) c ORDER BY 1";
}

/// How a table is read.
#[derive(Clone, Copy)]
pub enum Reading {
    /// Writers have to wait until the transaction ends, so that no value is missed and none comes later.
    WithoutWriters,
    /// Reads what is committed, for at most this long.
    Within(Duration),
}

/// A table whose values are counted.
pub struct Countable {
    pub relation: pg_sys::Oid,
    pub name: String,
    /// Its owner acts for the profile that was asked for.
    pub acts_for_profile: bool,
}

/// All tables with values, whoever owns them.
pub fn countable(profile_id: &str) -> Result<Vec<Countable>, Failure> {
    COUNTABLE.with(|statement| {
        statement.rows(&[profile_id.into()], |row| {
            Ok(Countable {
                relation: row.required("relation")?,
                name: row.required("name")?,
                acts_for_profile: row.required("acts_for_profile")?,
            })
        })
    })
}

/// Calls `visit` with the encrypted type and the bytes of each value of the table.
///
/// # Errors
/// As [`step`].
pub fn visit(
    countable: &Countable,
    reading: Reading,
    visit: impl FnMut(&str, &[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let relation = countable.relation;
    match reading {
        Reading::WithoutWriters => step(relation, || {
            lock_table(relation, Mode::Share);
            scan(countable, visit)
        }),
        Reading::Within(limit) => glance(relation, limit, || scan(countable, visit)),
    }
}

fn scan(
    countable: &Countable,
    mut visit: impl FnMut(&str, &[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Some(table) = table(countable.relation)? else {
        return Ok(());
    };
    let columns: Vec<ScannedColumn> = table.columns.iter().map(|column| column.scanned).collect();
    table_scan::scan(countable.relation, &columns, |place, bytes| {
        match table.columns.get(place) {
            Some(column) => visit(&column.encrypted_type, bytes),
            None => Ok(()),
        }
    })
}
