//! Table `vault.customers`.

use vault_core::contract::customer::{ListCustomers, ListCustomersWithCount};
use vault_core::contract::payment_method::BinRecord;
use vault_core::time::Timestamp;

use super::card_bins;
use super::statement::{Row, statements, timestamptz};
use crate::error::Failure;

statements! {
    /// A unique index decides, whoever else creates at the same time.
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "INSERT INTO vault.customers (profile_id, customer_id, merchant_reference_id, details, created_at, modified_at) \
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (profile_id, merchant_reference_id) DO NOTHING";
    Read FIND(TEXTOID) =
        "SELECT customer_id, merchant_reference_id, details, default_payment_method_id, created_at \
         FROM vault.customers WHERE customer_id = $1";
    Read FIND_BY_REFERENCE(TEXTOID) =
        "SELECT customer_id, merchant_reference_id, details, default_payment_method_id, created_at \
         FROM vault.customers WHERE merchant_reference_id = $1";
    /// Waits for creates of payment methods, which hold the row's key, and keeps further ones out.
    /// As a row that refers to the customer does it.
    Write HOLD_IF_FREE(TEXTOID) =
        "SELECT 1 FROM vault.customers WHERE customer_id = $1 FOR KEY SHARE SKIP LOCKED";
    Write LOCK(TEXTOID) =
        "SELECT customer_id, merchant_reference_id, details, default_payment_method_id, created_at \
         FROM vault.customers WHERE customer_id = $1 FOR UPDATE";
    /// All that a create of a payment method must know. Holds the row's key, so that the customer cannot be redacted before
    /// the create has ended.
    Write HOLD(TEXTOID, TEXTOID, TEXTOID) =
        "SELECT c.redacted_at IS NOT NULL, \
                eight.bin, eight.card_network, eight.card_issuer, eight.card_type, eight.issuing_country, \
                six.bin, six.card_network, six.card_issuer, six.card_type, six.issuing_country \
         FROM vault.customers c \
         LEFT JOIN vault.card_bins eight ON eight.bin = $3 \
         LEFT JOIN vault.card_bins six ON six.bin = $2 \
         WHERE c.customer_id = $1 FOR KEY SHARE OF c";
    Write UPDATE(TEXTOID, BYTEAOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.customers SET details = $2, default_payment_method_id = $3, modified_at = $4 \
         WHERE customer_id = $1";
    Write REDACT(TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.customers \
         SET details = NULL, default_payment_method_id = NULL, modified_at = $2, redacted_at = $2 \
         WHERE customer_id = $1";
    Write SET_DEFAULT(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.customers SET default_payment_method_id = $2, modified_at = $3 WHERE customer_id = $1";
    Write DROP_DEFAULT(TEXTOID, TEXTOID) =
        "UPDATE vault.customers SET default_payment_method_id = NULL \
         WHERE customer_id = $1 AND default_payment_method_id = $2";
    Read LIST(INT8OID, INT8OID, TEXTOID) =
        "SELECT customer_id, merchant_reference_id, details, default_payment_method_id, created_at \
         FROM vault.customers \
         WHERE redacted_at IS NULL AND ($3 IS NULL OR merchant_reference_id = $3) \
         ORDER BY created_at, customer_id LIMIT $1 OFFSET $2";
    /// The count comes with every row, and alone where the page is empty.
    Read LIST_WITH_COUNT(INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID) =
        "WITH matching AS NOT MATERIALIZED ( \
             SELECT customer_id, merchant_reference_id, details, default_payment_method_id, created_at \
             FROM vault.customers \
             WHERE redacted_at IS NULL AND ($3 IS NULL OR merchant_reference_id = $3) \
               AND ($4 IS NULL OR created_at >= $4) AND ($5 IS NULL OR created_at <= $5)) \
         SELECT page.*, total.count \
         FROM (SELECT pg_catalog.count(*) FROM matching) AS total \
         LEFT JOIN (SELECT * FROM matching ORDER BY created_at, customer_id LIMIT $1 OFFSET $2) AS page ON true \
         ORDER BY page.created_at, page.customer_id";
}

/// A row to be.
pub struct NewCustomer<'a> {
    pub profile_id: &'a str,
    pub customer_id: &'a str,
    pub merchant_reference_id: Option<&'a str>,
    /// Envelope.
    pub details: &'a [u8],
    pub created_at: Timestamp,
}

/// A row of the current profile.
pub struct StoredCustomer {
    pub customer_id: String,
    pub merchant_reference_id: Option<String>,
    /// Envelope; none once the customer is redacted.
    pub details: Option<Vec<u8>>,
    pub default_payment_method_id: Option<String>,
    pub created_at: Timestamp,
}

/// A customer that stays what it is until the transaction ends, and what is known of a card.
pub struct Held {
    pub is_redacted: bool,
    pub bin: Option<BinRecord>,
}

/// False, and nothing is written, when the reference is taken.
pub fn insert(customer: NewCustomer<'_>) -> Result<bool, Failure> {
    INSERT.with(|statement| {
        let rows = statement.execute(&[
            customer.profile_id.into(),
            customer.customer_id.into(),
            customer.merchant_reference_id.into(),
            customer.details.into(),
            timestamptz(customer.created_at).into(),
        ])?;
        Ok(rows > 0)
    })
}

pub fn find(customer_id: &str) -> Result<Option<StoredCustomer>, Failure> {
    FIND.with(|statement| statement.row(&[customer_id.into()], stored))
}

pub fn find_by_reference(merchant_reference_id: &str) -> Result<Option<StoredCustomer>, Failure> {
    FIND_BY_REFERENCE.with(|statement| statement.row(&[merchant_reference_id.into()], stored))
}

/// Finds the row and keeps it for this transaction.
pub fn lock(customer_id: &str) -> Result<Option<StoredCustomer>, Failure> {
    LOCK.with(|statement| statement.row(&[customer_id.into()], stored))
}

/// Keeps the customer for a row that will refer to it. False when somebody else holds it.
pub fn hold_if_free(customer_id: &str) -> Result<bool, Failure> {
    Ok(HOLD_IF_FREE.with(|statement| statement.execute(&[customer_id.into()]))? > 0)
}

/// For a create of a payment method. `bins` are the first six and eight digits of a card.
pub fn hold(customer_id: &str, bins: Option<[&str; 2]>) -> Result<Option<Held>, Failure> {
    let [six, eight] = bins.map_or([None; 2], |bins| bins.map(Some));
    HOLD.with(|statement| {
        statement.row(&[customer_id.into(), six.into(), eight.into()], |row| {
            Ok(Held {
                is_redacted: row.required(1)?,
                bin: bin(row, 2)?.or(bin(row, 7)?),
            })
        })
    })
}

pub fn update(
    customer_id: &str,
    details: &[u8],
    default_payment_method_id: Option<&str>,
    modified_at: Timestamp,
) -> Result<(), Failure> {
    UPDATE.with(|statement| {
        statement.execute(&[
            customer_id.into(),
            details.into(),
            default_payment_method_id.into(),
            timestamptz(modified_at).into(),
        ])
    })?;
    Ok(())
}

/// Removes the personal data; the row's earlier version stays until it is vacuumed.
pub fn redact(customer_id: &str, redacted_at: Timestamp) -> Result<(), Failure> {
    REDACT.with(|statement| {
        statement.execute(&[customer_id.into(), timestamptz(redacted_at).into()])
    })?;
    Ok(())
}

pub fn set_default(
    customer_id: &str,
    payment_method_id: &str,
    modified_at: Timestamp,
) -> Result<(), Failure> {
    SET_DEFAULT.with(|statement| {
        statement.execute(&[
            customer_id.into(),
            payment_method_id.into(),
            timestamptz(modified_at).into(),
        ])
    })?;
    Ok(())
}

/// The payment method is the customer's default no more.
pub fn drop_default(customer_id: &str, payment_method_id: &str) -> Result<(), Failure> {
    DROP_DEFAULT
        .with(|statement| statement.execute(&[customer_id.into(), payment_method_id.into()]))?;
    Ok(())
}

/// Oldest first, without the redacted ones.
pub fn list(page: &ListCustomers) -> Result<Vec<StoredCustomer>, Failure> {
    LIST.with(|statement| {
        statement.rows(
            &[
                page.limit.into(),
                page.offset.into(),
                page.merchant_reference_id.as_deref().into(),
            ],
            stored,
        )
    })
}

/// The page, and how many customers there are on all pages together.
pub fn list_with_count(
    list: &ListCustomersWithCount,
) -> Result<(Vec<StoredCustomer>, i64), Failure> {
    let page = &list.page;
    let rows = LIST_WITH_COUNT.with(|statement| {
        statement.rows(
            &[
                page.limit.into(),
                page.offset.into(),
                page.merchant_reference_id.as_deref().into(),
                list.start_time.and_then(timestamptz).into(),
                list.end_time.and_then(timestamptz).into(),
            ],
            |row| {
                let customer = row
                    .optional::<String>(1)?
                    .map(|_| stored(row))
                    .transpose()?;
                Ok((customer, row.required::<i64>(6)?))
            },
        )
    })?;
    let total = rows.first().map_or(0, |(_, total)| *total);
    Ok((
        rows.into_iter()
            .filter_map(|(customer, _)| customer)
            .collect(),
        total,
    ))
}

fn bin(row: &Row<'_>, column: usize) -> Result<Option<BinRecord>, Failure> {
    match row.optional::<String>(column)? {
        Some(_) => card_bins::record(row, column + 1).map(Some),
        None => Ok(None),
    }
}

fn stored(row: &Row<'_>) -> Result<StoredCustomer, Failure> {
    Ok(StoredCustomer {
        customer_id: row.required(1)?,
        merchant_reference_id: row.optional(2)?,
        details: row.optional(3)?,
        default_payment_method_id: row.optional(4)?,
        created_at: row.timestamp(5)?,
    })
}
