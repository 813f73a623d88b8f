//! A row of the log as it waits in shared memory, where nothing has a pointer.

use pgrx::pg_sys;

use super::{Event, Outcome};
use crate::clock;

/// What rows that may be merged have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subject {
    pub database: pg_sys::Oid,
    pub event: Event,
    pub outcome: Outcome,
    /// Empty where unknown, like the texts below.
    pub profile_id: Text<64>,
    pub actor: Text<64>,
    pub client_address: Text<64>,
    pub object_id: Text<128>,
}

/// A row of the log to be.
#[derive(Clone, Copy)]
pub struct Row {
    pub subject: Subject,
    pub request_id: Text<64>,
    /// Microseconds since the Unix epoch.
    pub occurred_at: i64,
}

/// A short text; what does not fit is cut off.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text<const N: usize> {
    length: u8,
    bytes: [u8; N],
}

impl Subject {
    pub const NONE: Self = Self {
        database: pg_sys::InvalidOid,
        event: Event::AuditRowsLost,
        outcome: Outcome::Refused,
        profile_id: Text::EMPTY,
        actor: Text::EMPTY,
        client_address: Text::EMPTY,
        object_id: Text::EMPTY,
    };

    /// The same with another object.
    pub fn with_object(&self, object_id: &str) -> Self {
        Self {
            object_id: object_id.into(),
            ..*self
        }
    }
}

impl Row {
    pub const NONE: Self = Self {
        subject: Subject::NONE,
        request_id: Text::EMPTY,
        occurred_at: 0,
    };

    /// A row of this moment.
    pub fn new(subject: Subject, request_id: Option<&str>) -> Self {
        Self {
            subject,
            request_id: request_id.unwrap_or_default().into(),
            occurred_at: clock::now_micros(),
        }
    }
}

impl<const N: usize> Text<N> {
    pub const EMPTY: Self = Self {
        length: 0,
        bytes: [0; N],
    };

    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length));
        std::str::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
    }

    /// None for the empty text.
    pub fn non_empty(&self) -> Option<&str> {
        Some(self.as_str()).filter(|text| !text.is_empty())
    }
}

impl<const N: usize> From<&str> for Text<N> {
    fn from(text: &str) -> Self {
        let limit = N.min(usize::from(u8::MAX));
        let length = text.floor_char_boundary(limit);
        let mut bytes = [0; N];
        for (to, from) in bytes.iter_mut().zip(text.bytes().take(length)) {
            *to = from;
        }
        Self {
            length: u8::try_from(length).unwrap_or_default(),
            bytes,
        }
    }
}

/// The database that this process is connected to.
pub fn this_database() -> pg_sys::Oid {
    // SAFETY: set when the backend connects, and never changed.
    unsafe { pg_sys::MyDatabaseId }
}
