//! A row of the log as it is written.

use vault_core::ids::ProfileId;
use vault_core::time::Timestamp;

use super::event::{Event, Outcome};
use super::row::{Row, Subject};
use crate::error::Failure;
use crate::postgres::catalog::own_database;
use crate::postgres::random;
use crate::store;
use crate::store::audit_log::NewAuditRow;
use crate::tenancy::Caller;

/// A row of the log without its time.
pub struct Entry<'a> {
    /// None if no profile is known.
    pub profile_id: Option<&'a ProfileId>,
    pub actor: &'a str,
    pub request_id: Option<&'a str>,
    pub client_address: Option<&'a str>,
    pub event: Event,
    pub object_id: Option<&'a str>,
    pub outcome: Outcome,
}

impl<'a> Entry<'a> {
    pub fn of(
        caller: &'a Caller,
        event: Event,
        object_id: Option<&'a str>,
        outcome: Outcome,
    ) -> Self {
        Self {
            profile_id: Some(&caller.profile_id),
            actor: &caller.actor,
            request_id: caller.origin.request_id(),
            client_address: caller.origin.client_address(),
            event,
            object_id,
            outcome,
        }
    }

    /// Writes the row of a single event.
    pub fn write(&self, occurred_at: Timestamp) -> Result<(), Failure> {
        self.write_for(occurred_at, 1, None)
    }

    /// Writes a row that stands for several events. The first and the last of them happened at these times.
    pub fn write_for(
        &self,
        occurred_at: Timestamp,
        occurrences: u64,
        first_occurred_at: Option<Timestamp>,
    ) -> Result<(), Failure> {
        store::audit_log::insert(NewAuditRow {
            profile_id: self.profile_id,
            audit_id: random::uuid_at(occurred_at)?,
            occurred_at,
            actor: self.actor,
            request_id: self.request_id,
            client_address: self.client_address,
            event: self.event.as_str(),
            object_id: self.object_id,
            outcome: self.outcome.as_str(),
            occurrences: i64::try_from(occurrences).unwrap_or(i64::MAX),
            first_occurred_at,
        })
    }

    /// The row for shared memory, with the present time and this database.
    pub fn to_row(&self) -> Row {
        let subject = Subject {
            database: own_database(),
            event: self.event,
            outcome: self.outcome,
            profile_id: self.profile_id.map_or("", ProfileId::as_str).into(),
            actor: self.actor.into(),
            client_address: self.client_address.unwrap_or_default().into(),
            object_id: self.object_id.unwrap_or_default().into(),
        };
        Row::new(subject, self.request_id)
    }
}
