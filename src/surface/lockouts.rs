//! Schema `vault`: what the lock-out counts, for the view in sql/lockouts.sql.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::iter::TableIterator;
use pgrx::name;
use pgrx::prelude::*;
use vault_core::limits::failures::Prefix;
use vault_core::limits::{Source, Subject};

use crate::authentication::lockout::Way;
use crate::operations::administration;
use crate::postgres::clock;

/// The failures that are counted for one way, `sql` or `http`. A text that does not apply is empty.
#[pg_extern(parallel_restricted)]
pub fn counted_failures(
    way: &str,
) -> TableIterator<
    'static,
    (
        name!(kind, String),
        name!(prefix, String),
        name!(source, String),
        name!(failures, i64),
        name!(locked_until, Option<TimestampWithTimeZone>),
    ),
> {
    let way = match way {
        "sql" => Way::Sql,
        _ => Way::Http,
    };
    let counted = administration::counted_failures(way).into_iter();
    TableIterator::new(counted.map(|counted| {
        let (kind, prefix, source) = shown(&counted.subject);
        let locked_until = counted.locked_until.and_then(timestamptz);
        (
            kind.to_owned(),
            prefix,
            source,
            counted.failures.into(),
            locked_until,
        )
    }))
}

/// The kind, the prefix, and the address or role.
fn shown(subject: &Subject) -> (&'static str, String, String) {
    let text = |prefix: &Prefix| prefix.as_str().to_owned();
    let name = |source: &Source| match source {
        Source::Address(address) => address.as_str().to_owned(),
        Source::Role(role) => role.as_str().to_owned(),
    };
    match subject {
        Subject::Pair(prefix, source) => ("pair", text(prefix), name(source)),
        Subject::Prefix(prefix) => ("prefix", text(prefix), String::new()),
        Subject::Source(source @ Source::Address(_)) => ("address", String::new(), name(source)),
        Subject::Source(source @ Source::Role(_)) => ("role", String::new(), name(source)),
    }
}

fn timestamptz(micros: i64) -> Option<TimestampWithTimeZone> {
    let timestamp = clock::at_micros(micros).ok()?;
    TimestampWithTimeZone::try_from(clock::to_postgres(timestamp)).ok()
}
