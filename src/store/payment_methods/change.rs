//! Changing payment methods that their callers have locked.

use vault_core::ids::{CustomerId, PaymentMethodId, ProfileId};
use vault_core::time::Timestamp;

use super::stored::Status;
use crate::error::Failure;
use crate::store::statement::{id, statements, timestamptz};

statements! {
    Write UPDATE(TEXTOID, TEXTOID, BYTEAOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.payment_methods SET summary = $3, status = $4, \
                modified_at = GREATEST($5, modified_at + INTERVAL '1 microsecond') \
         WHERE profile_id = $1 AND payment_method_id = $2";
    Write REDACT(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.payment_methods \
         SET status = 'redacted', instrument = NULL, summary = NULL, duplicate_index = NULL, modified_at = $3 \
         WHERE profile_id = $1 AND payment_method_id = $2";
    Write REDACT_ALL_OF_CUSTOMER(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.payment_methods \
         SET status = 'redacted', instrument = NULL, summary = NULL, duplicate_index = NULL, modified_at = $3 \
         WHERE profile_id = $1 AND customer_id = $2 AND status <> 'redacted' RETURNING payment_method_id";
}

/// Writes what an update can change.
pub fn update(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    summary: &[u8],
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
        ])
    })?;
    Ok(())
}

/// Removes the ciphertexts and the blind index; the row's earlier version stays until it is vacuumed.
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
