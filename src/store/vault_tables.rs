//! The values of the vault's own tables that are not under a profile's current keys: envelopes, and blind indexes that name
//! their key.

use core::ffi::CStr;

use pgrx::pg_sys;
use vault_core::crypto::KeyId;

use super::operator::relation;
use super::sealed_row::{SealedRow, arrays};
use super::statement::{Row, statements};
use crate::error::Failure;

// An envelope has the id of its data key in the four bytes behind its version, an index part the id of its index key in its first
// four. Rows that somebody else holds are left for the next pass, so that nobody waits for another in a circle.
// The ids of rows with two keys are those that `vault_core::crypto::place` makes: by another one, no envelope would open.
statements! {
    Write CUSTOMERS(TEXTOID, TEXTOID, BYTEAARRAYOID, INT8OID) =
        "SELECT customer_id AS row_id, details FROM vault.customers \
         WHERE profile_id = $1 AND customer_id > $2 \
           AND details IS NOT NULL AND pg_catalog.substring(details, 2, 4) <> ALL ($3) \
         ORDER BY row_id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED";
    Write REPLACE_CUSTOMERS(TEXTOID, TEXTARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.customers SET details = n.details \
         FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS n (row_id, details) \
         WHERE profile_id = $1 AND customer_id = n.row_id";
    Write PAYMENT_METHODS(TEXTOID, TEXTOID, BYTEAARRAYOID, INT8OID) =
        "SELECT payment_method_id AS row_id, instrument, summary, duplicate_index FROM vault.payment_methods \
         WHERE profile_id = $1 AND payment_method_id > $2 AND instrument IS NOT NULL \
           AND (pg_catalog.substring(instrument, 2, 4) <> ALL ($3) OR pg_catalog.substring(summary, 2, 4) <> ALL ($3) \
                OR pg_catalog.substring(duplicate_index, 1, 4) <> ALL ($3)) \
         ORDER BY row_id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED";
    Write REPLACE_PAYMENT_METHODS(TEXTOID, TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.payment_methods p \
         SET instrument = n.instrument, summary = n.summary, duplicate_index = n.duplicate_index \
         FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5)) \
              AS n (row_id, instrument, summary, duplicate_index) \
         WHERE p.profile_id = $1 AND p.payment_method_id = n.row_id";
    Write CONNECTOR_TOKENS(TEXTOID, TEXTOID, BYTEAARRAYOID, INT8OID) =
        "SELECT payment_method_id || '/' || position AS row_id, details FROM vault.connector_tokens \
         WHERE profile_id = $1 AND payment_method_id || '/' || position > $2 \
           AND details IS NOT NULL AND pg_catalog.substring(details, 2, 4) <> ALL ($3) \
         ORDER BY row_id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED";
    Write REPLACE_CONNECTOR_TOKENS(TEXTOID, TEXTARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.connector_tokens SET details = n.details \
         FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS n (row_id, details) \
         WHERE profile_id = $1 AND payment_method_id || '/' || position = n.row_id";
    Write CONNECTOR_CUSTOMERS(TEXTOID, TEXTOID, BYTEAARRAYOID, INT8OID) =
        "SELECT customer_id || '/' || connector_id AS row_id, details FROM vault.connector_customers \
         WHERE profile_id = $1 AND customer_id || '/' || connector_id > $2 \
           AND details IS NOT NULL AND pg_catalog.substring(details, 2, 4) <> ALL ($3) \
         ORDER BY row_id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED";
    Write REPLACE_CONNECTOR_CUSTOMERS(TEXTOID, TEXTARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.connector_customers SET details = n.details \
         FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS n (row_id, details) \
         WHERE profile_id = $1 AND customer_id || '/' || connector_id = n.row_id";
    Write NETWORK_TOKENS(TEXTOID, TEXTOID, BYTEAARRAYOID, INT8OID) =
        "SELECT payment_method_id AS row_id, summary FROM vault.network_tokens \
         WHERE profile_id = $1 AND payment_method_id > $2 \
           AND summary IS NOT NULL AND pg_catalog.substring(summary, 2, 4) <> ALL ($3) \
         ORDER BY row_id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED";
    Write REPLACE_NETWORK_TOKENS(TEXTOID, TEXTARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.network_tokens SET summary = n.summary \
         FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS n (row_id, summary) \
         WHERE profile_id = $1 AND payment_method_id = n.row_id";
    Write JOBS(TEXTOID, TEXTOID, BYTEAARRAYOID, INT8OID) =
        "SELECT job_id AS row_id, subject FROM vault.jobs \
         WHERE profile_id = $1 AND job_id > $2 \
           AND subject IS NOT NULL AND pg_catalog.substring(subject, 2, 4) <> ALL ($3) \
         ORDER BY row_id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED";
    Write REPLACE_JOBS(TEXTOID, TEXTARRAYOID, BYTEAARRAYOID) =
        "UPDATE vault.jobs SET subject = n.subject \
         FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS n (row_id, subject) \
         WHERE profile_id = $1 AND job_id = n.row_id";
    Read COUNT(TEXTOID, BYTEAOID) =
        "SELECT (SELECT pg_catalog.count(*) FROM vault.customers \
                 WHERE profile_id = $1 AND pg_catalog.substring(details, 2, 4) = $2) \
              + (SELECT pg_catalog.count(*) FROM vault.payment_methods \
                 WHERE profile_id = $1 AND pg_catalog.substring(instrument, 2, 4) = $2) \
              + (SELECT pg_catalog.count(*) FROM vault.payment_methods \
                 WHERE profile_id = $1 AND pg_catalog.substring(summary, 2, 4) = $2) \
              + (SELECT pg_catalog.count(*) FROM vault.payment_methods \
                 WHERE profile_id = $1 AND pg_catalog.substring(duplicate_index, 1, 4) = $2) \
              + (SELECT pg_catalog.count(*) FROM vault.connector_tokens \
                 WHERE profile_id = $1 AND pg_catalog.substring(details, 2, 4) = $2) \
              + (SELECT pg_catalog.count(*) FROM vault.connector_customers \
                 WHERE profile_id = $1 AND pg_catalog.substring(details, 2, 4) = $2) \
              + (SELECT pg_catalog.count(*) FROM vault.network_tokens \
                 WHERE profile_id = $1 AND pg_catalog.substring(summary, 2, 4) = $2) \
              + (SELECT pg_catalog.count(*) FROM vault.jobs \
                 WHERE profile_id = $1 AND pg_catalog.substring(subject, 2, 4) = $2) AS values_count";
}

/// A table of the vault's own with values under keys.
#[derive(Clone, Copy)]
pub enum VaultTable {
    Customers,
    PaymentMethods,
    ConnectorTokens,
    ConnectorCustomers,
    NetworkTokens,
    Jobs,
}

impl VaultTable {
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

    /// The columns with values under keys, in the table's order.
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Customers | Self::ConnectorTokens | Self::ConnectorCustomers => &["details"],
            Self::PaymentMethods => &["instrument", "summary", "duplicate_index"],
            Self::NetworkTokens => &["summary"],
            Self::Jobs => &["subject"],
        }
    }
}

/// The next rows of the profile behind `after` with a value under another key than these, kept for this
/// transaction. A row's id names the row in the envelopes' context, too.
pub fn outdated(
    profile_id: &str,
    table: VaultTable,
    after: Option<&str>,
    current: [KeyId; 2],
    limit: i32,
) -> Result<Vec<SealedRow<Vec<u8>>>, Failure> {
    let select = match table {
        VaultTable::Customers => &CUSTOMERS,
        VaultTable::PaymentMethods => &PAYMENT_METHODS,
        VaultTable::ConnectorTokens => &CONNECTOR_TOKENS,
        VaultTable::ConnectorCustomers => &CONNECTOR_CUSTOMERS,
        VaultTable::NetworkTokens => &NETWORK_TOKENS,
        VaultTable::Jobs => &JOBS,
    };
    let current = current.map(|KeyId(key_id)| key_id.to_be_bytes());
    let current: Vec<_> = current.iter().map(<[u8; 4]>::as_slice).collect();
    let arguments = [
        profile_id.into(),
        after.unwrap_or_default().into(),
        current.into(),
        i64::from(limit).into(),
    ];
    select.with(|statement| statement.rows(&arguments, |row| sealed_row(table, row)))
}

/// Writes the values of rows of the profile, and tells how many rows that were.
pub fn replace(
    profile_id: &str,
    table: VaultTable,
    rows: Vec<SealedRow<Vec<u8>>>,
) -> Result<usize, Failure> {
    if rows.is_empty() {
        return Ok(0);
    }
    let replace = match table {
        VaultTable::Customers => &REPLACE_CUSTOMERS,
        VaultTable::PaymentMethods => &REPLACE_PAYMENT_METHODS,
        VaultTable::ConnectorTokens => &REPLACE_CONNECTOR_TOKENS,
        VaultTable::ConnectorCustomers => &REPLACE_CONNECTOR_CUSTOMERS,
        VaultTable::NetworkTokens => &REPLACE_NETWORK_TOKENS,
        VaultTable::Jobs => &REPLACE_JOBS,
    };
    let arguments: Vec<_> = std::iter::once(profile_id.into())
        .chain(arrays(rows, table.columns().len()))
        .collect();
    replace.with(|statement| statement.execute(&arguments))
}

/// How many values of the profile are under the key.
pub fn count(profile_id: &str, KeyId(key_id): KeyId) -> Result<i64, Failure> {
    let key_id = key_id.to_be_bytes();
    let arguments = [profile_id.into(), key_id.as_slice().into()];
    COUNT
        .with(|statement| statement.row(&arguments, |row| row.required("values_count")))?
        .ok_or(Failure::UnexpectedNull)
}

fn sealed_row(table: VaultTable, row: &Row<'_>) -> Result<SealedRow<Vec<u8>>, Failure> {
    let columns = table.columns().iter();
    Ok(SealedRow {
        row_id: row.required("row_id")?,
        values: columns
            .map(|column| row.required(column))
            .collect::<Result<_, _>>()?,
    })
}
