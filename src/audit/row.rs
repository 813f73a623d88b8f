//! A row of the log as it waits in shared memory, where nothing may be a pointer.

use pgrx::pg_sys;
use vault_core::limits::ShortText;

use super::event::{Event, Outcome};
use crate::postgres::clock;
use crate::postgres::shared_memory::plain;

/// The part of a row that merged rows have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subject {
    pub database: pg_sys::Oid,
    pub event: Event,
    pub outcome: Outcome,
    /// Empty if unknown, like the texts below.
    pub profile_id: ShortText<64>,
    pub actor: ShortText<64>,
    pub client_address: ShortText<64>,
    pub object_id: ShortText<128>,
}

/// A row that is to be written.
#[derive(Clone, Copy)]
pub struct Row {
    pub subject: Subject,
    pub request_id: ShortText<64>,
    /// Microseconds since the Unix epoch.
    pub occurred_at: i64,
}

plain! {
    record Subject { database, event, outcome, profile_id, actor, client_address, object_id };
    record Row { subject, request_id, occurred_at };
}

impl Subject {
    /// Of a place that is free.
    pub const NONE: Self = Self {
        database: pg_sys::InvalidOid,
        event: Event::AuditRowsLost,
        outcome: Outcome::Refused,
        profile_id: ShortText::EMPTY,
        actor: ShortText::EMPTY,
        client_address: ShortText::EMPTY,
        object_id: ShortText::EMPTY,
    };

    /// The same row with another object.
    pub fn with_object(&self, object_id: &str) -> Self {
        Self {
            object_id: object_id.into(),
            ..*self
        }
    }
}

impl Row {
    /// Of a place that is free.
    pub const NONE: Self = Self {
        subject: Subject::NONE,
        request_id: ShortText::EMPTY,
        occurred_at: 0,
    };

    /// A row with the present time.
    pub fn new(subject: Subject, request_id: Option<&str>) -> Self {
        Self {
            subject,
            request_id: request_id.unwrap_or_default().into(),
            occurred_at: clock::now_micros(),
        }
    }
}
