//! Changing payment methods that their callers have locked.

use vault_core::ids::{CustomerId, PaymentMethodId, ProfileId};
use vault_core::time::Timestamp;

use super::stored::Status;
use crate::error::Failure;
use crate::store::statement::{id, statements, timestamptz};

statements! {
    Write UPDATE(TEXTOID, TEXTOID, BYTEAOID, TEXTOID, TIMESTAMPTZOID, INT8OID) =
        "WITH method AS ( \
             UPDATE vault.payment_methods SET summary = $3, status = $4, \
                    modified_at = GREATEST($5, modified_at + INTERVAL '1 microsecond') \
             WHERE profile_id = $1 AND payment_method_id = $2 RETURNING profile_id) \
         INSERT INTO vault.payment_method_counts (profile_id, active) SELECT profile_id, $6 FROM method WHERE $6 <> 0";
    Write REDACT(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "WITH method AS ( \
             UPDATE vault.payment_methods \
             SET status = 'redacted', instrument = NULL, summary = NULL, duplicate_index = NULL, modified_at = $3 \
             WHERE profile_id = $1 AND payment_method_id = $2 RETURNING profile_id) \
         INSERT INTO vault.payment_method_counts (profile_id, active) SELECT profile_id, -1 FROM method";
    Write REDACT_ALL_OF_CUSTOMER(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "WITH method AS ( \
             SELECT profile_id, payment_method_id, status FROM vault.payment_methods \
             WHERE profile_id = $1 AND customer_id = $2 AND status <> 'redacted' FOR UPDATE), \
         counted AS ( \
             INSERT INTO vault.payment_method_counts (profile_id, active) \
             SELECT profile_id, -pg_catalog.count(*) FROM method WHERE status = 'active' GROUP BY profile_id) \
         UPDATE vault.payment_methods p \
         SET status = 'redacted', instrument = NULL, summary = NULL, duplicate_index = NULL, modified_at = $3 \
         FROM method WHERE p.profile_id = $1 AND p.payment_method_id = method.payment_method_id \
         RETURNING p.payment_method_id";
}

/// Writes what an update can change, of a method with this earlier status.
pub fn update(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    summary: &[u8],
    earlier_status: Status,
    status: Status,
    modified_at: Timestamp,
) -> Result<(), Failure> {
    UPDATE.with(|statement| {
        statement.execute(&[
            id(profile_id),
            id(payment_method_id),
            summary.into(),
            status.as_str().into(),
            timestamptz(modified_at).into(),
            status.change_of_count(earlier_status).into(),
        ])
    })?;
    Ok(())
}

/// Removes the ciphertexts and the blind index of an active method; the row's earlier version stays until it is vacuumed.
pub fn redact(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    redacted_at: Timestamp,
) -> Result<(), Failure> {
    REDACT.with(|statement| {
        statement.execute(&[
            id(profile_id),
            id(payment_method_id),
            timestamptz(redacted_at).into(),
        ])
    })?;
    Ok(())
}

/// Redacts what the customer has, and tells which methods that were.
pub fn redact_all_of_customer(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
    redacted_at: Timestamp,
) -> Result<Vec<PaymentMethodId>, Failure> {
    let arguments = [
        id(profile_id),
        id(customer_id),
        timestamptz(redacted_at).into(),
    ];
    REDACT_ALL_OF_CUSTOMER
        .with(|statement| statement.rows(&arguments, |row| row.id("payment_method_id")))
}
