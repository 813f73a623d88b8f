//! Storing a payment method, or refreshing the one that the customer has already.

use std::collections::HashSet;

use pgrx::datum::DatumWithOid;
use vault_core::crypto::searchable::IndexPart;
use vault_core::ids::{CustomerId, PaymentMethodId, ProfileId};
use vault_core::time::Timestamp;

use super::stored::{Status, StoredPaymentMethod, fold, method_and_token};
use crate::error::Failure;
use crate::store::audit_log::NewCreation;
use crate::store::cvcs::NewCvc;
use crate::store::statement::{id, statements, timestamptz};
use crate::store::volatile_scope::VolatileScope;

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
    /// All that a create writes. It holds the customer's key, so that the customer cannot be redacted before the create has
    /// ended. The unique index decides between creates of the same card at the same time. Gives a row for the customer, if there
    /// is one.
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID,
                 UUIDOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID) =
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
             SELECT profile_id, $10, $11, $12, $13, $14, $15, payment_method_id, 'success' FROM method), \
         counted AS ( \
             INSERT INTO vault.payment_method_counts (profile_id, active) SELECT profile_id, 1 FROM method) \
         SELECT is_redacted, EXISTS (SELECT 1 FROM method) AS is_inserted FROM customer";
    /// The same with a CVC.
    Write INSERT_WITH_CVC(TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID,
                          UUIDOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
                          BYTEAOID, BYTEAOID, TIMESTAMPTZOID) =
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
             SELECT profile_id, $10, $11, $12, $13, $14, $15, payment_method_id, 'success' FROM method), \
         counted AS ( \
             INSERT INTO vault.payment_method_counts (profile_id, active) SELECT profile_id, 1 FROM method), \
         cvc AS ( \
             INSERT INTO vault.cvcs (profile_id, payment_method_id, memory_key, code, expires_at) \
             SELECT profile_id, payment_method_id, $16, $17, $18 FROM method \
             ON CONFLICT (profile_id, payment_method_id) \
             DO UPDATE SET memory_key = EXCLUDED.memory_key, code = EXCLUDED.code, expires_at = EXCLUDED.expires_at) \
         SELECT is_redacted, EXISTS (SELECT 1 FROM method) AS is_inserted FROM customer";
    /// Gives a row for each method that the customers did not have.
    Write INSERT_ALL(TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID,
                     BYTEAARRAYOID, TIMESTAMPTZOID) =
        "INSERT INTO vault.payment_methods \
         (profile_id, payment_method_id, customer_id, payment_method_type, payment_method_subtype, \
          instrument, summary, duplicate_index, created_at, modified_at, last_used_at) \
         SELECT $1, new.*, $9, $9, $9 \
         FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), \
                         pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8)) AS new \
         ON CONFLICT (profile_id, customer_id, duplicate_index) DO NOTHING RETURNING payment_method_id";
    /// What belongs to methods that are inserted.
    Write INSERT_REST(TEXTOID, TEXTARRAYOID, UUIDARRAYOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
                      BYTEAARRAYOID, BYTEAOID, TIMESTAMPTZOID) =
        "WITH cvc AS ( \
             INSERT INTO vault.cvcs (profile_id, payment_method_id, memory_key, code, expires_at) \
             SELECT $1, new.payment_method_id, $10, new.code, $11 \
             FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($9)) AS new (payment_method_id, code) \
             WHERE new.code IS NOT NULL), \
         counted AS ( \
             INSERT INTO vault.payment_method_counts (profile_id, active) \
             SELECT $1, n FROM pg_catalog.cardinality($2) AS n WHERE n > 0) \
         INSERT INTO vault.audit_log \
         (profile_id, audit_id, occurred_at, actor, request_id, client_address, event, object_id, outcome) \
         SELECT $1, new.audit_id, $4, $5, $6, $7, $8, new.payment_method_id, 'success' \
         FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS new (payment_method_id, audit_id)";
    /// Writes the CVC, too, if one came with the create. Gives a row for the method.
    Write REFRESH(TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, BYTEAOID, BYTEAOID,
                  TIMESTAMPTZOID, INT8OID) =
        "WITH method AS ( \
             UPDATE vault.payment_methods SET summary = $3, status = 'active', payment_method_subtype = $6, \
                    modified_at = GREATEST($4, modified_at + INTERVAL '1 microsecond') \
             WHERE profile_id = $1 AND payment_method_id = $2 AND modified_at = $5 \
             RETURNING profile_id, payment_method_id), \
         cvc AS ( \
             INSERT INTO vault.cvcs (profile_id, payment_method_id, memory_key, code, expires_at) \
             SELECT profile_id, payment_method_id, $7, $8, $9 FROM method WHERE $8 IS NOT NULL \
             ON CONFLICT (profile_id, payment_method_id) \
             DO UPDATE SET memory_key = EXCLUDED.memory_key, code = EXCLUDED.code, expires_at = EXCLUDED.expires_at), \
         counted AS ( \
             INSERT INTO vault.payment_method_counts (profile_id, active) SELECT profile_id, $10 FROM method WHERE $10 <> 0) \
         SELECT 1 FROM method";
}

/// A row to be.
pub struct NewRow<'a> {
    pub payment_method_id: &'a PaymentMethodId,
    pub customer_id: &'a CustomerId,
    pub payment_method_type: &'a str,
    pub payment_method_subtype: Option<&'a str>,
    /// Envelope.
    pub instrument: &'a [u8],
    /// Envelope.
    pub summary: &'a [u8],
    pub duplicate_index: &'a IndexPart,
    /// The CVC that goes with it.
    pub cvc: Option<&'a NewCvc>,
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
    /// As the look-up found it.
    pub earlier_status: Status,
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
pub fn insert(
    profile_id: &ProfileId,
    created_at: Timestamp,
    method: &NewRow<'_>,
    audit: &NewCreation<'_>,
) -> Result<Inserted, Failure> {
    let row = [
        id(profile_id),
        id(method.payment_method_id),
        id(method.customer_id),
        method.payment_method_type.into(),
        method.payment_method_subtype.into(),
        method.instrument.into(),
        method.summary.into(),
        method.duplicate_index.as_slice().into(),
        timestamptz(created_at).into(),
    ];
    let audit_id = audit.new_id()?;
    let mut arguments: Vec<_> = row.into_iter().chain(audit.arguments(audit_id)).collect();
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

/// Writes those of the methods that their customers, who are held, do not have. Gives the ids of these.
pub fn insert_all(
    profile_id: &ProfileId,
    created_at: Timestamp,
    methods: &[NewRow<'_>],
    audit: &NewCreation<'_>,
) -> Result<HashSet<PaymentMethodId>, Failure> {
    let inserted = INSERT_ALL.with(|statement| {
        let arguments = [
            id(profile_id),
            array(methods, |method| method.payment_method_id.as_str()),
            array(methods, |method| method.customer_id.as_str()),
            array(methods, |method| method.payment_method_type),
            array(methods, |method| method.payment_method_subtype),
            array(methods, |method| method.instrument),
            array(methods, |method| method.summary),
            array(methods, |method| method.duplicate_index.as_slice()),
            timestamptz(created_at).into(),
        ];
        statement.rows(&arguments, |row| {
            row.id::<PaymentMethodId>("payment_method_id")
        })
    })?;
    let inserted: HashSet<_> = inserted.into_iter().collect();
    let methods = methods.iter();
    let written: Vec<_> = methods
        .filter(|method| inserted.contains(method.payment_method_id))
        .collect();
    insert_rest(profile_id, &written, audit)?;
    Ok(inserted)
}

fn insert_rest(
    profile_id: &ProfileId,
    methods: &[&NewRow<'_>],
    audit: &NewCreation<'_>,
) -> Result<(), Failure> {
    let audit_ids: Vec<_> = methods
        .iter()
        .map(|_| audit.new_id())
        .collect::<Result<_, Failure>>()?;
    // All of them are under the memory key of this server, and expire at the same time.
    let any_cvc = methods.iter().find_map(|method| method.cvc);
    let [memory_key, _, expires_at] = NewCvc::arguments(any_cvc);
    let ids = array(methods, |method| method.payment_method_id.as_str());
    let cvcs = array(methods, |method| {
        method.cvc.map(|cvc| cvc.envelope.as_slice())
    });
    let arguments: Vec<_> = [id(profile_id), ids]
        .into_iter()
        .chain(audit.arguments(audit_ids))
        .chain([cvcs, memory_key, expires_at])
        .collect();
    INSERT_REST.with(|statement| statement.execute(&arguments))?;
    Ok(())
}

/// A value of each row as one parameter.
fn array<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> DatumWithOid<'a>
where
    Vec<T>: Into<DatumWithOid<'a>>,
{
    rows.iter().map(value).collect::<Vec<T>>().into()
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
            Status::Active
                .change_of_count(refresh.earlier_status)
                .into(),
        ])?;
        Ok(rows > 0)
    })
}
