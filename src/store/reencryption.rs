//! What of the vault's own tables is not under a profile's current keys: envelopes, and blind indexes that name their key.

use core::ffi::CStr;

use pgrx::pg_sys;
use vault_core::crypto::KeyId;

use super::operator::relation;
use super::statement::{Row, statements};
use crate::error::Failure;

/// The id of the data key in an envelope: four bytes behind the version.
macro_rules! data_key {
    ($column:literal) => {
        concat!("pg_catalog.substring(", $column, ", 2, 4)")
    };
}

/// The id of the index key in an index part: its first four bytes.
macro_rules! index_key {
    ($column:literal) => {
        concat!("pg_catalog.substring(", $column, ", 1, 4)")
    };
}

// Rows that somebody else holds are left for the next pass, so that nobody waits for another in a circle.

/// Rows of a table with one envelope that is under another data key than the current ones.
macro_rules! outdated {
    ($table:literal, $row_id:literal, $column:literal) => {
        concat!(
            "SELECT ",
            $row_id,
            " AS row_id, ",
            $column,
            " FROM vault.",
            $table,
            " WHERE ",
            $row_id,
            " > $1 AND ",
            $column,
            " IS NOT NULL AND ",
            data_key!($column),
            " <> ALL ($2) \
              ORDER BY row_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED"
        )
    };
}

/// Writes the envelopes of such rows.
macro_rules! replace {
    ($table:literal, $row_id:literal, $column:literal) => {
        concat!(
            "UPDATE vault.", $table, " SET ", $column, " = n.envelope \
             FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS n (row_id, envelope) \
             WHERE ", $row_id, " = n.row_id"
        )
    };
}

/// How many envelopes of a column are under a key.
macro_rules! count {
    ($table:literal, $column:literal) => {
        concat!(
            "(SELECT pg_catalog.count(*) FROM vault.",
            $table,
            " WHERE ",
            data_key!($column),
            " = $1)"
        )
    };
}

statements! {
    Write CUSTOMERS(TEXTOID, BYTEAARRAYOID, INT8OID) = outdated!("customers", "customer_id", "details");
    Write REPLACE_CUSTOMERS(TEXTARRAYOID, BYTEAARRAYOID) = replace!("customers", "customer_id", "details");
    Write PAYMENT_METHODS(TEXTOID, BYTEAARRAYOID, INT8OID) = concat!(
        "SELECT payment_method_id, instrument, summary, duplicate_index FROM vault.payment_methods \
         WHERE payment_method_id > $1 AND instrument IS NOT NULL \
           AND (", data_key!("instrument"), " <> ALL ($2) OR ", data_key!("summary"), " <> ALL ($2) \
                OR ", index_key!("duplicate_index"), " <> ALL ($2)) \
         ORDER BY payment_method_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED");
    Write REPLACE_PAYMENT_METHODS(TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.payment_methods p \
         SET instrument = n.instrument, summary = n.summary, duplicate_index = n.duplicate_index \
         FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) \
              AS n (payment_method_id, instrument, summary, duplicate_index) \
         WHERE p.payment_method_id = n.payment_method_id";
    Write CONNECTOR_TOKENS(TEXTOID, BYTEAARRAYOID, INT8OID) =
        outdated!("connector_tokens", "payment_method_id || '/' || position", "details");
    Write REPLACE_CONNECTOR_TOKENS(TEXTARRAYOID, BYTEAARRAYOID) =
        replace!("connector_tokens", "payment_method_id || '/' || position", "details");
    Write CONNECTOR_CUSTOMERS(TEXTOID, BYTEAARRAYOID, INT8OID) =
        outdated!("connector_customers", "customer_id || '/' || connector_id", "details");
    Write REPLACE_CONNECTOR_CUSTOMERS(TEXTARRAYOID, BYTEAARRAYOID) =
        replace!("connector_customers", "customer_id || '/' || connector_id", "details");
    Write NETWORK_TOKENS(TEXTOID, BYTEAARRAYOID, INT8OID) = outdated!("network_tokens", "payment_method_id", "summary");
    Write REPLACE_NETWORK_TOKENS(TEXTARRAYOID, BYTEAARRAYOID) =
        replace!("network_tokens", "payment_method_id", "summary");
    Write JOBS(TEXTOID, BYTEAARRAYOID, INT8OID) = outdated!("jobs", "job_id", "subject");
    Write REPLACE_JOBS(TEXTARRAYOID, BYTEAARRAYOID) = replace!("jobs", "job_id", "subject");
    Read COUNT(BYTEAOID) = concat!(
        "SELECT ", count!("customers", "details"),
        " + ", count!("payment_methods", "instrument"), " + ", count!("payment_methods", "summary"),
        " + (SELECT pg_catalog.count(*) FROM vault.payment_methods WHERE ", index_key!("duplicate_index"), " = $1)",
        " + ", count!("connector_tokens", "details"), " + ", count!("connector_customers", "details"),
        " + ", count!("network_tokens", "summary"), " + ", count!("jobs", "subject"));
}

/// A table with values under keys.
#[derive(Clone, Copy)]
pub enum Table {
    Customers,
    PaymentMethods,
    ConnectorTokens,
    ConnectorCustomers,
    NetworkTokens,
    Jobs,
}

/// The values of a row that are under keys, in the order of the table's columns.
pub struct Values {
    /// Names the row in the envelopes' context, too.
    pub row_id: String,
    pub values: Vec<Vec<u8>>,
}

impl Table {
    const ALL: [Self; 6] = [
        Self::Customers,
        Self::PaymentMethods,
        Self::ConnectorTokens,
        Self::ConnectorCustomers,
        Self::NetworkTokens,
        Self::Jobs,
    ];

    /// The table with this oid, if it is one of them.
    pub fn with_oid(oid: pg_sys::Oid) -> Option<Self> {
        let mut tables = Self::ALL.into_iter();
        tables.find(|table| relation(table.c_name()) == oid)
    }

    fn c_name(self) -> &'static CStr {
        match self {
            Self::Customers => c"customers",
            Self::PaymentMethods => c"payment_methods",
            Self::ConnectorTokens => c"connector_tokens",
            Self::ConnectorCustomers => c"connector_customers",
            Self::NetworkTokens => c"network_tokens",
            Self::Jobs => c"jobs",
        }
    }

    fn columns(self) -> usize {
        match self {
            Self::PaymentMethods => 3,
            _ => 1,
        }
    }
}

/// The next rows of the current profile behind `after` with a value under another key than these, kept for this
/// transaction.
pub fn outdated(
    table: Table,
    after: Option<&str>,
    current: [KeyId; 2],
    limit: i32,
) -> Result<Vec<Values>, Failure> {
    let select = match table {
        Table::Customers => &CUSTOMERS,
        Table::PaymentMethods => &PAYMENT_METHODS,
        Table::ConnectorTokens => &CONNECTOR_TOKENS,
        Table::ConnectorCustomers => &CONNECTOR_CUSTOMERS,
        Table::NetworkTokens => &NETWORK_TOKENS,
        Table::Jobs => &JOBS,
    };
    let current = current.map(|KeyId(key_id)| key_id.to_be_bytes());
    let current: Vec<_> = current.iter().map(<[u8; 4]>::as_slice).collect();
    let arguments = [
        after.unwrap_or_default().into(),
        current.into(),
        i64::from(limit).into(),
    ];
    select.with(|statement| statement.rows(&arguments, |row| values(table, row)))
}

/// Writes the rows' values, and tells how many rows that were.
pub fn replace(table: Table, rows: Vec<Values>) -> Result<usize, Failure> {
    if rows.is_empty() {
        return Ok(0);
    }
    let replace = match table {
        Table::Customers => &REPLACE_CUSTOMERS,
        Table::PaymentMethods => &REPLACE_PAYMENT_METHODS,
        Table::ConnectorTokens => &REPLACE_CONNECTOR_TOKENS,
        Table::ConnectorCustomers => &REPLACE_CONNECTOR_CUSTOMERS,
        Table::NetworkTokens => &REPLACE_NETWORK_TOKENS,
        Table::Jobs => &REPLACE_JOBS,
    };
    let mut ids = Vec::with_capacity(rows.len());
    let mut columns = vec![Vec::with_capacity(rows.len()); table.columns()];
    for row in rows {
        ids.push(row.row_id);
        for (column, value) in columns.iter_mut().zip(row.values) {
            column.push(value);
        }
    }
    let arguments: Vec<_> = std::iter::once(ids.into())
        .chain(columns.into_iter().map(Into::into))
        .collect();
    replace.with(|statement| statement.execute(&arguments))
}

/// How many values of the current profile are under the key.
pub fn count(KeyId(key_id): KeyId) -> Result<i64, Failure> {
    let key_id = key_id.to_be_bytes();
    COUNT
        .with(|statement| statement.row(&[key_id.as_slice().into()], |row| row.required(1)))?
        .ok_or(Failure::UnexpectedNull)
}

fn values(table: Table, row: &Row<'_>) -> Result<Values, Failure> {
    let columns = 2..2 + table.columns();
    Ok(Values {
        row_id: row.required(1)?,
        values: columns
            .map(|column| row.required(column))
            .collect::<Result<_, _>>()?,
    })
}
