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
statements! {
    Write CUSTOMERS(TEXTOID, BYTEAARRAYOID, INT8OID) = concat!(
        "SELECT customer_id, details FROM vault.customers \
         WHERE customer_id > $1 AND details IS NOT NULL AND ", data_key!("details"), " <> ALL ($2) \
         ORDER BY customer_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED");
    Write REPLACE_CUSTOMERS(TEXTARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.customers c SET details = n.details \
         FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS n (customer_id, details) \
         WHERE c.customer_id = n.customer_id";
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
    Write CONNECTOR_TOKENS(TEXTOID, BYTEAARRAYOID, INT8OID) = concat!(
        "SELECT payment_method_id || '/' || position AS row_id, details FROM vault.connector_tokens \
         WHERE payment_method_id || '/' || position > $1 AND ", data_key!("details"), " <> ALL ($2) \
         ORDER BY row_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED");
    Write REPLACE_CONNECTOR_TOKENS(TEXTARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.connector_tokens t SET details = n.details \
         FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS n (row_id, details) \
         WHERE t.payment_method_id || '/' || t.position = n.row_id";
    Read COUNT(BYTEAOID) = concat!(
        "SELECT (SELECT pg_catalog.count(*) FROM vault.customers WHERE ", data_key!("details"), " = $1) \
              + (SELECT pg_catalog.count(*) FROM vault.payment_methods WHERE ", data_key!("instrument"), " = $1) \
              + (SELECT pg_catalog.count(*) FROM vault.payment_methods WHERE ", data_key!("summary"), " = $1) \
              + (SELECT pg_catalog.count(*) FROM vault.payment_methods WHERE ", index_key!("duplicate_index"), " = $1) \
              + (SELECT pg_catalog.count(*) FROM vault.connector_tokens WHERE ", data_key!("details"), " = $1)");
}

/// A table with values under keys.
#[derive(Clone, Copy)]
pub enum Table {
    Customers,
    PaymentMethods,
    ConnectorTokens,
}

/// The values of a row that are under keys, in the order of the table's columns.
pub struct Values {
    /// Names the row in the envelopes' context, too.
    pub row_id: String,
    pub values: Vec<Vec<u8>>,
}

impl Table {
    /// The table with this oid, if it is one of them.
    pub fn with_oid(oid: pg_sys::Oid) -> Option<Self> {
        [Self::Customers, Self::PaymentMethods, Self::ConnectorTokens]
            .into_iter()
            .find(|table| relation(table.c_name()) == oid)
    }

    fn c_name(self) -> &'static CStr {
        match self {
            Self::Customers => c"customers",
            Self::PaymentMethods => c"payment_methods",
            Self::ConnectorTokens => c"connector_tokens",
        }
    }

    fn columns(self) -> usize {
        match self {
            Self::Customers | Self::ConnectorTokens => 1,
            Self::PaymentMethods => 3,
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
