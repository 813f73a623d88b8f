//! Table `vault.audit_log`.

use pgrx::datum::DatumWithOid;
use uuid::Uuid;
use vault_core::ids::ProfileId;
use vault_core::time::Timestamp;

use super::statement::{statements, timestamptz};
use crate::error::Failure;
use crate::postgres::random;

statements! {
    Write INSERT(TEXTOID, UUIDOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TIMESTAMPTZOID) =
        "INSERT INTO vault.audit_log \
         (profile_id, audit_id, occurred_at, actor, request_id, client_address, event, object_id, outcome, \
          occurrences, first_occurred_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// The time leaves out the partitions of earlier months.
    Read LOST(UUIDOID, TIMESTAMPTZOID) =
        "/* all profiles: rows without a profile, which say how many events are missing */ \
         SELECT COALESCE(pg_catalog.sum(occurrences), 0)::bigint AS events FROM vault.audit_log \
         WHERE profile_id = '' AND audit_id >= $1 AND occurred_at >= $2 AND event = 'audit.lost'";
    /// A dump brings partitions of its own, and its rows come after them. So no month is made for a vault without a merchant.
    Write MAKE_MONTHS(INT8OID) =
        "SELECT vault.make_audit_month(pg_catalog.date_trunc('month', pg_catalog.now() AT TIME ZONE 'UTC') + ahead.months, $1) \
         FROM (VALUES (INTERVAL '0'), (INTERVAL '1 month')) AS ahead (months) \
         WHERE EXISTS (SELECT FROM vault.merchants)";
    Write DROP_MONTH(INT4OID) =
        "SELECT vault.drop_audit_month($1) AS month WHERE EXISTS (SELECT FROM vault.merchants)";
}

/// A row to be.
pub struct NewAuditRow<'a> {
    /// Stored as the empty text where no profile is known.
    pub profile_id: Option<&'a ProfileId>,
    pub audit_id: Uuid,
    /// Of several, the last.
    pub occurred_at: Timestamp,
    pub actor: &'a str,
    pub request_id: Option<&'a str>,
    pub client_address: Option<&'a str>,
    pub event: &'static str,
    pub object_id: Option<&'a str>,
    pub outcome: &'static str,
    /// How many the row stands for.
    pub occurrences: i64,
    /// Of several, the first.
    pub first_occurred_at: Option<Timestamp>,
}

/// The rows of creates that are to succeed. The statements of the creates write them.
pub struct NewCreation<'a> {
    pub occurred_at: Timestamp,
    pub actor: &'a str,
    pub request_id: Option<&'a str>,
    pub client_address: Option<&'a str>,
    pub event: &'static str,
}

impl NewCreation<'_> {
    /// The id of one of them.
    pub(super) fn new_id(&self) -> Result<pgrx::Uuid, Failure> {
        random::uuid_at(self.occurred_at).map(of_row)
    }

    /// In the order of the table, without profile and object. `audit_id` is one id or several.
    pub(super) fn arguments<'a>(
        &'a self,
        audit_id: impl Into<DatumWithOid<'a>>,
    ) -> [DatumWithOid<'a>; 6] {
        [
            audit_id.into(),
            timestamptz(self.occurred_at).into(),
            self.actor.into(),
            self.request_id.into(),
            self.client_address.into(),
            self.event.into(),
        ]
    }
}

pub fn insert(row: NewAuditRow<'_>) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            row.profile_id.map_or("", ProfileId::as_str).into(),
            of_row(row.audit_id).into(),
            timestamptz(row.occurred_at).into(),
            row.actor.into(),
            row.request_id.into(),
            row.client_address.into(),
            row.event.into(),
            row.object_id.into(),
            row.outcome.into(),
            row.occurrences.into(),
            row.first_occurred_at.and_then(timestamptz).into(),
        ])
    })?;
    Ok(())
}

/// How many events have no row of their own since that time, by rows whose ids are not smaller. Ids grow with time.
pub fn lost(from: Uuid, time: Timestamp) -> Result<u64, Failure> {
    let arguments = [of_row(from).into(), timestamptz(time).into()];
    let events: Option<i64> =
        LOST.with(|statement| statement.row(&arguments, |row| row.required("events")))?;
    Ok(events.unwrap_or_default().unsigned_abs())
}

/// Makes the partitions of this month and of the next one where they are missing, and tells whether they are there: a vault without
/// a merchant needs none. Needs the rights of the table's owner.
pub fn make_months(most_moved: i64) -> Result<bool, Failure> {
    MAKE_MONTHS.with(|statement| Ok(statement.execute(&[most_moved.into()])? > 0))
}

/// Drops the partition of the oldest month, if that ended more than so many months ago, and returns that month. Needs the rights of
/// the table's owner.
pub fn drop_month(months_kept: i32) -> Result<Option<String>, Failure> {
    let month = DROP_MONTH
        .with(|statement| statement.row(&[months_kept.into()], |row| row.optional("month")))?;
    Ok(month.flatten())
}

fn of_row(id: Uuid) -> pgrx::Uuid {
    pgrx::Uuid::from_bytes(id.into_bytes())
}
