//! Table `vault.cvcs`. Whether there is a CVC is read together with its payment method.

use pgrx::datum::DatumWithOid;
use vault_core::time::Timestamp;

use super::statement::{statements, timestamptz};
use super::volatile_scope::VolatileScope;
use crate::error::Failure;

statements! {
    Write UPSERT(TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID) =
        "INSERT INTO vault.cvcs (profile_id, payment_method_id, memory_key, code, expires_at) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (profile_id, payment_method_id) \
         DO UPDATE SET memory_key = EXCLUDED.memory_key, code = EXCLUDED.code, expires_at = EXCLUDED.expires_at";
    /// Of several uses at the same time, one gets the CVC.
    Write TAKE(TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "DELETE FROM vault.cvcs \
         WHERE profile_id = $1 AND payment_method_id = $2 AND memory_key = $3 AND expires_at > $4 RETURNING code";
    Write DELETE(TEXTOID, TEXTARRAYOID) =
        "DELETE FROM vault.cvcs WHERE profile_id = $1 AND payment_method_id = ANY ($2)";
    Write DELETE_ALL(TEXTOID) = "DELETE FROM vault.cvcs WHERE profile_id = $1";
}

/// A CVC to be.
pub struct NewCvc {
    pub memory_key: &'static [u8],
    /// Envelope.
    pub envelope: Vec<u8>,
    pub expires_at: Timestamp,
}

impl NewCvc {
    /// Memory key, envelope and end, in the order of the table; NULL for none.
    pub(super) fn arguments(new: Option<&Self>) -> [DatumWithOid<'_>; 3] {
        [
            new.map(|new| new.memory_key).into(),
            new.map(|new| new.envelope.as_slice()).into(),
            new.and_then(|new| timestamptz(new.expires_at)).into(),
        ]
    }
}

/// Keeps a CVC for a payment method that the caller has locked.
pub fn upsert(profile_id: &str, payment_method_id: &str, new: &NewCvc) -> Result<(), Failure> {
    UPSERT.with(|statement| {
        statement.execute(&[
            profile_id.into(),
            payment_method_id.into(),
            new.memory_key.into(),
            new.envelope.as_slice().into(),
            timestamptz(new.expires_at).into(),
        ])
    })?;
    Ok(())
}

/// Deletes the CVC of a payment method, and gives its envelope.
pub fn take(
    profile_id: &str,
    payment_method_id: &str,
    scope: VolatileScope,
) -> Result<Option<Vec<u8>>, Failure> {
    let arguments = [
        profile_id.into(),
        payment_method_id.into(),
        scope.memory_key.into(),
        timestamptz(scope.now).into(),
    ];
    TAKE.with(|statement| statement.row(&arguments, |row| row.required("code")))
}

/// Deletes the CVCs of these payment methods.
pub fn delete_of(profile_id: &str, payment_methods: Vec<String>) -> Result<(), Failure> {
    let arguments = [profile_id.into(), payment_methods.into()];
    DELETE.with(|statement| statement.execute(&arguments))?;
    Ok(())
}

/// Deletes the CVCs of a profile.
pub fn delete_all(profile_id: &str) -> Result<(), Failure> {
    DELETE_ALL.with(|statement| statement.execute(&[profile_id.into()]))?;
    Ok(())
}
