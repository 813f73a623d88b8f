//! Table `vault.payment_methods`.

use pgrx::datum::DatumWithOid;
use vault_core::contract::payment_method::{PaymentMethodType, StorageType};
use vault_core::contract::time::Timestamp;
use vault_core::crypto::searchable::IndexPart;

use super::connector_tokens::StoredToken;
use super::cvcs::{NewCode, upsert_code};
use super::network_tokens::StoredNetworkToken;
use super::statement::{Row, is_on_standby, statements, timestamptz};
use super::volatile_scope::VolatileScope;
use crate::error::Failure;

/// What every read of payment methods `p` selects: a row per connector token `t`, or one without. [`fold`] reads them.
/// The last columns are the end of the method's security code, and its network token `n`.
macro_rules! columns {
    ($code_expires_at:literal) => {
        concat!(
            "p.payment_method_id, p.customer_id, p.payment_method_type, p.payment_method_subtype, p.status, p.summary, \
             p.created_at, p.last_used_at, t.position, t.details, 'persistent', ",
            $code_expires_at,
            ", n.connector_id, n.summary"
        )
    };
}

macro_rules! tokens {
    () => {
        "LEFT JOIN vault.connector_tokens t \
           ON t.profile_id = p.profile_id AND t.payment_method_id = p.payment_method_id \
          AND (t.expires_at IS NULL OR t.expires_at > pg_catalog.clock_timestamp()) \
         LEFT JOIN vault.network_tokens n \
           ON n.profile_id = p.profile_id AND n.payment_method_id = p.payment_method_id"
    };
}

/// The security code of the payment methods `$method`, if it still is one.
macro_rules! code {
    ($method:literal, $memory_key:literal, $now:literal) => {
        concat!(
            " LEFT JOIN vault.cvcs code \
                ON code.profile_id = ",
            $method,
            ".profile_id AND code.payment_method_id = ",
            $method,
            ".payment_method_id \
               AND code.memory_key = ",
            $memory_key,
            " AND code.expires_at > ",
            $now
        )
    };
}

/// Writes a payment method, and with it the security code that came with it, if one did. Gives a row for the method.
macro_rules! with_code {
    ($write:expr, $code:literal) => {
        concat!(
            "WITH method AS (",
            $write,
            " RETURNING profile_id, payment_method_id), \
                  code AS (",
            upsert_code!($code),
            ") \
             SELECT 1 FROM method"
        )
    };
}

macro_rules! find {
    ($further:literal) => {
        concat!(
            "SELECT ",
            columns!("code.expires_at"),
            $further,
            " FROM vault.payment_methods p ",
            tokens!(),
            code!("p", "$2", "$3"),
            " WHERE p.payment_method_id = $1"
        )
    };
}

macro_rules! find_volatile {
    ($further:literal) => {
        concat!(
            "SELECT v.payment_method_id, v.customer_id, v.payment_method_type, v.payment_method_subtype, 'active', \
                    v.summary, v.created_at, v.created_at, NULL::integer, NULL::bytea, 'volatile', code.expires_at, \
                    NULL::text, NULL::bytea",
            $further, " FROM vault.volatile_payment_methods v", code!("v", "$2", "$3"),
            " WHERE v.payment_method_id = $1 AND v.memory_key = $2 AND v.expires_at > $3"
        )
    };
}

macro_rules! insert {
    () => {
        "INSERT INTO vault.payment_methods \
         (profile_id, payment_method_id, customer_id, payment_method_type, payment_method_subtype, \
          instrument, summary, duplicate_index, created_at, modified_at, last_used_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $9) \
         ON CONFLICT (profile_id, customer_id, duplicate_index) DO NOTHING"
    };
}

statements! {
    /// The method that a create for the customer would repeat.
    Read FIND_DUPLICATE(TEXTOID, BYTEAARRAYOID, BYTEAOID, TIMESTAMPTZOID) = concat!(
        "SELECT ", columns!("code.expires_at"), ", p.modified_at FROM vault.payment_methods p ",
        tokens!(), code!("p", "$3", "$4"),
        " WHERE p.customer_id = $1 AND p.duplicate_index = ANY ($2)");
    /// A unique index decides, whoever else stores the same card at the same time.
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID) = insert!();
    Write INSERT_WITH_CODE(TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID,
                           BYTEAOID, BYTEAOID, TIMESTAMPTZOID) = with_code!(
        insert!(), "SELECT profile_id, payment_method_id, $10, $11, $12 FROM method WHERE $11 IS NOT NULL");
    Write REFRESH(TEXTOID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID,
                  TEXTOID) = with_code!(
        "UPDATE vault.payment_methods SET summary = $2, status = 'active', payment_method_subtype = $8, \
                modified_at = GREATEST($3, modified_at + INTERVAL '1 microsecond') \
         WHERE payment_method_id = $1 AND modified_at = $4",
        "SELECT profile_id, payment_method_id, $5, $6, $7 FROM method WHERE $6 IS NOT NULL");
    Read FIND(TEXTOID, BYTEAOID, TIMESTAMPTZOID) = find!("");
    Read FIND_WITH_INSTRUMENT(TEXTOID, BYTEAOID, TIMESTAMPTZOID) = find!(", p.instrument");
    Read FIND_VOLATILE(TEXTOID, BYTEAOID, TIMESTAMPTZOID) = find_volatile!("");
    Read FIND_VOLATILE_WITH_INSTRUMENT(TEXTOID, BYTEAOID, TIMESTAMPTZOID) = find_volatile!(", v.instrument");
    /// A standby has no unlogged tables: even to name one in a statement is an error there.
    Read FIND_ON_STANDBY(TEXTOID) = concat!(
        "SELECT ", columns!("NULL::timestamptz"), " FROM vault.payment_methods p ", tokens!(),
        " WHERE p.payment_method_id = $1");
    Write LOCK(TEXTOID) = "SELECT 1 FROM vault.payment_methods WHERE payment_method_id = $1 FOR UPDATE";
    Write LOCK_IF_FREE(TEXTOID) =
        "SELECT 1 FROM vault.payment_methods WHERE payment_method_id = $1 FOR UPDATE SKIP LOCKED";
    Read CUSTOMER_OF(TEXTOID) = "SELECT customer_id FROM vault.payment_methods WHERE payment_method_id = $1";
    /// Every row begins with the customer, so that one without methods is told from none.
    Read LIST(TEXTOID) = concat!(
        "SELECT ", columns!("NULL::timestamptz"), ", c.redacted_at IS NOT NULL, c.default_payment_method_id \
         FROM vault.customers c \
         LEFT JOIN vault.payment_methods p \
           ON p.profile_id = c.profile_id AND p.customer_id = c.customer_id AND p.status = 'active' ",
        tokens!(),
        " WHERE c.customer_id = $1 ORDER BY p.last_used_at DESC, p.payment_method_id DESC");
    Read COUNT_ACTIVE() = "SELECT pg_catalog.count(*) FROM vault.payment_methods WHERE status = 'active'";
    Write UPDATE(TEXTOID, BYTEAOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.payment_methods SET summary = $2, status = $3, \
                modified_at = GREATEST($4, modified_at + INTERVAL '1 microsecond') \
         WHERE payment_method_id = $1";
    Write REDACT(TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.payment_methods \
         SET status = 'redacted', instrument = NULL, summary = NULL, duplicate_index = NULL, modified_at = $2 \
         WHERE payment_method_id = $1";
    Write REDACT_ALL_OF_CUSTOMER(TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.payment_methods \
         SET status = 'redacted', instrument = NULL, summary = NULL, duplicate_index = NULL, modified_at = $2 \
         WHERE customer_id = $1 AND status <> 'redacted' RETURNING payment_method_id";
}

/// The number of the first column behind those of a method.
const BEHIND_METHOD: usize = 15;

/// A row to be.
pub struct NewRow<'a> {
    pub profile_id: &'a str,
    pub payment_method_id: &'a str,
    pub customer_id: &'a str,
    pub payment_method_type: &'a str,
    pub payment_method_subtype: Option<&'a str>,
    /// Envelope.
    pub instrument: &'a [u8],
    /// Envelope.
    pub summary: &'a [u8],
    pub duplicate_index: &'a IndexPart,
    pub created_at: Timestamp,
    /// The security code that goes with it.
    pub code: Option<&'a NewCode>,
}

/// What a create changes of the method that it would repeat.
pub struct Refresh<'a> {
    pub payment_method_id: &'a str,
    pub payment_method_subtype: Option<&'a str>,
    /// Envelope.
    pub summary: &'a [u8],
    pub now: Timestamp,
    /// `modified_at` of the method as the look-up found it.
    pub unchanged_since: Timestamp,
    /// The security code that goes with it.
    pub code: Option<&'a NewCode>,
}

/// The method that a create would repeat.
pub struct Duplicate {
    pub method: StoredPaymentMethod,
    pub modified_at: Timestamp,
}

/// Where a method stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Active,
    Inactive,
    Redacted,
}

/// A row of the current profile, with its tokens.
pub struct StoredPaymentMethod {
    pub payment_method_id: String,
    pub storage_type: StorageType,
    /// Every persistent one has a customer.
    pub customer_id: Option<String>,
    pub payment_method_type: PaymentMethodType,
    pub payment_method_subtype: Option<String>,
    pub status: Status,
    /// Envelope; none once the method is redacted.
    pub summary: Option<Vec<u8>>,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub code_expires_at: Option<Timestamp>,
    pub tokens: Vec<StoredToken>,
    pub network_token: Option<StoredNetworkToken>,
}

/// A row with what only a reveal opens.
pub struct WithInstrument {
    pub method: StoredPaymentMethod,
    /// Envelope; none once the method is redacted.
    pub instrument: Option<Vec<u8>>,
}

/// The active methods of a customer.
pub struct CustomersMethods {
    pub customer_redacted: bool,
    pub default_payment_method_id: Option<String>,
    /// Last used first.
    pub methods: Vec<StoredPaymentMethod>,
}

/// The customer's method of the same card or account, by what its index may be.
pub fn find_duplicate(
    customer_id: &str,
    duplicate_indexes: &[IndexPart],
    scope: VolatileScope,
) -> Result<Option<Duplicate>, Failure> {
    let indexes: Vec<_> = duplicate_indexes.iter().map(IndexPart::as_slice).collect();
    let arguments = [
        customer_id.into(),
        indexes.into(),
        scope.memory_key.into(),
        timestamptz(scope.now).into(),
    ];
    let rows = FIND_DUPLICATE.with(|statement| {
        statement.rows(&arguments, |row| {
            Ok((row.timestamp(BEHIND_METHOD)?, method_and_token(row)?))
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

/// False, and nothing is written, when the customer has the same card or account already.
pub fn insert(method: NewRow<'_>) -> Result<bool, Failure> {
    let row = [
        method.profile_id.into(),
        method.payment_method_id.into(),
        method.customer_id.into(),
        method.payment_method_type.into(),
        method.payment_method_subtype.into(),
        method.instrument.into(),
        method.summary.into(),
        method.duplicate_index.as_slice().into(),
        timestamptz(method.created_at).into(),
    ];
    let rows = match method.code {
        None => INSERT.with(|statement| statement.execute(&row))?,
        Some(_) => {
            let code = NewCode::arguments(method.code);
            let arguments: Vec<_> = row.into_iter().chain(code).collect();
            INSERT_WITH_CODE.with(|statement| statement.execute(&arguments))?
        }
    };
    Ok(rows > 0)
}

/// Makes the method active, with this summary. False, and nothing is written, when somebody has changed it meanwhile.
pub fn refresh(refresh: Refresh<'_>) -> Result<bool, Failure> {
    let [memory_key, code, code_expires_at] = NewCode::arguments(refresh.code);
    REFRESH.with(|statement| {
        let rows = statement.execute(&[
            refresh.payment_method_id.into(),
            refresh.summary.into(),
            timestamptz(refresh.now).into(),
            timestamptz(refresh.unchanged_since).into(),
            memory_key,
            code,
            code_expires_at,
            refresh.payment_method_subtype.into(),
        ])?;
        Ok(rows > 0)
    })
}

/// Finds a persistent or volatile method; on a standby, persistent ones only. An id does not tell which it is: most are
/// persistent, so only what is not costs a second look.
pub fn find(
    payment_method_id: &str,
    scope: VolatileScope,
) -> Result<Option<StoredPaymentMethod>, Failure> {
    if is_on_standby() {
        let id = payment_method_id.into();
        let rows = FIND_ON_STANDBY.with(|statement| statement.rows(&[id], method_and_token))?;
        return Ok(fold(rows).pop());
    }
    for find in [&FIND, &FIND_VOLATILE] {
        let arguments = arguments(payment_method_id, scope);
        let rows = find.with(|statement| statement.rows(&arguments, method_and_token))?;
        if let Some(method) = fold(rows).pop() {
            return Ok(Some(method));
        }
    }
    Ok(None)
}

/// Finds a method to reveal it, which a standby cannot put on record.
pub fn find_with_instrument(
    payment_method_id: &str,
    scope: VolatileScope,
) -> Result<Option<WithInstrument>, Failure> {
    if is_on_standby() {
        return Err(Failure::Standby);
    }
    for find in [&FIND_WITH_INSTRUMENT, &FIND_VOLATILE_WITH_INSTRUMENT] {
        let arguments = arguments(payment_method_id, scope);
        let mut rows = find.with(|statement| {
            statement.rows(&arguments, |row| {
                Ok((method_and_token(row)?, row.optional(BEHIND_METHOD)?))
            })
        })?;
        let instrument = rows
            .first_mut()
            .and_then(|(_, instrument)| instrument.take());
        if let Some(method) = fold(rows.into_iter().map(|(row, _)| row)).pop() {
            return Ok(Some(WithInstrument { method, instrument }));
        }
    }
    Ok(None)
}

fn arguments(payment_method_id: &str, scope: VolatileScope) -> [DatumWithOid<'_>; 3] {
    [
        payment_method_id.into(),
        scope.memory_key.into(),
        timestamptz(scope.now).into(),
    ]
}

/// Finds a persistent method and keeps it for this transaction. Looks only once it has the lock: the tokens, too, are
/// those of now.
pub fn lock(
    payment_method_id: &str,
    scope: VolatileScope,
) -> Result<Option<StoredPaymentMethod>, Failure> {
    if LOCK.with(|statement| statement.execute(&[payment_method_id.into()]))? == 0 {
        return Ok(None);
    }
    find(payment_method_id, scope)
}

/// As [`lock`], but does not wait: none also when somebody else holds the method.
pub fn lock_if_free(
    payment_method_id: &str,
    scope: VolatileScope,
) -> Result<Option<StoredPaymentMethod>, Failure> {
    if LOCK_IF_FREE.with(|statement| statement.execute(&[payment_method_id.into()]))? == 0 {
        return Ok(None);
    }
    find(payment_method_id, scope)
}

/// The customer of a method, even of one that is redacted.
pub fn customer_of(payment_method_id: &str) -> Result<Option<String>, Failure> {
    CUSTOMER_OF.with(|statement| statement.row(&[payment_method_id.into()], |row| row.required(1)))
}

/// None when the profile has no such customer.
pub fn list(customer_id: &str) -> Result<Option<CustomersMethods>, Failure> {
    let rows = LIST.with(|statement| {
        statement.rows(&[customer_id.into()], |row| {
            let method = row
                .optional::<String>(1)?
                .map(|_| method_and_token(row))
                .transpose()?;
            Ok((
                row.required::<bool>(BEHIND_METHOD)?,
                row.optional::<String>(BEHIND_METHOD + 1)?,
                method,
            ))
        })
    })?;
    let Some((customer_redacted, default_payment_method_id, _)) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(CustomersMethods {
        customer_redacted: *customer_redacted,
        default_payment_method_id: default_payment_method_id.clone(),
        methods: fold(rows.into_iter().filter_map(|(_, _, method)| method)),
    }))
}

pub fn count_active() -> Result<i64, Failure> {
    COUNT_ACTIVE
        .with(|statement| statement.row(&[], |row| row.required(1)))?
        .ok_or(Failure::UnexpectedNull)
}

pub fn update(
    payment_method_id: &str,
    summary: &[u8],
    status: Status,
    modified_at: Timestamp,
) -> Result<(), Failure> {
    UPDATE.with(|statement| {
        statement.execute(&[
            payment_method_id.into(),
            summary.into(),
            status.as_str().into(),
            timestamptz(modified_at).into(),
        ])
    })?;
    Ok(())
}

/// Removes the ciphertexts and the blind index; the row's earlier version stays until it is vacuumed.
pub fn redact(payment_method_id: &str, redacted_at: Timestamp) -> Result<(), Failure> {
    REDACT.with(|statement| {
        statement.execute(&[payment_method_id.into(), timestamptz(redacted_at).into()])
    })?;
    Ok(())
}

/// Redacts what the customer has, and tells which methods that were.
pub fn redact_all_of_customer(
    customer_id: &str,
    redacted_at: Timestamp,
) -> Result<Vec<String>, Failure> {
    REDACT_ALL_OF_CUSTOMER.with(|statement| {
        statement.rows(
            &[customer_id.into(), timestamptz(redacted_at).into()],
            |row| row.required(1),
        )
    })
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Redacted => "redacted",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "active" => Self::Active,
            "inactive" => Self::Inactive,
            _ => Self::Redacted,
        }
    }
}

type MethodAndToken = (StoredPaymentMethod, Option<StoredToken>);

/// One row of a join: a method, and one of its tokens if it has any.
fn method_and_token(row: &Row<'_>) -> Result<MethodAndToken, Failure> {
    let method = StoredPaymentMethod {
        payment_method_id: row.required(1)?,
        customer_id: row.optional(2)?,
        payment_method_type: PaymentMethodType::from_name(&row.required::<String>(3)?)
            .ok_or(Failure::Malformed)?,
        payment_method_subtype: row.optional(4)?,
        status: Status::parse(&row.required::<String>(5)?),
        summary: row.optional(6)?,
        created_at: row.timestamp(7)?,
        last_used_at: row.timestamp(8)?,
        storage_type: StorageType::from_name(&row.required::<String>(11)?)
            .ok_or(Failure::Malformed)?,
        code_expires_at: row.optional_timestamp(12)?,
        tokens: Vec::new(),
        network_token: match row.optional(13)? {
            Some(connector_id) => Some(StoredNetworkToken {
                connector_id,
                summary: row.required(14)?,
            }),
            None => None,
        },
    };
    let token = match row.optional(9)? {
        Some(position) => Some(StoredToken {
            position,
            details: row.required(10)?,
        }),
        None => None,
    };
    Ok((method, token))
}

/// Joins the rows of each method, which follow one another.
fn fold(rows: impl IntoIterator<Item = MethodAndToken>) -> Vec<StoredPaymentMethod> {
    let mut methods: Vec<StoredPaymentMethod> = Vec::new();
    for (method, token) in rows {
        let same = methods
            .last()
            .is_some_and(|last| last.payment_method_id == method.payment_method_id);
        if !same {
            methods.push(method);
        }
        if let Some(last) = methods.last_mut() {
            last.tokens.extend(token);
        }
    }
    for method in &mut methods {
        method.tokens.sort_by_key(|token| token.position);
    }
    methods
}
