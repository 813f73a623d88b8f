//! The worker of a database. It writes the audit rows that sessions wait for and those of merged events, deletes what has expired,
//! and adds up counts. An error ends it, and the postmaster starts it again.

use std::time::{Duration, Instant};

use pgrx::bgworkers::BackgroundWorker;
use pgrx::pg_sys::panic::{ErrorReport, ErrorReportable};

use super::transaction::{in_transaction, report_earlier_release};
use crate::audit::workers;
use crate::audit::writer::{self, Counts, Place};
use crate::error::Failure;
use crate::metrics::processes::{self, Kind};
use crate::operations::{retention, role_bindings, role_findings};
use crate::postgres::background_worker::{
    self, connect, end_to_start_again, is_to_stop, reload_settings, worker_function,
};
use crate::postgres::clock;
use crate::settings;

/// How often it looks for work.
const PERIOD: Duration = Duration::from_secs(1);

/// How often it looks for partitions of the audit log to make or drop.
const MONTHS_PERIOD: Duration = Duration::from_secs(60);

/// How often it adds up the counts of payment methods. Meanwhile, a call that asks for the number reads a row for each create.
const COUNTS_PERIOD: Duration = Duration::from_secs(10);

/// How long it waits for sessions to end when the server stops, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(2);
const GLANCE: Duration = Duration::from_millis(20);

/// Must run while the postmaster loads its libraries.
pub fn register(database: &str, index: usize) {
    background_worker::register("vault worker", "vault_worker_main", database, index);
}

worker_function! {
    /// Runs until the server stops.
    vault_worker_main runs main
}

fn main(index: usize) {
    let databases = settings::databases();
    let Some(database) = databases.get(index) else {
        return;
    };
    connect(database);
    processes::started(Kind::Worker, index);
    workers::register();
    report_earlier_release();
    // Once is enough: while the server runs, nothing is sealed under another memory key than its own.
    run(delete_dead);
    run(report_role_findings);
    let (mut round, mut months, mut counts) = (Instant::now(), Instant::now(), Instant::now());
    let (mut expired_left, mut at_once) = (false, false);
    while BackgroundWorker::wait_latch(Some(pause(round, at_once))) {
        // Sessions wait for these rows, so no long work comes before them.
        at_once = run(record_reveals);
        if expired_left || round.elapsed() >= PERIOD {
            round = Instant::now();
            run(record_counts);
            expired_left = run(delete_expired);
            run(take_bindings_over);
            if counts.elapsed() >= COUNTS_PERIOD {
                let more = run(add_up_payment_methods);
                counts = if more { counts } else { round };
            }
            if months <= round {
                let soon = run(keep_audit_months);
                months = round + if soon { PERIOD } else { MONTHS_PERIOD };
            }
            processes::ran(Kind::Worker, index);
            // A wait for a lock may have consumed the signal of a session.
            at_once = expired_left || writer::has_reveals();
        }
    }
    if is_to_stop() {
        finish();
    }
    end_to_start_again()
}

fn pause(round: Instant, at_once: bool) -> Duration {
    if at_once {
        Duration::ZERO
    } else {
        PERIOD.saturating_sub(round.elapsed())
    }
}

/// Writes the rows that wait when the server stops, and those of the sessions that are ended with it.
fn finish() {
    let end = Instant::now() + PATIENCE;
    while writer::expects_work() && Instant::now() < end {
        BackgroundWorker::wait_latch(Some(GLANCE));
    }
    run(record_reveals);
    run(record_all_counts);
}

/// Does some of the work that there is, and tells whether there may be more.
fn run(job: impl FnOnce() -> Result<bool, Failure>) -> bool {
    match job() {
        Ok(more) => more,
        Err(failure) => {
            pgrx::warning!("vault worker: {failure}");
            false
        }
    }
}

fn delete_dead() -> Result<bool, Failure> {
    let what = c"vault: deleting what an earlier server left";
    while in_transaction(what, retention::delete_dead)?.is_some_and(|batch| batch.is_full) {
        run(record_reveals);
        if is_to_stop() {
            break;
        }
    }
    Ok(false)
}

fn record_reveals() -> Result<bool, Failure> {
    let wrote = writer::has_reveals() && write_reveals()?;
    if writer::has_used_cvcs() {
        let what = c"vault: deleting CVCs whose use was rolled back";
        let deleted = in_transaction(what, delete_used_cvcs)?;
        writer::forget_used_cvcs(&deleted.unwrap_or_default());
    }
    Ok(wrote)
}

fn write_reveals() -> Result<bool, Failure> {
    let what = c"vault: writing audit rows that sessions wait for";
    let written = in_transaction(what, || Ok(or_abort(writer::write_reveals())))?;
    if let Some(written) = &written {
        writer::release(written);
    }
    Ok(written.is_some())
}

/// Deletes CVCs whose use was rolled back, because the session has seen them. A CVC whose row is locked is left for the next
/// round.
fn delete_used_cvcs() -> Result<Vec<Place>, Failure> {
    let mut gone = Vec::new();
    for cvc in writer::used_cvcs() {
        let used_at = clock::at_micros(cvc.used_at)?;
        if retention::delete_used_cvc(&cvc.profile_id, &cvc.payment_method_id, used_at)? {
            gone.push(cvc.place);
        }
    }
    Ok(gone)
}

fn record_counts() -> Result<bool, Failure> {
    write_counts(|| Ok(or_abort(writer::write_counts(false))))
}

fn record_all_counts() -> Result<bool, Failure> {
    write_counts(|| Ok(or_abort(writer::write_counts(true))))
}

fn write_counts(write: fn() -> Result<Counts, Failure>) -> Result<bool, Failure> {
    let what = c"vault: writing merged audit rows";
    let given_up = match in_transaction(what, write)? {
        Some(counts) => {
            writer::forget(&counts);
            counts.given_up
        }
        None => writer::give_up_without_extension(),
    };
    if given_up > 0 {
        pgrx::warning!(
            "vault worker: audit rows of databases without a vault that were given up: {given_up}"
        );
    }
    Ok(false)
}

/// Ends the worker with the error, after which the postmaster starts it again. Otherwise, rows that are written but not noted as
/// written would be written again.
fn or_abort<T>(written: Result<T, Failure>) -> T {
    written.map_err(ErrorReport::from).unwrap_or_report()
}

fn report_role_findings() -> Result<bool, Failure> {
    in_transaction(c"vault: looking at its roles", role_findings::report)?;
    Ok(false)
}

fn take_bindings_over() -> Result<bool, Failure> {
    in_transaction(
        c"vault: taking over bindings of a restored database",
        role_bindings::take_over,
    )?;
    Ok(false)
}

/// Tells whether it is to look again soon. What waits for a lock in vain is tried again later.
fn keep_audit_months() -> Result<bool, Failure> {
    reload_settings();
    let what = c"vault: making partitions of the audit log";
    let made = in_transaction(what, retention::make_audit_months);
    run(record_reveals);
    run(drop_audit_month);
    Ok(made? != Some(true))
}

fn drop_audit_month() -> Result<bool, Failure> {
    let what = c"vault: dropping a partition of the audit log";
    in_transaction(what, retention::drop_audit_month)?;
    Ok(false)
}

fn add_up_payment_methods() -> Result<bool, Failure> {
    let what = c"vault: adding up counts of payment methods";
    Ok(in_transaction(what, retention::add_up_payment_methods)? == Some(true))
}

fn delete_expired() -> Result<bool, Failure> {
    let batch = in_transaction(c"vault: deleting what has expired", || {
        retention::delete_expired_unless_locked(clock::now()?)
    })?;
    Ok(batch.is_some_and(|batch| batch.is_full))
}
