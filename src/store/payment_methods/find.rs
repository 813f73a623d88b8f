//! Looking payment methods up, and locking them.

use pgrx::datum::DatumWithOid;
use vault_core::card::cvc;
use vault_core::ids::{CustomerId, PaymentMethodId, ProfileId};
use vault_core::time::Timestamp;

use super::stored::{StoredPaymentMethod, WithInstrument, fold, method_and_token};
use crate::error::Failure;
use crate::postgres::standby::is_on_standby;
use crate::store::statement::{id, ids, optional_id, statements, timestamptz};
use crate::store::volatile_payment_methods;
use crate::store::volatile_scope::VolatileScope;

statements! {
    Read FIND(TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "SELECT m.payment_method_id, m.customer_id, m.payment_method_type, m.payment_method_subtype, m.status, m.summary, \
                m.created_at, m.last_used_at, m.token_position, m.token_details, \
                m.network_token_connector_id, m.network_token_summary, c.expires_at AS cvc_expires_at \
         FROM vault.payment_methods_with_tokens m \
         LEFT JOIN vault.cvcs c \
           ON c.profile_id = m.profile_id AND c.payment_method_id = m.payment_method_id \
          AND c.memory_key = $3 AND c.expires_at > $4 \
         WHERE m.profile_id = $1 AND m.payment_method_id = $2";
    Read FIND_WITH_INSTRUMENT(TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "SELECT m.payment_method_id, m.customer_id, m.payment_method_type, m.payment_method_subtype, m.status, m.summary, \
                m.created_at, m.last_used_at, m.token_position, m.token_details, \
                m.network_token_connector_id, m.network_token_summary, c.expires_at AS cvc_expires_at, m.instrument \
         FROM vault.payment_methods_with_tokens m \
         LEFT JOIN vault.cvcs c \
           ON c.profile_id = m.profile_id AND c.payment_method_id = m.payment_method_id \
          AND c.memory_key = $3 AND c.expires_at > $4 \
         WHERE m.profile_id = $1 AND m.payment_method_id = $2";
    Read FIND_ALL(TEXTOID, TEXTARRAYOID, BYTEAOID, TIMESTAMPTZOID) =
        "SELECT m.payment_method_id, m.customer_id, m.payment_method_type, m.payment_method_subtype, m.status, m.summary, \
                m.created_at, m.last_used_at, m.token_position, m.token_details, \
                m.network_token_connector_id, m.network_token_summary, c.expires_at AS cvc_expires_at \
         FROM vault.payment_methods_with_tokens m \
         LEFT JOIN vault.cvcs c \
           ON c.profile_id = m.profile_id AND c.payment_method_id = m.payment_method_id \
          AND c.memory_key = $3 AND c.expires_at > $4 \
         WHERE m.profile_id = $1 AND m.payment_method_id = ANY ($2) ORDER BY m.payment_method_id";
    /// A standby cannot read unlogged tables. Even naming one in a statement is an error there.
    Read FIND_ON_STANDBY(TEXTOID, TEXTOID) =
        "SELECT m.payment_method_id, m.customer_id, m.payment_method_type, m.payment_method_subtype, m.status, m.summary, \
                m.created_at, m.last_used_at, m.token_position, m.token_details, \
                m.network_token_connector_id, m.network_token_summary, NULL::timestamptz AS cvc_expires_at, m.modified_at \
         FROM vault.payment_methods_with_tokens m \
         WHERE m.profile_id = $1 AND m.payment_method_id = $2";
    Write LOCK(TEXTOID, TEXTOID) =
        "SELECT 1 FROM vault.payment_methods WHERE profile_id = $1 AND payment_method_id = $2 FOR UPDATE";
    Write LOCK_IF_FREE(TEXTOID, TEXTOID) =
        "SELECT 1 FROM vault.payment_methods WHERE profile_id = $1 AND payment_method_id = $2 FOR UPDATE SKIP LOCKED";
    Read CUSTOMER_OF(TEXTOID, TEXTOID) =
        "SELECT customer_id FROM vault.payment_methods WHERE profile_id = $1 AND payment_method_id = $2";
    /// Every row begins with the customer, so that a customer without methods differs from no customer. The page is cut before the
    /// tokens come in, because a method may have several.
    Read LIST(TEXTOID, TEXTOID, INT8OID, TEXTOID) =
        "SELECT c.redacted_at IS NOT NULL AS customer_redacted, c.default_payment_method_id, \
                $4 IS NOT NULL AND last.payment_method_id IS NULL AS last_is_missing, \
                m.payment_method_id, m.customer_id, m.payment_method_type, m.payment_method_subtype, m.status, m.summary, \
                m.created_at, m.last_used_at, m.token_position, m.token_details, \
                m.network_token_connector_id, m.network_token_summary, NULL::timestamptz AS cvc_expires_at \
         FROM vault.customers c \
         LEFT JOIN vault.payment_methods last \
           ON last.profile_id = c.profile_id AND last.customer_id = c.customer_id AND last.payment_method_id = $4 \
         LEFT JOIN LATERAL ( \
             SELECT p.payment_method_id FROM vault.payment_methods p \
             WHERE p.profile_id = $1 AND p.customer_id = $2 AND p.status = 'active' \
               AND ($4 IS NULL \
                    OR (p.last_used_at, p.payment_method_id) < (last.last_used_at, last.payment_method_id)) \
             ORDER BY p.last_used_at DESC, p.payment_method_id DESC LIMIT $3) page ON true \
         LEFT JOIN vault.payment_methods_with_tokens m \
           ON m.profile_id = c.profile_id AND m.payment_method_id = page.payment_method_id \
         WHERE c.profile_id = $1 AND c.customer_id = $2 ORDER BY m.last_used_at DESC, m.payment_method_id DESC";
}

/// The active methods of a customer.
pub struct CustomersMethods {
    pub customer_redacted: bool,
    pub default_payment_method_id: Option<PaymentMethodId>,
    /// The customer has no method of the id after which the page is to begin.
    pub last_is_missing: bool,
    /// Last used first.
    pub methods: Vec<StoredPaymentMethod>,
}

/// Finds a persistent or volatile method, or on a standby only a persistent one. The id does not say which kind it is. Most
/// methods are persistent, so only the others cost a second look-up.
pub fn find(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    scope: VolatileScope,
) -> Result<Option<StoredPaymentMethod>, Failure> {
    if is_on_standby() {
        return find_on_standby(profile_id, payment_method_id, scope.now);
    }
    let arguments = arguments(profile_id, payment_method_id, scope);
    let rows = FIND.with(|statement| statement.rows(&arguments, method_and_token))?;
    match fold(rows).pop() {
        Some(method) => Ok(Some(method)),
        None => volatile_payment_methods::find(profile_id, payment_method_id, scope),
    }
}

/// Finds the persistent ones of these methods by one statement. On a standby there is no such statement, so it finds none.
pub fn find_all(
    profile_id: &ProfileId,
    payment_method_ids: &[PaymentMethodId],
    scope: VolatileScope,
) -> Result<Vec<StoredPaymentMethod>, Failure> {
    if is_on_standby() {
        return Ok(Vec::new());
    }
    let arguments = [
        id(profile_id),
        ids(payment_method_ids),
        scope.memory_key.into(),
        timestamptz(scope.now).into(),
    ];
    let rows = FIND_ALL.with(|statement| statement.rows(&arguments, method_and_token))?;
    Ok(fold(rows))
}

/// Finds a method for which no CVC is kept any more: every CVC comes with a write.
fn find_on_standby(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    now: Timestamp,
) -> Result<Option<StoredPaymentMethod>, Failure> {
    let arguments = [id(profile_id), id(payment_method_id)];
    let rows = FIND_ON_STANDBY.with(|statement| {
        statement.rows(&arguments, |row| {
            Ok((row.timestamp("modified_at")?, method_and_token(row)?))
        })
    })?;
    for (modified_at, _) in &rows {
        if modified_at.after(cvc::LIFETIME)? > now {
            return Err(Failure::RecentOnStandby);
        }
    }
    Ok(fold(rows.into_iter().map(|(_, row)| row)).pop())
}

/// Finds a method to reveal it, which a standby cannot put on record.
pub fn find_with_instrument(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    scope: VolatileScope,
) -> Result<Option<WithInstrument>, Failure> {
    if is_on_standby() {
        return Err(Failure::Standby);
    }
    let arguments = arguments(profile_id, payment_method_id, scope);
    let mut rows = FIND_WITH_INSTRUMENT.with(|statement| {
        statement.rows(&arguments, |row| {
            Ok((method_and_token(row)?, row.optional("instrument")?))
        })
    })?;
    let instrument = rows
        .first_mut()
        .and_then(|(_, instrument)| instrument.take());
    match fold(rows.into_iter().map(|(row, _)| row)).pop() {
        Some(method) => Ok(Some(WithInstrument { method, instrument })),
        None => {
            volatile_payment_methods::find_with_instrument(profile_id, payment_method_id, scope)
        }
    }
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

/// Finds a persistent method and locks it. The method is read after the lock is taken, so its tokens are also the present
/// ones.
pub fn lock(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    scope: VolatileScope,
) -> Result<Option<StoredPaymentMethod>, Failure> {
    let arguments = [id(profile_id), id(payment_method_id)];
    if LOCK.with(|statement| statement.execute(&arguments))? == 0 {
        return Ok(None);
    }
    find(profile_id, payment_method_id, scope)
}

/// As [`lock`], but does not wait: none also when somebody else holds the method.
pub fn lock_if_free(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    scope: VolatileScope,
) -> Result<Option<StoredPaymentMethod>, Failure> {
    let arguments = [id(profile_id), id(payment_method_id)];
    if LOCK_IF_FREE.with(|statement| statement.execute(&arguments))? == 0 {
        return Ok(None);
    }
    find(profile_id, payment_method_id, scope)
}

/// The customer of a method, even of one that is redacted.
pub fn customer_of(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
) -> Result<Option<CustomerId>, Failure> {
    let arguments = [id(profile_id), id(payment_method_id)];
    CUSTOMER_OF.with(|statement| statement.row(&arguments, |row| row.id("customer_id")))
}

/// At most `limit` methods, after the one of that id. None when the profile has no such customer.
pub fn list(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
    limit: i64,
    after: Option<&PaymentMethodId>,
) -> Result<Option<CustomersMethods>, Failure> {
    let arguments = [
        id(profile_id),
        id(customer_id),
        limit.into(),
        optional_id(after),
    ];
    let rows = LIST.with(|statement| {
        statement.rows(&arguments, |row| {
            let method = row
                .optional_id::<PaymentMethodId>("payment_method_id")?
                .map(|_| method_and_token(row))
                .transpose()?;
            Ok((
                row.required::<bool>("customer_redacted")?,
                row.optional_id::<PaymentMethodId>("default_payment_method_id")?,
                row.required::<bool>("last_is_missing")?,
                method,
            ))
        })
    })?;
    let Some((customer_redacted, default_payment_method_id, last_is_missing, _)) = rows.first()
    else {
        return Ok(None);
    };
    Ok(Some(CustomersMethods {
        customer_redacted: *customer_redacted,
        default_payment_method_id: default_payment_method_id.clone(),
        last_is_missing: *last_is_missing,
        methods: fold(rows.into_iter().filter_map(|(_, _, _, method)| method)),
    }))
}
