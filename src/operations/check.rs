//! What is wrong with the state of this vault: its keys, its rows and its background processes. The parts of `vault.check()` about
//! settings, rights and objects are in sql/check.sql.

use std::time::Duration;

use crate::audit;
use crate::error::{Failure, Sealed};
use crate::keys;
use crate::metrics::processes::{self, KINDS, Kind};
use crate::operations::row_macs;
use crate::postgres::catalog::{database_name, own_database};
use crate::postgres::preload::is_preloaded;
use crate::postgres::standby::is_on_standby;
use crate::postgres::{clock, process};
use crate::settings;
use crate::store;
use crate::tenancy::session;

/// How long a background process may be away, because it starts again after an error, and how long audit rows may wait for it.
const PATIENCE: Duration = Duration::from_secs(15);

/// For how long lost audit rows are a finding.
const MEMORY: Duration = Duration::from_secs(24 * 60 * 60);

/// How many forged rows are listed one by one.
const ROWS: usize = 100;

/// How bad a finding is.
#[derive(Clone, Copy)]
pub enum Severity {
    /// Somebody may get what is not theirs, something may be lost, or the vault does not work.
    Critical,
    /// Something should be looked after.
    Warning,
}

/// Something that is wrong.
pub struct Finding {
    /// Stays the same from release to release.
    pub name: &'static str,
    pub severity: Severity,
    pub object: String,
    pub message: String,
    pub hint: String,
}

/// All findings about keys, rows and background processes. What a sealed vault cannot know is left out.
pub fn state() -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    match keys::check_usable() {
        Ok(()) => {
            forged_rows(&mut findings)?;
            keys_of_profiles(&mut findings)?;
        }
        Err(Failure::Sealed(reason)) => findings.push(sealed(&reason)),
        Err(failure) => return Err(failure),
    }
    if is_preloaded() && !is_on_standby() {
        background_processes(&mut findings);
        audit_rows(&mut findings)?;
    }
    Ok(findings)
}

fn sealed(reason: &Sealed) -> Finding {
    let (name, object) = match reason {
        Sealed::NotPreloaded => ("not_preloaded", "shared_preload_libraries"),
        _ => ("sealed", "vault.root_key_command"),
    };
    Finding {
        name,
        severity: Severity::Critical,
        object: object.to_owned(),
        message: format!("vault is sealed: {reason}"),
        hint: reason.hint().to_owned(),
    }
}

fn forged_rows(findings: &mut Vec<Finding>) -> Result<(), Failure> {
    for row in row_macs::forged()?.into_iter().take(ROWS) {
        findings.push(Finding {
            name: "row_not_believed",
            severity: Severity::Critical,
            object: format!("vault.{} {}", row.table, row.id),
            message: format!("the row is not believed: {}", row.reason),
            hint: "Find out who wrote it, and restore it from a backup or have the vault make it anew. vault.forged_rows() lists all \
                   such rows."
                .to_owned(),
        });
    }
    Ok(())
}

fn keys_of_profiles(findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let (mut due, mut closed) = (0_u64, 0_u64);
    for profile in store::profiles::all_here()? {
        let profile_id = profile.profile_id;
        let _acting = session::act_for(&profile_id);
        due += store::data_keys::count_due(&profile_id)?;
        closed += keys::count_closed(&profile_id)?;
    }
    if due > 0 {
        findings.push(Finding {
            name: "keys_due",
            severity: Severity::Warning,
            object: "vault.keys".to_owned(),
            message: format!("current keys that should have been rotated by now: {due}"),
            hint: "Call vault.rotate_data_key for each key of vault.keys with state = 'current' and rotate_after < now()."
                .to_owned(),
        });
    }
    if closed > 0 {
        findings.push(Finding {
            name: "keys_closed",
            severity: Severity::Critical,
            object: "vault.data_keys".to_owned(),
            message: format!("keys that only an earlier root key opens, which the server does not have: {closed}"),
            hint: "Have vault.root_key_command print the earlier root key on a later line, restart the server, and call \
                   vault.rewrap_data_keys()."
                .to_owned(),
        });
    }
    Ok(())
}

fn background_processes(findings: &mut Vec<Finding>) {
    let name = database_name(own_database()).unwrap_or_default();
    let place = settings::databases()
        .iter()
        .position(|known| *known == name);
    let Some(place) = place else {
        findings.push(Finding {
            name: "database_not_served",
            severity: Severity::Critical,
            object: name,
            message: "no background process serves this database: nothing is revealed, and nothing expires".to_owned(),
            hint: "Add the database to vault.databases and restart the server.".to_owned(),
        });
        return;
    };
    let missing = KINDS.into_iter().filter(|kind| is_missing(*kind, place));
    findings.extend(missing.map(|kind| Finding {
        name: "process_not_running",
        severity: Severity::Critical,
        object: kind.name().to_owned(),
        message: format!("the background process does not run for this database: {}", kind.name()),
        hint: "The server log says why. max_worker_processes must leave room for three processes of each database.".to_owned(),
    }));
}

/// A process that has ended starts again within a few seconds.
fn is_missing(kind: Kind, place: usize) -> bool {
    let since = processes::last_run(kind, place).max(Some(process::server_started_at()));
    !processes::is_running(kind, place) && since.is_some_and(|since| since < long_ago(PATIENCE))
}

fn audit_rows(findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let waiting = audit::waiting_since_before(long_ago(PATIENCE));
    if waiting > 0 {
        findings.push(Finding {
            name: "audit_rows_waiting",
            severity: Severity::Critical,
            object: "vault.audit_log".to_owned(),
            message: format!("rows of the audit log that wait in memory to be written: {waiting}"),
            hint: "See why the worker does not write: it does not run, or somebody has locked the table or a row that it needs."
                .to_owned(),
        });
    }
    let lost = audit::lost_since(clock::at_micros(long_ago(MEMORY))?)?;
    if lost > 0 {
        findings.push(Finding {
            name: "audit_rows_lost",
            severity: Severity::Critical,
            object: "vault.audit_log".to_owned(),
            message: format!("events of the last 24 hours that have no row in the audit log: {lost}"),
            hint: "A flood of different refusals may have filled the memory for them. The event audit.lost says when."
                .to_owned(),
        });
    }
    Ok(())
}

/// The time that long before now, in microseconds since the Unix epoch.
fn long_ago(time: Duration) -> i64 {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    clock::now_micros().saturating_sub(micros)
}
