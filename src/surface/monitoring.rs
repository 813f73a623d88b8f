//! Schemas `vault` and `vault_api`: how the vault is, for those who watch it.

use std::collections::BTreeMap;

use pgrx::iter::TableIterator;
use pgrx::name;
use pgrx::pg_sys::panic::{ErrorReport, ErrorReportable};
use pgrx::prelude::*;

use super::request::set_status;
use crate::error::{Defect, Failure};
use crate::operations::check::{self, Finding, Severity};
use crate::operations::figures::{self, Figure, Kind};
use crate::operations::readiness;

/// True, or an error that says why this server cannot store anything.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn ready() -> Result<bool, ErrorReport> {
    readiness::check()?;
    Ok(true)
}

/// The same for nginx, which makes a 503 of every answer but 200. It is no error, because whoever watches the vault asks often,
/// and the log would have one line for each time. It is no 503, because PostgREST closes all its connections when it sends one.
#[pg_extern(sql = false)]
fn http_ready(_body: &[u8]) -> Result<String, ErrorReport> {
    if readiness::check().is_err() {
        set_status(500)?;
    }
    Ok("{}".to_owned())
}

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
pub fn state_findings() -> TableIterator<
    'static,
    (
        name!(finding, String),
        name!(severity, String),
        name!(object, String),
        name!(message, String),
        name!(hint, String),
    ),
> {
    let findings = check::state().map_err(ErrorReport::from);
    let findings = findings.unwrap_or_report().into_iter();
    TableIterator::new(findings.map(|finding| {
        let Finding {
            name,
            severity,
            object,
            message,
            hint,
        } = finding;
        let severity = match severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
        };
        (name.to_owned(), severity.to_owned(), object, message, hint)
    }))
}

/// The labels are a text of JSON, which the view turns into `jsonb`.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn shared_metrics() -> TableIterator<
    'static,
    (
        name!(name, String),
        name!(labels, String),
        name!(value, f64),
        name!(kind, String),
        name!(help, String),
    ),
> {
    let rows: Result<Vec<_>, Failure> = figures::all().into_iter().map(row).collect();
    TableIterator::new(rows.map_err(ErrorReport::from).unwrap_or_report())
}

fn row(figure: Figure) -> Result<(String, String, f64, String, String), Failure> {
    let labels: BTreeMap<_, _> = figure.labels.into_iter().collect();
    let labels = serde_json::to_string(&labels).map_err(|_| Defect::NotSerialized)?;
    let kind = match figure.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    Ok((
        figure.name.to_owned(),
        labels,
        figure.value,
        kind.to_owned(),
        figure.help.to_owned(),
    ))
}
