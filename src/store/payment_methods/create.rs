//! Storing a payment method, or refreshing the one that the customer has already.

use vault_core::crypto::searchable::IndexPart;
use vault_core::ids::{CustomerId, PaymentMethodId, ProfileId};
use vault_core::time::Timestamp;

use super::stored::{StoredPaymentMethod, fold, method_and_token};
use crate::error::Failure;
use crate::store::audit_log::NewCreation;
use crate::store::cvcs::NewCvc;
use crate::store::statement::{id, statements, timestamptz};
use crate::store::volatile_scope::VolatileScope;

/// One statement for all that a create writes, and more that refers to the `method`. It holds the customer's key, so that the
/// customer cannot be redacted before the create has ended. The unique index decides between creates of the same card at the
/// same time.
macro_rules! insert {
    ($more:literal) => {
        concat!(
            "WITH customer AS ( \
                 SELECT profile_id, customer_id, redacted_at IS NOT NULL AS is_redacted FROM vault.customers \
                 WHERE profile_id = $1 AND customer_id = $3 FOR KEY SHARE), \
             method AS ( \
                 INSERT INTO vault.payment_methods \
                 (profile_id, payment_method_id, customer_id, payment_method_type, payment_method_subtype, \
                  instrument, summary, duplicate_index, created_at, modified_at, last_used_at) \
                 SELECT profile_id, $2, customer_id, $4, $5, $6, $7, $8, $9, $9, $9 FROM customer WHERE NOT is_redacted \
                 ON CONFLICT (profile_id, customer_id, duplicate_index) DO NOTHING \
                 RETURNING profile_id, payment_method_id), \
             audit_row AS ( \
                 INSERT INTO vault.audit_log \
                 (profile_id, audit_id, occurred_at, actor, request_id, client_address, event, object_id, outcome) \
                 SELECT profile_id, $10, $11, $12, $13, $14, $15, payment_method_id, 'success' FROM method)",
            $more,
            " SELECT is_redacted, EXISTS (SELECT 1 FROM method) AS is_inserted FROM customer"
        )
    };
}

statements! {
    /// The method that a create for the customer would repeat.
    Read FIND_DUPLICATE(TEXTOID, TEXTOID, BYTEAARRAYOID, BYTEAOID, TIMESTAMPTZOID) =
        "SELECT m.payment_method_id, m.customer_id, m.payment_method_type, m.payment_method_subtype, m.status, m.summary, \
                m.created_at, m.last_used_at, m.token_position, m.token_details, \
                m.network_token_connector_id, m.network_token_summary, c.expires_at AS cvc_expires_at, m.modified_at \
         FROM vault.payment_methods_with_tokens m \
         LEFT JOIN vault.cvcs c \
           ON c.profile_id = m.profile_id AND c.payment_method_id = m.payment_method_id \
          AND c.memory_key = $4 AND c.expires_at > $5 \
         WHERE m.profile_id = $1 AND m.customer_id = $2 AND m.duplicate_index = ANY ($3)";
    /// Gives a row for the customer, if there is one.
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID,
                 UUIDOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID) = insert!("");
    Write INSERT_WITH_CVC(TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID,
                          UUIDOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
                          BYTEAOID, BYTEAOID, TIMESTAMPTZOID) = insert!(
        ", cvc AS ( \
             INSERT INTO vault.cvcs (profile_id, payment_method_id, memory_key, code, expires_at) \
             SELECT profile_id, payment_method_id, $16, $17, $18 FROM method \
             ON CONFLICT (profile_id, payment_method_id) \
             DO UPDATE SET memory_key = EXCLUDED.memory_key, code = EXCLUDED.code, expires_at = EXCLUDED.expires_at)"
    );
    /// Writes the CVC, too, if one came with the create. Gives a row for the method.
    Write REFRESH(TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, BYTEAOID, BYTEAOID,
                  TIMESTAMPTZOID) =
        "WITH method AS ( \
             UPDATE vault.payment_methods SET summary = $3, status = 'active', payment_method_subtype = $6, \
                    modified_at = GREATEST($4, modified_at + INTERVAL '1 microsecond') \
             WHERE profile_id = $1 AND payment_method_id = $2 AND modified_at = $5 \
             RETURNING profile_id, payment_method_id), \
         cvc AS ( \
             INSERT INTO vault.cvcs (profile_id, payment_method_id, memory_key, code, expires_at) \
             SELECT profile_id, payment_method_id, $7, $8, $9 FROM method WHERE $8 IS NOT NULL \
             ON CONFLICT (profile_id, payment_method_id) \
             DO UPDATE SET memory_key = EXCLUDED.memory_key, code = EXCLUDED.code, expires_at = EXCLUDED.expires_at) \
         SELECT 1 FROM method";
}

/// A row to be.
pub struct NewRow<'a> {
    pub profile_id: &'a ProfileId,
    pub payment_method_id: &'a PaymentMethodId,
    pub customer_id: &'a CustomerId,
    pub payment_method_type: &'a str,
    pub payment_method_subtype: Option<&'a str>,
    /// Envelope.
    pub instrument: &'a [u8],
    /// Envelope.
    pub summary: &'a [u8],
    pub duplicate_index: &'a IndexPart,
    pub created_at: Timestamp,
    /// The CVC that goes with it.
    pub cvc: Option<&'a NewCvc>,
    /// Who creates it.
    pub audit: NewCreation<'a>,
}

/// What became of a row to be.
pub enum Inserted {
    Done,
    /// The customer has the same card or account already.
    Duplicate,
    NoCustomer,
    CustomerRedacted,
}

/// What a create changes of the method that it would repeat.
pub struct Refresh<'a> {
    pub profile_id: &'a ProfileId,
    pub payment_method_id: &'a PaymentMethodId,
    pub payment_method_subtype: Option<&'a str>,
    /// Envelope.
    pub summary: &'a [u8],
    pub now: Timestamp,
    /// `modified_at` of the method as the look-up found it.
    pub unchanged_since: Timestamp,
    /// The CVC that goes with it.
    pub cvc: Option<&'a NewCvc>,
}

/// The method that a create would repeat.
pub struct Duplicate {
    pub method: StoredPaymentMethod,
    pub modified_at: Timestamp,
}

/// The customer's method of the same card or account, found by the indexes that it may have.
pub fn find_duplicate(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
    duplicate_indexes: &[IndexPart],
    scope: VolatileScope,
) -> Result<Option<Duplicate>, Failure> {
    let indexes: Vec<_> = duplicate_indexes.iter().map(IndexPart::as_slice).collect();
    let arguments = [
        id(profile_id),
        id(customer_id),
        indexes.into(),
        scope.memory_key.into(),
        timestamptz(scope.now).into(),
    ];
    let rows = FIND_DUPLICATE.with(|statement| {
        statement.rows(&arguments, |row| {
            Ok((row.timestamp("modified_at")?, method_and_token(row)?))
        })
    })?;
    let modified_at = rows.first().map(|(modified_at, _)| *modified_at);
    let method = fold(rows.into_iter().map(|(_, row)| row)).pop();
    Ok(method
        .zip(modified_at)
        .map(|(method, modified_at)| Duplicate {
            method,
            modified_at,
        }))
}

/// Writes the method with its CVC and the row of the audit log, unless the outcome says why not.
pub fn insert(method: NewRow<'_>) -> Result<Inserted, Failure> {
    let row = [
        id(method.profile_id),
        id(method.payment_method_id),
        id(method.customer_id),
        method.payment_method_type.into(),
        method.payment_method_subtype.into(),
        method.instrument.into(),
        method.summary.into(),
        method.duplicate_index.as_slice().into(),
        timestamptz(method.created_at).into(),
    ];
    let mut arguments: Vec<_> = row.into_iter().chain(method.audit.arguments()).collect();
    let statement = match method.cvc {
        None => &INSERT,
        Some(_) => {
            arguments.extend(NewCvc::arguments(method.cvc));
            &INSERT_WITH_CVC
        }
    };
    let customer = statement.with(|statement| {
        statement.row(&arguments, |row| {
            Ok((row.required("is_redacted")?, row.required("is_inserted")?))
        })
    })?;
    Ok(match customer {
        None => Inserted::NoCustomer,
        Some((true, _)) => Inserted::CustomerRedacted,
        Some((false, false)) => Inserted::Duplicate,
        Some((false, true)) => Inserted::Done,
    })
}

/// Makes the method active, with this summary. False, and nothing is written, when somebody has changed it meanwhile.
pub fn refresh(refresh: Refresh<'_>) -> Result<bool, Failure> {
    let [memory_key, cvc, cvc_expires_at] = NewCvc::arguments(refresh.cvc);
    REFRESH.with(|statement| {
        let rows = statement.execute(&[
            id(refresh.profile_id),
            id(refresh.payment_method_id),
            refresh.summary.into(),
            timestamptz(refresh.now).into(),
            timestamptz(refresh.unchanged_since).into(),
            refresh.payment_method_subtype.into(),
            memory_key,
            cvc,
            cvc_expires_at,
        ])?;
        Ok(rows > 0)
    })
}
