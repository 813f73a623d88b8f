//! Table `vault.audit_log`.

use uuid::Uuid;

use super::statement::statements;
use crate::error::Failure;

statements! {
    Write INSERT(TEXTOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID) =
        "INSERT INTO vault.audit_log \
         (profile_id, audit_id, actor, request_id, client_address, event, object_id, outcome) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
}

/// A row to be.
pub struct NewAuditRow<'a> {
    /// Empty where no profile is known.
    pub profile_id: &'a str,
    pub audit_id: Uuid,
    pub actor: &'a str,
    pub request_id: Option<&'a str>,
    pub client_address: Option<&'a str>,
    pub event: &'static str,
    pub object_id: Option<&'a str>,
    pub outcome: &'static str,
}

pub fn insert(row: NewAuditRow<'_>) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            row.profile_id.into(),
            pgrx::Uuid::from_bytes(row.audit_id.into_bytes()).into(),
            row.actor.into(),
            row.request_id.into(),
            row.client_address.into(),
            row.event.into(),
            row.object_id.into(),
            row.outcome.into(),
        ])
    })?;
    Ok(())
}
