//! Schema `vault`: what the lock-out counts, for the view in sql/lockouts.sql.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::iter::TableIterator;
use pgrx::name;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::limits::failures::Counted;
use vault_core::limits::{Source, Subject};

use crate::authentication::lockout::Way;
use crate::clock;
use crate::operations::administration;

type Row = (
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    i64,
    Option<TimestampWithTimeZone>,
);

#[pg_extern(parallel_restricted)]
pub fn counted_failures() -> Result<
    TableIterator<
        'static,
        (
            name!(kind, String),
            name!(way, String),
            name!(prefix, Option<String>),
            name!(address, Option<String>),
            name!(role, Option<String>),
            name!(failures, i64),
            name!(locked_until, Option<TimestampWithTimeZone>),
        ),
    >,
    ErrorReport,
> {
    let counted = administration::counted_failures()?;
    let rows: Vec<Row> = counted
        .into_iter()
        .map(|(way, counted)| row(way, &counted))
        .collect();
    Ok(TableIterator::new(rows))
}

fn row(way: Way, counted: &Counted) -> Row {
    let (kind, prefix, source) = match counted.subject {
        Subject::Pair(prefix, source) => ("pair", Some(prefix), Some(source)),
        Subject::Prefix(prefix) => ("prefix", Some(prefix), None),
        Subject::Source(source @ Source::Address(_)) => ("address", None, Some(source)),
        Subject::Source(source @ Source::Role(_)) => ("role", None, Some(source)),
    };
    let (address, role) = match source {
        Some(Source::Address(address)) => (Some(address.as_str().to_owned()), None),
        Some(Source::Role(role)) => (None, Some(role.as_str().to_owned())),
        None => (None, None),
    };
    let way = match way {
        Way::Sql => "sql",
        Way::Http => "http",
    };
    (
        kind.to_owned(),
        way.to_owned(),
        prefix.map(|prefix| prefix.as_str().to_owned()),
        address,
        role,
        counted.failures.into(),
        counted.locked_until.and_then(timestamptz),
    )
}

fn timestamptz(micros: i64) -> Option<TimestampWithTimeZone> {
    let timestamp = clock::at_micros(micros).ok()?;
    TimestampWithTimeZone::try_from(clock::to_postgres(timestamp)).ok()
}
