//! Table `vault.network_tokens`. They are read together with their payment method.

use vault_core::time::Timestamp;

use super::statement::{Row, statements, timestamptz};
use crate::error::Failure;

statements! {
    Write UPSERT(TEXTOID, TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "INSERT INTO vault.network_tokens (profile_id, payment_method_id, connector_id, summary, check_after) \
         VALUES ($1, $2, $3, $4, COALESCE($5, 'infinity')) \
         ON CONFLICT (profile_id, payment_method_id) \
         DO UPDATE SET connector_id = EXCLUDED.connector_id, summary = EXCLUDED.summary, check_after = EXCLUDED.check_after";
    Write DELETE(TEXTOID, TEXTARRAYOID) =
        "DELETE FROM vault.network_tokens WHERE profile_id = $1 AND payment_method_id = ANY ($2) \
         RETURNING payment_method_id, connector_id, summary";
    /// A token that another session has locked is left out.
    Write TO_CHECK(TIMESTAMPTZOID, INT8OID) =
        "/* all profiles: the worker finds what is due, and acts for the profile of each token then */ \
         SELECT profile_id, payment_method_id, connector_id FROM vault.network_tokens WHERE check_after <= $1 \
         ORDER BY check_after LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED";
    Write CHECK_AFTER(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.network_tokens SET check_after = $3 WHERE profile_id = $1 AND payment_method_id = $2";
}

/// The network token of a payment method.
pub struct StoredNetworkToken {
    /// The account at the token service.
    pub connector_id: String,
    /// Envelope.
    pub summary: Vec<u8>,
}

/// A token that was removed, and from which payment method.
pub struct DeletedNetworkToken {
    pub payment_method_id: String,
    pub token: StoredNetworkToken,
}

/// A token whose service is to be asked for its state.
pub struct TokenToCheck {
    pub profile_id: String,
    pub payment_method_id: String,
    pub connector_id: String,
}

/// Writes a payment method's token. Its service is asked for its state after `check_after`, or never if that is none.
pub fn upsert(
    profile_id: &str,
    payment_method_id: &str,
    token: &StoredNetworkToken,
    check_after: Option<Timestamp>,
) -> Result<(), Failure> {
    UPSERT.with(|statement| {
        statement.execute(&[
            profile_id.into(),
            payment_method_id.into(),
            token.connector_id.as_str().into(),
            token.summary.as_slice().into(),
            check_after.and_then(timestamptz).into(),
        ])
    })?;
    Ok(())
}

/// Removes the tokens of these payment methods.
pub fn delete_of(
    profile_id: &str,
    payment_methods: Vec<String>,
) -> Result<Vec<DeletedNetworkToken>, Failure> {
    let arguments = [profile_id.into(), payment_methods.into()];
    DELETE.with(|statement| {
        statement.rows(&arguments, |row: &Row<'_>| {
            Ok(DeletedNetworkToken {
                payment_method_id: row.required("payment_method_id")?,
                token: StoredNetworkToken {
                    connector_id: row.required("connector_id")?,
                    summary: row.required("summary")?,
                },
            })
        })
    })
}

/// Tokens of all profiles that are to be checked by now. For the worker.
pub fn to_check(now: Timestamp, limit: i64) -> Result<Vec<TokenToCheck>, Failure> {
    TO_CHECK.with(|statement| {
        statement.rows(&[timestamptz(now).into(), limit.into()], |row| {
            Ok(TokenToCheck {
                profile_id: row.required("profile_id")?,
                payment_method_id: row.required("payment_method_id")?,
                connector_id: row.required("connector_id")?,
            })
        })
    })
}

/// Puts the next check off. For the worker.
pub fn check_after(token: &TokenToCheck, time: Timestamp) -> Result<(), Failure> {
    CHECK_AFTER.with(|statement| {
        statement.execute(&[
            token.profile_id.as_str().into(),
            token.payment_method_id.as_str().into(),
            timestamptz(time).into(),
        ])
    })?;
    Ok(())
}
