//! Table `vault.volatile_payment_methods`: payment methods that are kept for a day.

use pgrx::datum::DatumWithOid;
use vault_core::contract::payment_method::StorageType;
use vault_core::ids::{CustomerId, PaymentMethodId, ProfileId};
use vault_core::time::Timestamp;

use super::cvcs::NewCvc;
use super::payment_methods::stored::{
    Status, StoredPaymentMethod, WithInstrument, payment_method_type,
};
use super::statement::{Row, id, optional_id, statements, timestamptz};
use super::volatile_scope::VolatileScope;
use crate::error::Failure;

statements! {
    /// Writes a payment method, and the CVC if one came with it.
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
                 BYTEAOID, TIMESTAMPTZOID) =
        "WITH method AS ( \
             INSERT INTO vault.volatile_payment_methods \
             (profile_id, payment_method_id, customer_id, payment_method_type, payment_method_subtype, \
              memory_key, instrument, summary, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING profile_id, payment_method_id) \
         INSERT INTO vault.cvcs (profile_id, payment_method_id, memory_key, code, expires_at) \
         SELECT profile_id, payment_method_id, $6, $11, $12 FROM method WHERE $11 IS NOT NULL \
         ON CONFLICT (profile_id, payment_method_id) \
         DO UPDATE SET memory_key = EXCLUDED.memory_key, code = EXCLUDED.code, expires_at = EXCLUDED.expires_at";
    Read FIND(TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "SELECT v.payment_method_id, v.customer_id, v.payment_method_type, v.payment_method_subtype, v.summary, v.created_at, \
                c.expires_at AS cvc_expires_at \
         FROM vault.volatile_payment_methods v \
         LEFT JOIN vault.cvcs c \
           ON c.profile_id = v.profile_id AND c.payment_method_id = v.payment_method_id \
          AND c.memory_key = $3 AND c.expires_at > $4 \
         WHERE v.profile_id = $1 AND v.payment_method_id = $2 AND v.memory_key = $3 AND v.expires_at > $4";
    Read FIND_WITH_INSTRUMENT(TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "SELECT v.payment_method_id, v.customer_id, v.payment_method_type, v.payment_method_subtype, v.summary, v.created_at, \
                v.instrument, c.expires_at AS cvc_expires_at \
         FROM vault.volatile_payment_methods v \
         LEFT JOIN vault.cvcs c \
           ON c.profile_id = v.profile_id AND c.payment_method_id = v.payment_method_id \
          AND c.memory_key = $3 AND c.expires_at > $4 \
         WHERE v.profile_id = $1 AND v.payment_method_id = $2 AND v.memory_key = $3 AND v.expires_at > $4";
    Write DELETE(TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "DELETE FROM vault.volatile_payment_methods \
         WHERE profile_id = $1 AND payment_method_id = $2 AND memory_key = $3 AND expires_at > $4";
    Write DELETE_ALL_OF_CUSTOMER(TEXTOID, TEXTOID) =
        "DELETE FROM vault.volatile_payment_methods \
         WHERE profile_id = $1 AND customer_id = $2 RETURNING payment_method_id";
    Write DELETE_ALL(TEXTOID) = "DELETE FROM vault.volatile_payment_methods WHERE profile_id = $1";
}

/// A row to be.
pub struct NewVolatileRow<'a> {
    pub profile_id: &'a ProfileId,
    pub payment_method_id: &'a PaymentMethodId,
    pub customer_id: Option<&'a CustomerId>,
    pub payment_method_type: &'a str,
    pub payment_method_subtype: Option<&'a str>,
    pub memory_key: &'static [u8],
    /// Envelope.
    pub instrument: &'a [u8],
    /// Envelope.
    pub summary: &'a [u8],
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// The CVC that goes with it.
    pub cvc: Option<&'a NewCvc>,
}

pub fn insert(method: NewVolatileRow<'_>) -> Result<(), Failure> {
    let [_, cvc, cvc_expires_at] = NewCvc::arguments(method.cvc);
    INSERT.with(|statement| {
        statement.execute(&[
            id(method.profile_id),
            id(method.payment_method_id),
            optional_id(method.customer_id),
            method.payment_method_type.into(),
            method.payment_method_subtype.into(),
            method.memory_key.into(),
            method.instrument.into(),
            method.summary.into(),
            timestamptz(method.created_at).into(),
            timestamptz(method.expires_at).into(),
            cvc,
            cvc_expires_at,
        ])
    })?;
    Ok(())
}

/// Finds a method that counts.
pub fn find(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    scope: VolatileScope,
) -> Result<Option<StoredPaymentMethod>, Failure> {
    let arguments = arguments(profile_id, payment_method_id, scope);
    FIND.with(|statement| statement.row(&arguments, read))
}

/// Finds a method that counts, to reveal it.
pub fn find_with_instrument(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    scope: VolatileScope,
) -> Result<Option<WithInstrument>, Failure> {
    let arguments = arguments(profile_id, payment_method_id, scope);
    FIND_WITH_INSTRUMENT.with(|statement| {
        statement.row(&arguments, |row| {
            Ok(WithInstrument {
                method: read(row)?,
                instrument: row.optional("instrument")?,
            })
        })
    })
}

/// Whether there was one.
pub fn delete(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    scope: VolatileScope,
) -> Result<bool, Failure> {
    let arguments = arguments(profile_id, payment_method_id, scope);
    Ok(DELETE.with(|statement| statement.execute(&arguments))? > 0)
}

/// Deletes what the customer has, and tells which methods that were.
pub fn delete_all_of_customer(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
) -> Result<Vec<PaymentMethodId>, Failure> {
    let arguments = [id(profile_id), id(customer_id)];
    DELETE_ALL_OF_CUSTOMER
        .with(|statement| statement.rows(&arguments, |row| row.id("payment_method_id")))
}

/// Deletes what the profile has.
pub fn delete_all(profile_id: &ProfileId) -> Result<(), Failure> {
    DELETE_ALL.with(|statement| statement.execute(&[id(profile_id)]))?;
    Ok(())
}

fn arguments<'a>(
    profile_id: &'a ProfileId,
    payment_method_id: &'a PaymentMethodId,
    scope: VolatileScope,
) -> [DatumWithOid<'a>; 4] {
    [
        id(profile_id),
        id(payment_method_id),
        scope.memory_key.into(),
        timestamptz(scope.now).into(),
    ]
}

/// A volatile method has no tokens, and was last used when it was made.
fn read(row: &Row<'_>) -> Result<StoredPaymentMethod, Failure> {
    let created_at = row.timestamp("created_at")?;
    Ok(StoredPaymentMethod {
        payment_method_id: row.id("payment_method_id")?,
        storage_type: StorageType::Volatile,
        customer_id: row.optional_id("customer_id")?,
        payment_method_type: payment_method_type(row)?,
        payment_method_subtype: row.optional("payment_method_subtype")?,
        status: Status::Active,
        summary: row.optional("summary")?,
        created_at,
        last_used_at: created_at,
        cvc_expires_at: row.optional_timestamp("cvc_expires_at")?,
        tokens: Vec::new(),
        network_token: None,
    })
}
