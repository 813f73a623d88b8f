//! Table `vault.customers`.

use std::collections::HashSet;

use vault_core::contract::customer::{ListCustomers, ListCustomersWithCount};
use vault_core::ids::{CustomerId, PaymentMethodId, ProfileId};
use vault_core::time::Timestamp;

use super::statement::{Row, id, ids, optional_id, statements, timestamptz};
use crate::error::Failure;

statements! {
    /// The unique index decides between creates at the same time.
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "INSERT INTO vault.customers (profile_id, customer_id, merchant_reference_id, details, created_at, modified_at) \
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (profile_id, merchant_reference_id) DO NOTHING";
    Read FIND(TEXTOID, TEXTOID) =
        "SELECT customer_id, merchant_reference_id, details, default_payment_method_id, created_at \
         FROM vault.customers WHERE profile_id = $1 AND customer_id = $2";
    Read FIND_BY_REFERENCE(TEXTOID, TEXTOID) =
        "SELECT customer_id, merchant_reference_id, details, default_payment_method_id, created_at \
         FROM vault.customers WHERE profile_id = $1 AND merchant_reference_id = $2";
    /// The same lock as a row that refers to the customer takes.
    Write HOLD_IF_FREE(TEXTOID, TEXTOID) =
        "SELECT 1 FROM vault.customers WHERE profile_id = $1 AND customer_id = $2 FOR KEY SHARE SKIP LOCKED";
    /// Waits for creates of payment methods, which hold the row's key, and keeps further ones out.
    Write LOCK(TEXTOID, TEXTOID) =
        "SELECT customer_id, merchant_reference_id, details, default_payment_method_id, created_at \
         FROM vault.customers WHERE profile_id = $1 AND customer_id = $2 FOR UPDATE";
    /// Holds the row's key, so that the customer cannot be redacted before a create of a payment method has ended.
    Write HOLD(TEXTOID, TEXTOID) =
        "SELECT redacted_at IS NOT NULL AS is_redacted FROM vault.customers \
         WHERE profile_id = $1 AND customer_id = $2 FOR KEY SHARE";
    /// Those that are not redacted, always in the same order, so that calls that lock several customers never wait in a circle.
    Write HOLD_ALL(TEXTOID, TEXTARRAYOID) =
        "SELECT customer_id FROM vault.customers \
         WHERE profile_id = $1 AND customer_id = ANY ($2) AND redacted_at IS NULL ORDER BY customer_id FOR KEY SHARE";
    Write UPDATE(TEXTOID, TEXTOID, BYTEAOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.customers SET details = $3, default_payment_method_id = $4, modified_at = $5 \
         WHERE profile_id = $1 AND customer_id = $2";
    Write REDACT(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.customers \
         SET details = NULL, default_payment_method_id = NULL, modified_at = $3, redacted_at = $3 \
         WHERE profile_id = $1 AND customer_id = $2";
    Write SET_DEFAULT(TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.customers SET default_payment_method_id = $3, modified_at = $4 \
         WHERE profile_id = $1 AND customer_id = $2";
    Write DROP_DEFAULT(TEXTOID, TEXTOID, TEXTOID) =
        "UPDATE vault.customers SET default_payment_method_id = NULL \
         WHERE profile_id = $1 AND customer_id = $2 AND default_payment_method_id = $3";
    Read LIST(TEXTOID, INT8OID, INT8OID, TEXTOID) =
        "SELECT customer_id, merchant_reference_id, details, default_payment_method_id, created_at \
         FROM vault.customers \
         WHERE profile_id = $1 AND redacted_at IS NULL AND ($4 IS NULL OR merchant_reference_id = $4) \
         ORDER BY created_at, customer_id LIMIT $2 OFFSET $3";
    /// The count comes with every row, and by itself if the page is empty.
    Read LIST_WITH_COUNT(TEXTOID, INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID) =
        "WITH matching AS NOT MATERIALIZED ( \
             SELECT customer_id, merchant_reference_id, details, default_payment_method_id, created_at \
             FROM vault.customers \
             WHERE profile_id = $1 AND redacted_at IS NULL AND ($4 IS NULL OR merchant_reference_id = $4) \
               AND ($5 IS NULL OR created_at >= $5) AND ($6 IS NULL OR created_at <= $6)) \
         SELECT page.*, total.count \
         FROM (SELECT pg_catalog.count(*) FROM matching) AS total \
         LEFT JOIN (SELECT * FROM matching ORDER BY created_at, customer_id LIMIT $2 OFFSET $3) AS page ON true \
         ORDER BY page.created_at, page.customer_id";
}

/// A row to be.
pub struct NewCustomer<'a> {
    pub profile_id: &'a ProfileId,
    pub customer_id: &'a CustomerId,
    pub merchant_reference_id: Option<&'a str>,
    /// Envelope.
    pub details: &'a [u8],
    pub created_at: Timestamp,
}

/// A row of a profile.
pub struct StoredCustomer {
    pub customer_id: CustomerId,
    pub merchant_reference_id: Option<String>,
    /// Envelope; none once the customer is redacted.
    pub details: Option<Vec<u8>>,
    pub default_payment_method_id: Option<PaymentMethodId>,
    pub created_at: Timestamp,
}

/// False, and nothing is written, when the reference is taken.
pub fn insert(customer: NewCustomer<'_>) -> Result<bool, Failure> {
    INSERT.with(|statement| {
        let rows = statement.execute(&[
            id(customer.profile_id),
            id(customer.customer_id),
            customer.merchant_reference_id.into(),
            customer.details.into(),
            timestamptz(customer.created_at).into(),
        ])?;
        Ok(rows > 0)
    })
}

/// The customer with this id.
pub fn find(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
) -> Result<Option<StoredCustomer>, Failure> {
    let arguments = [id(profile_id), id(customer_id)];
    FIND.with(|statement| statement.row(&arguments, stored))
}

/// The customer with this reference of the merchant's.
pub fn find_by_reference(
    profile_id: &ProfileId,
    merchant_reference_id: &str,
) -> Result<Option<StoredCustomer>, Failure> {
    let arguments = [id(profile_id), merchant_reference_id.into()];
    FIND_BY_REFERENCE.with(|statement| statement.row(&arguments, stored))
}

/// Finds the row and keeps it for this transaction.
pub fn lock(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
) -> Result<Option<StoredCustomer>, Failure> {
    let arguments = [id(profile_id), id(customer_id)];
    LOCK.with(|statement| statement.row(&arguments, stored))
}

/// Keeps the customer for a row that will refer to it. False when somebody else holds it.
pub fn hold_if_free(profile_id: &ProfileId, customer_id: &CustomerId) -> Result<bool, Failure> {
    let arguments = [id(profile_id), id(customer_id)];
    Ok(HOLD_IF_FREE.with(|statement| statement.execute(&arguments))? > 0)
}

/// For a create of a payment method: whether the customer is redacted, or none if there is no such customer. The customer does
/// not change until the transaction ends.
pub fn hold(profile_id: &ProfileId, customer_id: &CustomerId) -> Result<Option<bool>, Failure> {
    let arguments = [id(profile_id), id(customer_id)];
    HOLD.with(|statement| statement.row(&arguments, |row| row.required("is_redacted")))
}

/// The same for several: those that there are and that are not redacted.
pub fn hold_all(
    profile_id: &ProfileId,
    customer_ids: &[CustomerId],
) -> Result<HashSet<CustomerId>, Failure> {
    let arguments = [id(profile_id), ids(customer_ids)];
    let held =
        HOLD_ALL.with(|statement| statement.rows(&arguments, |row| row.id("customer_id")))?;
    Ok(held.into_iter().collect())
}

/// Writes what can change of a customer, whose row is locked.
pub fn update(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
    details: &[u8],
    default_payment_method_id: Option<&PaymentMethodId>,
    modified_at: Timestamp,
) -> Result<(), Failure> {
    UPDATE.with(|statement| {
        statement.execute(&[
            id(profile_id),
            id(customer_id),
            details.into(),
            optional_id(default_payment_method_id),
            timestamptz(modified_at).into(),
        ])
    })?;
    Ok(())
}

/// Removes the personal data; the row's earlier version stays until it is vacuumed.
pub fn redact(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
    redacted_at: Timestamp,
) -> Result<(), Failure> {
    REDACT.with(|statement| {
        statement.execute(&[
            id(profile_id),
            id(customer_id),
            timestamptz(redacted_at).into(),
        ])
    })?;
    Ok(())
}

/// Makes the payment method the customer's default.
pub fn set_default(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
    payment_method_id: &PaymentMethodId,
    modified_at: Timestamp,
) -> Result<(), Failure> {
    SET_DEFAULT.with(|statement| {
        statement.execute(&[
            id(profile_id),
            id(customer_id),
            id(payment_method_id),
            timestamptz(modified_at).into(),
        ])
    })?;
    Ok(())
}

/// The payment method is no longer the customer's default.
pub fn drop_default(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
    payment_method_id: &PaymentMethodId,
) -> Result<(), Failure> {
    DROP_DEFAULT.with(|statement| {
        statement.execute(&[id(profile_id), id(customer_id), id(payment_method_id)])
    })?;
    Ok(())
}

/// Oldest first, without the redacted ones.
pub fn list(profile_id: &ProfileId, page: &ListCustomers) -> Result<Vec<StoredCustomer>, Failure> {
    LIST.with(|statement| {
        statement.rows(
            &[
                id(profile_id),
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
    profile_id: &ProfileId,
    list: &ListCustomersWithCount,
) -> Result<(Vec<StoredCustomer>, i64), Failure> {
    let page = &list.page;
    let arguments = [
        id(profile_id),
        page.limit.into(),
        page.offset.into(),
        page.merchant_reference_id.as_deref().into(),
        list.start_time.and_then(timestamptz).into(),
        list.end_time.and_then(timestamptz).into(),
    ];
    let rows = LIST_WITH_COUNT.with(|statement| {
        statement.rows(&arguments, |row| {
            let customer = row
                .optional_id::<CustomerId>("customer_id")?
                .map(|_| stored(row))
                .transpose()?;
            Ok((customer, row.required::<i64>("count")?))
        })
    })?;
    let total = rows.first().map_or(0, |(_, total)| *total);
    let customers = rows.into_iter().filter_map(|(customer, _)| customer);
    Ok((customers.collect(), total))
}

fn stored(row: &Row<'_>) -> Result<StoredCustomer, Failure> {
    Ok(StoredCustomer {
        customer_id: row.id("customer_id")?,
        merchant_reference_id: row.optional("merchant_reference_id")?,
        details: row.optional("details")?,
        default_payment_method_id: row.optional_id("default_payment_method_id")?,
        created_at: row.timestamp("created_at")?,
    })
}
