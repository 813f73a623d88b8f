//! The figures of the server that stand in shared memory, for `vault.metrics`. The view adds those that stand in tables.
//!
//! No figure is of one profile, key or object. Names and labels follow the rules of Prometheus.

use crate::audit;
use crate::authentication::lockout::Way;
use crate::metrics::calls::{self, BOUNDS};
use crate::metrics::events::{Watched, total};
use crate::metrics::processes::{self, KINDS};
use crate::operations::{administration, readiness};
use crate::postgres::catalog::{database_name, own_database};
use crate::postgres::preload::is_preloaded;
use crate::postgres::standby::is_on_standby;
use crate::postgres::{clock, process};
use crate::settings;

/// What a figure is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// It only grows, until the server restarts.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It is a part of a distribution.
    Histogram,
}

/// A figure.
pub struct Figure {
    pub name: &'static str,
    pub labels: Vec<(&'static str, String)>,
    pub value: f64,
    pub kind: Kind,
    pub help: &'static str,
}

const CALLS: &str =
    "Calls of operations, by operation, way, outcome (ok, refused, failed) and code of the refusal";
const CALL_SECONDS: &str = "How long calls took inside the database";

const VALUES: &str =
    "Values of encrypted types that were sealed or opened, in transactions that have ended";
const LOOKUPS: &str = "Look-ups of a profile's keys: in the backend's memory, or unwrapped anew";
const REFUSED: &str = "Refused authentications: wrong or missing key, or locked";
const LOCKOUTS: &str = "Lock-outs that began";
const LIMITS: &str = "Refusals because a limit was used up";
const LOST: &str =
    "Events that have no row of their own in the audit log, because the memory for them was full";

/// An event, with its figure: name, label and help.
type EventFigure = (
    Watched,
    &'static str,
    Option<(&'static str, &'static str)>,
    &'static str,
);

#[rustfmt::skip]
const EVENTS: [EventFigure; 10] = [
    (Watched::ValueSealed, "vault_values_total", Some(("action", "sealed")), VALUES),
    (Watched::ValueOpened, "vault_values_total", Some(("action", "opened")), VALUES),
    (Watched::KeysCached, "vault_key_lookups_total", Some(("result", "cached")), LOOKUPS),
    (Watched::KeysLoaded, "vault_key_lookups_total", Some(("result", "loaded")), LOOKUPS),
    (Watched::AuthenticationFailed, "vault_authentications_refused_total", Some(("reason", "failed")), REFUSED),
    (Watched::AuthenticationLocked, "vault_authentications_refused_total", Some(("reason", "locked")), REFUSED),
    (Watched::LockBegun, "vault_lockouts_total", None, LOCKOUTS),
    (Watched::CardNumberLimitHit, "vault_limit_hits_total", Some(("limit", "card_numbers_per_minute")), LIMITS),
    (Watched::AuditPlaceRefused, "vault_limit_hits_total", Some(("limit", "audit_places")), LIMITS),
    (Watched::AuditRowsLost, "vault_audit_rows_lost_total", None, LOST),
];

/// All of them.
pub fn all() -> Vec<Figure> {
    let mut figures = vec![
        gauge("vault_info", "The version of the extension's library", 1.0)
            .with("version", env!("CARGO_PKG_VERSION")),
        gauge(
            "vault_ready",
            "1 if a value can be sealed and stored, otherwise 0",
            f64::from(u8::from(readiness::check().is_ok())),
        ),
    ];
    if is_preloaded() {
        figures.push(gauge(
            "vault_server_start_time_seconds",
            "When the server was started. The counters count from then on",
            seconds(process::server_started_at()),
        ));
        of_calls(&mut figures);
        of_events(&mut figures);
        of_lockouts(&mut figures);
        of_processes(&mut figures);
        figures.push(gauge(
            "vault_audit_rows_pending",
            "Rows of the audit log of this database that wait to be written",
            number(audit::waiting_since_before(clock::now_micros())),
        ));
    }
    figures
}

fn of_calls(figures: &mut Vec<Figure>) {
    let all = calls::figures();
    for of in &all {
        for (outcome, code, calls) in &of.outcomes {
            let figure = counter("vault_calls_total", CALLS, number(*calls));
            let figure = figure.with("operation", of.operation).with("way", of.way);
            figures.push(figure.with("outcome", outcome).with("code", code));
        }
    }
    for of in &all {
        let part = |name, value| {
            let figure = figure(name, Kind::Histogram, CALL_SECONDS, value);
            figure.with("operation", of.operation).with("way", of.way)
        };
        for (bound, calls) in BOUNDS.iter().zip(&of.within) {
            let bound = (number(*bound) / 1e6).to_string();
            figures.push(part("vault_call_seconds_bucket", number(*calls)).with("le", &bound));
        }
        let count = number(of.count);
        figures.push(part("vault_call_seconds_bucket", count).with("le", "+Inf"));
        figures.push(part("vault_call_seconds_sum", of.time.as_secs_f64()));
        figures.push(part("vault_call_seconds_count", count));
    }
}

fn of_events(figures: &mut Vec<Figure>) {
    for (event, name, label, help) in EVENTS {
        let figure = counter(name, help, number(total(event)));
        figures.push(match label {
            Some((label, value)) => figure.with(label, value),
            None => figure,
        });
    }
}

fn of_lockouts(figures: &mut Vec<Figure>) {
    for (way, name) in [(Way::Http, "http"), (Way::Sql, "sql")] {
        let counted = administration::counted_failures(way);
        let mut locked = 0_u64;
        for _ in counted
            .iter()
            .filter(|counted| counted.locked_until.is_some())
        {
            locked += 1;
        }
        let help = "Key prefixes, addresses and roles that are locked out now";
        figures.push(gauge("vault_locked", help, number(locked)).with("way", name));
    }
}

/// A standby has no background processes of the vault.
fn of_processes(figures: &mut Vec<Figure>) {
    if is_on_standby() {
        return;
    }
    let name = database_name(own_database()).unwrap_or_default();
    let databases = settings::databases();
    let place = databases.iter().position(|known| *known == name);
    let running = "1 if the background process of this database runs, otherwise 0";
    for kind in KINDS {
        let runs = place.is_some_and(|place| processes::is_running(kind, place));
        let figure = gauge("vault_process_running", running, f64::from(u8::from(runs)));
        figures.push(figure.with("process", kind.name()));
    }
    let last = "When the background process of this database last looked for work";
    for kind in KINDS {
        if let Some(ran_at) = place.and_then(|place| processes::last_run(kind, place)) {
            let figure = gauge(
                "vault_process_last_run_timestamp_seconds",
                last,
                seconds(ran_at),
            );
            figures.push(figure.with("process", kind.name()));
        }
    }
}

impl Figure {
    fn with(mut self, label: &'static str, value: &str) -> Self {
        self.labels.push((label, value.to_owned()));
        self
    }
}

fn counter(name: &'static str, help: &'static str, value: f64) -> Figure {
    figure(name, Kind::Counter, help, value)
}

fn gauge(name: &'static str, help: &'static str, value: f64) -> Figure {
    figure(name, Kind::Gauge, help, value)
}

fn figure(name: &'static str, kind: Kind, help: &'static str, value: f64) -> Figure {
    Figure {
        name,
        labels: Vec::new(),
        value,
        kind,
        help,
    }
}

/// Counts are small enough to be exact.
#[expect(
    clippy::cast_precision_loss,
    reason = "a count of more than 2^53 does not come"
)]
fn number(count: u64) -> f64 {
    count as f64
}

/// Microseconds since the Unix epoch as seconds.
fn seconds(micros: i64) -> f64 {
    number(micros.unsigned_abs()) / 1e6
}
