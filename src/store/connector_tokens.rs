//! Table `vault.connector_tokens`. They are read together with their payment method.

use super::statement::statements;
use crate::error::Failure;

statements! {
    Write UPSERT(TEXTOID, TEXTOID, INT4OID, BYTEAOID) =
        "INSERT INTO vault.connector_tokens (profile_id, payment_method_id, position, details) \
         VALUES ($1, $2, $3, $4) \
         ON CONFLICT (profile_id, payment_method_id, position) DO UPDATE SET details = EXCLUDED.details";
    Write DELETE(TEXTARRAYOID) = "DELETE FROM vault.connector_tokens WHERE payment_method_id = ANY ($1)";
}

/// A token of a payment method.
pub struct StoredToken {
    /// Its place among the method's tokens, which is part of its identity.
    pub position: i32,
    /// Envelope.
    pub details: Vec<u8>,
}

pub fn upsert(
    profile_id: &str,
    payment_method_id: &str,
    position: i32,
    details: &[u8],
) -> Result<(), Failure> {
    UPSERT.with(|statement| {
        statement.execute(&[
            profile_id.into(),
            payment_method_id.into(),
            position.into(),
            details.into(),
        ])
    })?;
    Ok(())
}

/// Removes all tokens of these payment methods.
pub fn delete_of(payment_methods: Vec<String>) -> Result<(), Failure> {
    DELETE.with(|statement| statement.execute(&[payment_methods.into()]))?;
    Ok(())
}
