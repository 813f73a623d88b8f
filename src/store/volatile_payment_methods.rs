//! Table `vault.volatile_payment_methods`. They are found together with the persistent ones.

use vault_core::contract::time::Timestamp;

use super::cvcs::{NewCode, upsert_code};
use super::statement::{statements, timestamptz};
use super::volatile_scope::VolatileScope;
use crate::error::Failure;

statements! {
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
                 BYTEAOID, TIMESTAMPTZOID) = concat!(
        "WITH method AS ( \
             INSERT INTO vault.volatile_payment_methods \
             (profile_id, payment_method_id, customer_id, payment_method_type, payment_method_subtype, \
              memory_key, instrument, summary, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING profile_id, payment_method_id) ",
        upsert_code!("SELECT profile_id, payment_method_id, $6, $11, $12 FROM method WHERE $11 IS NOT NULL"));
    Write DELETE(TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "DELETE FROM vault.volatile_payment_methods \
         WHERE payment_method_id = $1 AND memory_key = $2 AND expires_at > $3";
    Write DELETE_ALL_OF_CUSTOMER(TEXTOID) =
        "DELETE FROM vault.volatile_payment_methods WHERE customer_id = $1 RETURNING payment_method_id";
    Write DELETE_ALL() = "DELETE FROM vault.volatile_payment_methods";
}

/// A row to be.
pub struct NewVolatileRow<'a> {
    pub profile_id: &'a str,
    pub payment_method_id: &'a str,
    pub customer_id: Option<&'a str>,
    pub payment_method_type: &'a str,
    pub payment_method_subtype: Option<&'a str>,
    pub memory_key: &'static [u8],
    /// Envelope.
    pub instrument: &'a [u8],
    /// Envelope.
    pub summary: &'a [u8],
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// The security code that goes with it.
    pub code: Option<&'a NewCode>,
}

pub fn insert(method: NewVolatileRow<'_>) -> Result<(), Failure> {
    let [_, code, code_expires_at] = NewCode::arguments(method.code);
    INSERT.with(|statement| {
        statement.execute(&[
            method.profile_id.into(),
            method.payment_method_id.into(),
            method.customer_id.into(),
            method.payment_method_type.into(),
            method.payment_method_subtype.into(),
            method.memory_key.into(),
            method.instrument.into(),
            method.summary.into(),
            timestamptz(method.created_at).into(),
            timestamptz(method.expires_at).into(),
            code,
            code_expires_at,
        ])
    })?;
    Ok(())
}

/// Whether there was one.
pub fn delete(payment_method_id: &str, scope: VolatileScope) -> Result<bool, Failure> {
    DELETE.with(|statement| {
        let rows = statement.execute(&[
            payment_method_id.into(),
            scope.memory_key.into(),
            timestamptz(scope.now).into(),
        ])?;
        Ok(rows > 0)
    })
}

/// Deletes what the customer has, and tells which methods that were.
pub fn delete_all_of_customer(customer_id: &str) -> Result<Vec<String>, Failure> {
    DELETE_ALL_OF_CUSTOMER
        .with(|statement| statement.rows(&[customer_id.into()], |row| row.required(1)))
}

/// Deletes what the current profile has.
pub fn delete_all() -> Result<(), Failure> {
    DELETE_ALL.with(|statement| statement.execute(&[]))?;
    Ok(())
}
