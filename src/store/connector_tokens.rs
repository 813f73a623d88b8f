//! Table `vault.connector_tokens`. They are read together with their payment method.

use vault_core::time::Timestamp;

use super::statement::{Row, statements, timestamptz};
use crate::error::Failure;

statements! {
    Write UPSERT(TEXTOID, TEXTOID, INT4OID, BYTEAOID, TIMESTAMPTZOID) =
        "INSERT INTO vault.connector_tokens (profile_id, payment_method_id, position, details, expires_at) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (profile_id, payment_method_id, position) \
         DO UPDATE SET details = EXCLUDED.details, expires_at = EXCLUDED.expires_at";
    /// Of several uses at the same time, one gets the token.
    Write TAKE(TEXTOID, TEXTOID, INT4OID) =
        "DELETE FROM vault.connector_tokens WHERE profile_id = $1 AND payment_method_id = $2 AND position = $3";
    Write DELETE(TEXTOID, TEXTARRAYOID) =
        "DELETE FROM vault.connector_tokens WHERE profile_id = $1 AND payment_method_id = ANY ($2) \
         RETURNING payment_method_id, position, details";
}

/// A token of a payment method.
pub struct StoredToken {
    /// Its place among the method's tokens, which is part of its identity.
    pub position: i32,
    /// Envelope.
    pub details: Vec<u8>,
}

/// A token that was removed, and from which payment method.
pub struct DeletedToken {
    pub payment_method_id: String,
    pub token: StoredToken,
}

/// Writes a token, which ends at `expires_at`. None: it does not end by itself.
pub fn upsert(
    profile_id: &str,
    payment_method_id: &str,
    position: i32,
    details: &[u8],
    expires_at: Option<Timestamp>,
) -> Result<(), Failure> {
    UPSERT.with(|statement| {
        statement.execute(&[
            profile_id.into(),
            payment_method_id.into(),
            position.into(),
            details.into(),
            expires_at.and_then(timestamptz).into(),
        ])
    })?;
    Ok(())
}

/// Removes a token that can be used once. False when somebody else was faster.
pub fn take(profile_id: &str, payment_method_id: &str, position: i32) -> Result<bool, Failure> {
    let arguments = [profile_id.into(), payment_method_id.into(), position.into()];
    Ok(TAKE.with(|statement| statement.execute(&arguments))? > 0)
}

/// Removes all tokens of these payment methods.
pub fn delete_of(
    profile_id: &str,
    payment_methods: Vec<String>,
) -> Result<Vec<DeletedToken>, Failure> {
    let arguments = [profile_id.into(), payment_methods.into()];
    DELETE.with(|statement| {
        statement.rows(&arguments, |row: &Row<'_>| {
            Ok(DeletedToken {
                payment_method_id: row.required("payment_method_id")?,
                token: StoredToken {
                    position: row.required("position")?,
                    details: row.required("details")?,
                },
            })
        })
    })
}
