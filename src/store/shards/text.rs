//! The vault's tables in the text of a statement.

use std::collections::HashMap;

use super::places::ShardGroup;
use crate::error::Failure;
use crate::store::operator::relation;
use crate::store::prepared::lookups;

lookups! {
    /// The tables of a group, and those that every node has whole.
    TABLES(OIDOID, INT8OID) =
        "SELECT c.relname::text AS name, pg_catalog.shard_name(s.logicalrelid, s.shardid) AS shard \
         FROM pg_catalog.pg_dist_shard s \
         JOIN pg_catalog.pg_class c ON c.oid = s.logicalrelid \
         JOIN pg_catalog.pg_class anchor ON anchor.oid = $1 AND anchor.relnamespace = c.relnamespace \
         WHERE s.shardminvalue IS NULL \
            OR s.shardminvalue = (SELECT g.shardminvalue FROM pg_catalog.pg_dist_shard g WHERE g.shardid = $2)";
    DEFINITION(OIDOID) = "SELECT pg_catalog.rtrim(pg_catalog.pg_get_viewdef($1), ';') AS definition";
}

/// Tables that are spread by profile.
const SPREAD: [&str; 8] = [
    "data_keys",
    "customers",
    "payment_methods",
    "payment_method_counts",
    "connector_tokens",
    "connector_customers",
    "network_tokens",
    "jobs",
];
/// A view of these.
const VIEW: &str = "payment_methods_with_tokens";
/// Tables that every node has whole, with the same rows.
const SHARED: [&str; 6] = [
    "merchants",
    "profiles",
    "api_keys",
    "root_keys",
    "card_bins",
    "connector_accounts",
];
/// Tables with rows of the profiles of their node alone. Their values are sealed under the node's own memory key.
const OF_THE_NODE: [&str; 2] = ["cvcs", "volatile_payment_methods"];

/// Which tables a statement names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// No table that is spread or shared.
    Plain,
    /// Tables that every node has whole.
    Shared,
    /// Rows of one profile.
    Profile,
    /// Rows of all profiles of the node.
    AllProfiles,
}

impl Reach {
    /// A statement for all profiles says so at its beginning.
    pub fn of(sql: &str) -> Self {
        let names = |tables: &[&str]| pieces(sql).any(|piece| tables.contains(&piece.table));
        let is_for_all = sql.starts_with("/* all profiles");
        let is_spread = names(&SPREAD) || names(&[VIEW]);
        match (is_for_all, is_spread) {
            (true, true) => Self::AllProfiles,
            (false, true) => Self::Profile,
            (false, false) if names(&OF_THE_NODE) => Self::Profile,
            _ if names(&SHARED) => Self::Shared,
            _ => Self::Plain,
        }
    }
}

/// What stands for each name of a table.
pub struct Tables(HashMap<String, String>);

impl FromIterator<(String, String)> for Tables {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(tables: I) -> Self {
        Self(tables.into_iter().collect())
    }
}

impl Tables {
    /// The tables of a group on this node.
    pub(super) fn of(group: ShardGroup) -> Result<Self, Failure> {
        let arguments = [relation(c"data_keys").into(), group.0.into()];
        let shards = TABLES.with(|lookup| {
            lookup.rows_now(&arguments, |row| {
                Ok((row.required("name")?, row.required("shard")?))
            })
        })?;
        let mut tables: Self = shards.into_iter().collect();
        if group != ShardGroup::NONE {
            let definition = view_definition()?;
            let on_shards = format!("({})", tables.in_place_of_names(&definition)?);
            tables.0.insert(VIEW.to_owned(), on_shards);
        }
        Ok(tables)
    }

    /// The text with the shards in it. A table that is spread or shared must have one, because the table itself is that of Citus.
    ///
    /// # Errors
    /// [`Failure::MovedMeanwhile`] when it has none.
    pub fn in_place_of_names(&self, sql: &str) -> Result<String, Failure> {
        let mut text = sql.split(SCHEMA).next().unwrap_or_default().to_owned();
        for Piece { table, rest } in pieces(sql) {
            match self.0.get(table) {
                Some(shard) => text += shard,
                None if is_of_citus(table) => return Err(Failure::MovedMeanwhile),
                None => text.extend([SCHEMA, table]),
            }
            text += rest;
        }
        Ok(text)
    }
}

fn is_of_citus(table: &str) -> bool {
    table == VIEW || SPREAD.contains(&table) || SHARED.contains(&table)
}

fn view_definition() -> Result<String, Failure> {
    let view = relation(c"payment_methods_with_tokens");
    let definition = DEFINITION
        .with(|lookup| lookup.rows_now(&[view.into()], |row| row.required("definition")))?;
    definition.into_iter().next().ok_or(Failure::UnexpectedNull)
}

const SCHEMA: &str = "vault.";

/// The text from one `vault.` to the next.
struct Piece<'a> {
    /// The name behind it.
    table: &'a str,
    rest: &'a str,
}

fn pieces(sql: &str) -> impl Iterator<Item = Piece<'_>> {
    sql.split(SCHEMA).skip(1).map(|piece| {
        let end = piece
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(piece.len());
        let (table, rest) = piece.split_at(end);
        Piece { table, rest }
    })
}
