//! Columns of encrypted types in tables that are an application's, and the statements that move their values. They run as
//! the table's owner, whose code may run in them with that role's rights alone. The callers run them in
//! [`step`](super::owners_code::step)s.

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;
use pgrx::spi::Spi;
use vault_core::crypto::KeyId;
use vault_core::ids::ProfileId;

use super::data_keys::to_sql;
use super::operator::as_owner;
use super::owners_code::step;
use super::sealed_row::{SealedRow, arrays};
use super::statement::{Access, Row, id, statements};
use crate::error::Failure;
use crate::postgres::local_settings::with_settings;
use crate::postgres::object_locks::{Mode, lock_table};
use crate::postgres::short_memory::in_short_memory;
use crate::postgres::table_scan::ScannedColumn;

// Lists of tables have a fixed order, so that two sessions that lock them do not deadlock.
statements! {
    /// Names are quoted and qualified, because an owner's statements run without a search_path.
    Read COLUMNS(OIDOID) =
        "SELECT c.relation::text, c.owner::pg_catalog.oid, pg_catalog.quote_ident(c.column_name) AS column_name, \
                c.type_name, c.encrypted_type::text, c.in_array, a.attnum \
         FROM vault.application_columns c \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.relation AND a.attname = c.column_name \
         WHERE c.relation::pg_catalog.oid = $1 ORDER BY c.column_name";
    /// The rows of a partitioned table are in its partitions, but an insert through the table locks it first.
    Read SEARCHABLE(TEXTOID) =
        "SELECT DISTINCT relation::pg_catalog.oid AS relation FROM vault.application_columns \
         WHERE kind IN ('r', 'p') AND encrypted_type IN ('searchable_text', 'card_number') \
           AND vault.acts_for(owner, $1) ORDER BY 1";
    Read SEARCHABLE_OUT_OF_REACH(TEXTOID) =
        "SELECT DISTINCT pg_catalog.format('%s (%s)', relation, out_of_reach) AS reason FROM vault.application_columns \
         WHERE out_of_reach IS NOT NULL AND kind <> 'm' AND encrypted_type IN ('searchable_text', 'card_number') \
           AND vault.acts_for(owner, $1) ORDER BY 1";
}

/// How many bytes of values a batch may hold, beside its largest row. In memory they stand several times.
const BATCH_BYTES: i64 = 16 * 1024 * 1024;

/// A table of an application, with columns of encrypted types.
pub struct ApplicationTable {
    pub relation: pg_sys::Oid,
    name: String,
    owner: pg_sys::Oid,
    pub columns: Vec<Column>,
}

/// A column of an encrypted type, or of an array of such values.
pub struct Column {
    name: String,
    /// The type, as SQL writes it.
    type_name: String,
    /// The encrypted type's own name.
    pub encrypted_type: String,
    pub(super) scanned: ScannedColumn,
}

/// A row's values in text form. Its id is the row's place. The row does not move while it is locked.
pub type TextRow = SealedRow<Option<String>>;

/// The table with this oid. Its definition does not change until the transaction ends. None if the table is gone or has no
/// such columns.
pub fn table(oid: pg_sys::Oid) -> Result<Option<ApplicationTable>, Failure> {
    lock_table(oid, Mode::AccessShare);
    let columns = COLUMNS.with(|statement| {
        statement.rows_now(&[oid.into()], |row| {
            let column = Column {
                name: row.required("column_name")?,
                type_name: row.required("type_name")?,
                encrypted_type: row.required("encrypted_type")?,
                scanned: ScannedColumn {
                    in_array: row.required("in_array")?,
                    number: row.required("attnum")?,
                },
            };
            Ok((row.required("relation")?, row.required("owner")?, column))
        })
    })?;
    let mut table = None;
    for (name, owner, column) in columns {
        let table = table.get_or_insert_with(|| ApplicationTable {
            relation: oid,
            name,
            owner,
            columns: Vec::new(),
        });
        table.columns.push(column);
    }
    Ok(table)
}

/// The tables with columns that have a blind index, and the tables that they are partitions of, if their owner acts for the
/// profile.
pub fn searchable(profile_id: &ProfileId) -> Result<Vec<ApplicationTable>, Failure> {
    let oids = SEARCHABLE
        .with(|statement| statement.rows(&[id(profile_id)], |row| row.required("relation")))?;
    let tables = oids
        .into_iter()
        .map(|oid| step(oid, || table(oid)).transpose());
    tables.flatten().collect()
}

/// Those of these tables that their owner may not see in full, each with the reason.
pub fn searchable_out_of_reach(profile_id: &ProfileId) -> Result<Vec<String>, Failure> {
    SEARCHABLE_OUT_OF_REACH
        .with(|statement| statement.rows(&[id(profile_id)], |row| row.required("reason")))
}

/// Keeps writers out of the table until the transaction ends.
pub fn lock(table: &ApplicationTable) -> Result<(), Failure> {
    let statement = format!("LOCK TABLE ONLY {} IN SHARE ROW EXCLUSIVE MODE", table.name);
    as_owner(table.owner, || {
        Spi::connect_mut(|client| {
            client.update(&statement, None, &[])?;
            Ok(())
        })
    })
}

/// What happens to rows that another session has locked.
#[derive(Clone, Copy)]
pub enum Held {
    Skipped,
    WaitedFor,
}

/// Locks and returns the next rows after `after` with a value under one of the keys: at most `limit`, and fewer if they are
/// large.
pub fn outdated(
    table: &ApplicationTable,
    after: Option<&str>,
    key_ids: &[KeyId],
    limit: i32,
    held: Held,
) -> Result<Vec<TextRow>, Failure> {
    let key_ids: Vec<i32> = key_ids
        .iter()
        .map(|key_id| to_sql(*key_id))
        .collect::<Result<_, _>>()?;
    let arguments = [after.into(), key_ids.into(), i64::from(limit).into()];
    let next = as_owner(table.owner, || {
        // Otherwise the planner would read the table from its beginning, and every batch would read more of it.
        with_settings(&[(c"enable_seqscan", c"off")], || {
            rows(
                Access::Write,
                &table.next_statement(held),
                &arguments,
                |row| Ok((row.required("row_id")?, row.required("size")?)),
            )
        })
    })?;
    values(table, up_to_batch_bytes(next))
}

/// The first rows of those with these sizes, in bytes: at least one.
fn up_to_batch_bytes(rows: Vec<(String, i64)>) -> Vec<String> {
    let mut bytes = 0;
    let fitting = rows.into_iter().take_while(|(_, size)| {
        let fits = bytes == 0 || bytes + size <= BATCH_BYTES;
        bytes += size;
        fits
    });
    fitting.map(|(row_id, _)| row_id).collect()
}

/// The values of rows that this transaction has locked, in the order of the rows.
fn values(table: &ApplicationTable, row_ids: Vec<String>) -> Result<Vec<TextRow>, Failure> {
    let texts: String = (1..)
        .zip(&table.columns)
        .map(|(number, column)| format!(", t.{}::text AS value_{number}", column.name))
        .collect();
    let statement = format!(
        "SELECT r.id AS row_id{texts} FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS r (id, number) \
         JOIN ONLY {} AS t ON t.ctid = r.id::pg_catalog.tid ORDER BY r.number",
        table.name
    );
    as_owner(table.owner, || {
        rows(Access::Write, &statement, &[row_ids.into()], |row| {
            Ok(SealedRow {
                row_id: row.required("row_id")?,
                values: (1..=table.columns.len())
                    .map(|number| row.optional(&format!("value_{number}")))
                    .collect::<Result<_, _>>()?,
            })
        })
    })
}

/// Writes the rows' values, and returns how many rows were written.
pub fn replace(table: &ApplicationTable, rows: Vec<TextRow>) -> Result<usize, Failure> {
    if rows.is_empty() {
        return Ok(0);
    }
    let statement = table.replace_statement();
    let arguments = arrays(rows, table.columns.len());
    as_owner(table.owner, || {
        Spi::connect_mut(|client| Ok(client.update(&statement, None, &arguments)?.len()))
    })
}

impl ApplicationTable {
    /// The places and sizes of the next rows. It reads only the beginning of a large value.
    fn next_statement(&self, held: Held) -> String {
        let sizes = self.columns.iter().map(|column| &column.name);
        let sizes: Vec<String> = sizes
            .map(|name| format!("COALESCE(pg_catalog.pg_column_size(t.{name}), 0)"))
            .collect();
        let conditions: Vec<String> = self.columns.iter().map(Column::is_under_keys).collect();
        format!(
            "SELECT t.ctid::text AS row_id, ({})::bigint AS size FROM ONLY {} AS t \
             WHERE t.ctid > COALESCE($1, '(0,0)')::pg_catalog.tid AND ({}) LIMIT $3 FOR {}",
            sizes.join(" + "),
            self.name,
            conditions.join(" OR "),
            match held {
                // A column that may stand in a unique index is a key. An update of it waits for everybody who refers to the row.
                Held::Skipped if self.columns.iter().any(Column::is_searchable) =>
                    "UPDATE SKIP LOCKED",
                Held::Skipped => "NO KEY UPDATE SKIP LOCKED",
                Held::WaitedFor => "NO KEY UPDATE",
            }
        )
    }

    /// The new values have names of their own, because a column may have any name.
    fn replace_statement(&self) -> String {
        let parameters: Vec<String> = (1..=1 + self.columns.len())
            .map(|number| format!("pg_catalog.unnest(${number}::text[])"))
            .collect();
        let assignments: Vec<String> = (1..)
            .zip(&self.columns)
            .map(|(number, column)| {
                let Column {
                    name, type_name, ..
                } = column;
                format!("{name} = new.value_{number}::{type_name}")
            })
            .collect();
        let names: String = (1..=self.columns.len())
            .map(|number| format!(", value_{number}"))
            .collect();
        format!(
            "UPDATE ONLY {} AS old SET {} FROM ROWS FROM ({}) AS new (row_id{names}) \
             WHERE old.ctid = new.row_id::pg_catalog.tid",
            self.name,
            assignments.join(", "),
            parameters.join(", ")
        )
    }
}

impl Column {
    /// Whether one of the row's values is under one of the keys `$2`.
    fn is_under_keys(&self) -> String {
        let (key_ids, values) = self.key_ids();
        match values.strip_prefix(", ") {
            None => format!("{key_ids} OPERATOR(pg_catalog.&&) $2"),
            Some(values) => {
                format!("EXISTS (SELECT FROM {values} WHERE {key_ids} OPERATOR(pg_catalog.&&) $2)")
            }
        }
    }

    /// Whether its values have `=`, and so may be unique.
    fn is_searchable(&self) -> bool {
        matches!(
            self.encrypted_type.as_str(),
            "searchable_text" | "card_number"
        )
    }

    /// An expression for the keys of a value, and what to select it from beside the table `t`.
    fn key_ids(&self) -> (String, String) {
        let name = &self.name;
        if self.scanned.in_array {
            (
                "vault.key_ids(v.value)".to_owned(),
                format!(", pg_catalog.unnest(t.{name}) AS v (value)"),
            )
        } else {
            (format!("vault.key_ids(t.{name})"), String::new())
        }
    }
}

/// Runs a statement that is made for one table. Such a statement is not kept.
fn rows<T>(
    access: Access,
    statement: &str,
    arguments: &[DatumWithOid<'_>],
    read: impl Fn(&Row<'_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    Spi::connect_mut(|client| {
        let table = match access {
            Access::Read => client.select(statement, None, arguments)?,
            Access::Write | Access::WriteEverywhere => client.update(statement, None, arguments)?,
        };
        in_short_memory(|| table.map(|row| read(&Row::from(row))).collect())
    })
}
