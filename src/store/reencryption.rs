//! Envelopes of the vault's own tables that are not under a profile's current data key.

use super::statement::{Row, statements};
use crate::error::Failure;

/// The id of the key in an envelope: four bytes behind the version.
macro_rules! key_id {
    ($column:literal) => {
        concat!("pg_catalog.substring(", $column, ", 2, 4)")
    };
}

// Rows that somebody else holds are left for the next pass, so that nobody waits for another in a circle.
statements! {
    Write CUSTOMERS(TEXTOID, BYTEAOID, INT8OID) = concat!(
        "SELECT customer_id, details FROM vault.customers \
         WHERE customer_id > $1 AND details IS NOT NULL AND ", key_id!("details"), " <> $2 \
         ORDER BY customer_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED");
    Write REPLACE_CUSTOMERS(TEXTARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.customers c SET details = n.details \
         FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS n (customer_id, details) \
         WHERE c.customer_id = n.customer_id";
    Write PAYMENT_METHODS(TEXTOID, BYTEAOID, INT8OID) = concat!(
        "SELECT payment_method_id, instrument, summary FROM vault.payment_methods \
         WHERE payment_method_id > $1 AND instrument IS NOT NULL \
           AND (", key_id!("instrument"), " <> $2 OR ", key_id!("summary"), " <> $2) \
         ORDER BY payment_method_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED");
    Write REPLACE_PAYMENT_METHODS(TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.payment_methods p SET instrument = n.instrument, summary = n.summary \
         FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) \
              AS n (payment_method_id, instrument, summary) \
         WHERE p.payment_method_id = n.payment_method_id";
    Write CONNECTOR_TOKENS(TEXTOID, BYTEAOID, INT8OID) = concat!(
        "SELECT payment_method_id || '/' || position AS row_id, details FROM vault.connector_tokens \
         WHERE payment_method_id || '/' || position > $1 AND ", key_id!("details"), " <> $2 \
         ORDER BY row_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED");
    Write REPLACE_CONNECTOR_TOKENS(TEXTARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.connector_tokens t SET details = n.details \
         FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS n (row_id, details) \
         WHERE t.payment_method_id || '/' || t.position = n.row_id";
    Read COUNT(BYTEAOID) = concat!(
        "SELECT (SELECT pg_catalog.count(*) FROM vault.customers WHERE ", key_id!("details"), " = $1) \
              + (SELECT pg_catalog.count(*) FROM vault.payment_methods WHERE ", key_id!("instrument"), " = $1) \
              + (SELECT pg_catalog.count(*) FROM vault.payment_methods WHERE ", key_id!("summary"), " = $1) \
              + (SELECT pg_catalog.count(*) FROM vault.connector_tokens WHERE ", key_id!("details"), " = $1)");
}

/// A table with envelopes.
#[derive(Clone, Copy)]
pub enum Table {
    Customers,
    PaymentMethods,
    ConnectorTokens,
}

/// The envelopes of a row, in the order of the table's columns.
pub struct Envelopes {
    /// Names the row in the envelopes' context, too.
    pub row_id: String,
    pub envelopes: Vec<Vec<u8>>,
}

impl Table {
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Customers, Self::PaymentMethods, Self::ConnectorTokens]
            .into_iter()
            .find(|table| table.as_str() == name)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::PaymentMethods => "payment_methods",
            Self::ConnectorTokens => "connector_tokens",
        }
    }

    /// The columns that hold envelopes.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Customers | Self::ConnectorTokens => &["details"],
            Self::PaymentMethods => &["instrument", "summary"],
        }
    }
}

/// The next rows of the current profile behind `after` with an envelope under another key, kept for this transaction.
pub fn outdated(
    table: Table,
    after: &str,
    current_key_id: u32,
    limit: i32,
) -> Result<Vec<Envelopes>, Failure> {
    let select = match table {
        Table::Customers => &CUSTOMERS,
        Table::PaymentMethods => &PAYMENT_METHODS,
        Table::ConnectorTokens => &CONNECTOR_TOKENS,
    };
    let arguments = [
        after.into(),
        current_key_id.to_be_bytes().as_slice().into(),
        i64::from(limit).into(),
    ];
    select.with(|statement| statement.rows(&arguments, |row| envelopes(table, row)))
}

/// Writes the rows' envelopes, and tells how many rows that were.
pub fn replace(table: Table, rows: Vec<Envelopes>) -> Result<usize, Failure> {
    if rows.is_empty() {
        return Ok(0);
    }
    let replace = match table {
        Table::Customers => &REPLACE_CUSTOMERS,
        Table::PaymentMethods => &REPLACE_PAYMENT_METHODS,
        Table::ConnectorTokens => &REPLACE_CONNECTOR_TOKENS,
    };
    let mut ids = Vec::with_capacity(rows.len());
    let mut columns = vec![Vec::with_capacity(rows.len()); table.columns().len()];
    for row in rows {
        ids.push(row.row_id);
        for (column, envelope) in columns.iter_mut().zip(row.envelopes) {
            column.push(envelope);
        }
    }
    let arguments: Vec<_> = std::iter::once(ids.into())
        .chain(columns.into_iter().map(Into::into))
        .collect();
    replace.with(|statement| statement.execute(&arguments))
}

/// How many envelopes of the current profile are under the key.
pub fn count(key_id: u32) -> Result<i64, Failure> {
    let key_id = key_id.to_be_bytes();
    COUNT
        .with(|statement| statement.row(&[key_id.as_slice().into()], |row| row.required(1)))?
        .ok_or(Failure::UnexpectedNull)
}

fn envelopes(table: Table, row: &Row<'_>) -> Result<Envelopes, Failure> {
    let columns = 2..2 + table.columns().len();
    Ok(Envelopes {
        row_id: row.required(1)?,
        envelopes: columns
            .map(|column| row.required(column))
            .collect::<Result<_, _>>()?,
    })
}
