//! Table `vault.cvcs`. Whether there is a code is read together with its payment method.

use pgrx::datum::DatumWithOid;
use vault_core::contract::time::Timestamp;

use super::statement::{statements, timestamptz};
use super::volatile_scope::VolatileScope;
use crate::error::Failure;

/// Inserts a code, or replaces the one that the payment method has, given what goes before the conflict.
macro_rules! upsert_code {
    ($values:literal) => {
        concat!(
            "INSERT INTO vault.cvcs (profile_id, payment_method_id, memory_key, code, expires_at) ",
            $values,
            " ON CONFLICT (profile_id, payment_method_id) DO UPDATE \
             SET memory_key = EXCLUDED.memory_key, code = EXCLUDED.code, expires_at = EXCLUDED.expires_at"
        )
    };
}
pub(super) use upsert_code;

statements! {
    Write UPSERT(TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID) =
        upsert_code!("VALUES ($1, $2, $3, $4, $5)");
    /// Of several at the same time, one gets the code.
    Write TAKE(TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "DELETE FROM vault.cvcs WHERE payment_method_id = $1 AND memory_key = $2 AND expires_at > $3 RETURNING code";
    Write DELETE(TEXTARRAYOID) = "DELETE FROM vault.cvcs WHERE payment_method_id = ANY ($1)";
    Write DELETE_ALL() = "DELETE FROM vault.cvcs";
}

/// A code to be.
pub struct NewCode {
    pub memory_key: &'static [u8],
    /// Envelope.
    pub code: Vec<u8>,
    pub expires_at: Timestamp,
}

impl NewCode {
    /// Memory key, envelope and end, in the order of the table; NULL for none.
    pub(super) fn arguments(new: Option<&Self>) -> [DatumWithOid<'_>; 3] {
        [
            new.map(|new| new.memory_key).into(),
            new.map(|new| new.code.as_slice()).into(),
            new.and_then(|new| timestamptz(new.expires_at)).into(),
        ]
    }
}

/// Keeps a code for a payment method that the caller has locked.
pub fn upsert(profile_id: &str, payment_method_id: &str, new: &NewCode) -> Result<(), Failure> {
    UPSERT.with(|statement| {
        statement.execute(&[
            profile_id.into(),
            payment_method_id.into(),
            new.memory_key.into(),
            new.code.as_slice().into(),
            timestamptz(new.expires_at).into(),
        ])
    })?;
    Ok(())
}

/// Deletes the code of a payment method, and gives its envelope.
pub fn take(payment_method_id: &str, scope: VolatileScope) -> Result<Option<Vec<u8>>, Failure> {
    TAKE.with(|statement| {
        statement.row(
            &[
                payment_method_id.into(),
                scope.memory_key.into(),
                timestamptz(scope.now).into(),
            ],
            |row| row.required(1),
        )
    })
}

/// Deletes the codes of these payment methods.
pub fn delete_of(payment_methods: Vec<String>) -> Result<(), Failure> {
    DELETE.with(|statement| statement.execute(&[payment_methods.into()]))?;
    Ok(())
}

/// Deletes the codes of the current profile.
pub fn delete_all() -> Result<(), Failure> {
    DELETE_ALL.with(|statement| statement.execute(&[]))?;
    Ok(())
}
