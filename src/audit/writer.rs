//! What the worker of a database writes into its log: rows that sessions wait for, and rows of merged events.

use std::collections::HashSet;

use pgrx::pg_sys;
use vault_core::ids::{Id, PaymentMethodId, ProfileId};

use super::entry::Entry;
use super::event::{Event, Outcome};
use super::merged::{self, Due};
pub use super::places::Place;
use super::places::{self, Phase};
use super::row::Row;
use crate::error::Failure;
use crate::postgres::catalog::{database_name, own_database};
use crate::postgres::clock;
use crate::postgres::transaction::commit_for_good;
use crate::store;
use crate::tenancy::session;

/// How long rows wait while the extension is not installed, in microseconds.
const PATIENCE: i64 = 60 * 1_000_000;

/// Rows of merged events that were written. Once they are committed, their counts are forgotten.
pub struct Counts {
    rows: Vec<Due>,
    lost: u64,
    now: i64,
    /// How many rows of dropped databases were given up meanwhile.
    pub given_up: u64,
}

/// A CVC that was given to a caller who then rolled back its deletion.
pub struct UsedCvc {
    pub place: Place,
    pub profile_id: ProfileId,
    pub payment_method_id: PaymentMethodId,
    /// Microseconds since the Unix epoch.
    pub used_at: i64,
}

/// Whether rows of reveals are to be written: sessions wait for them.
pub fn has_reveals() -> bool {
    places::any(Phase::Due)
}

/// Whether used CVCs are to be deleted.
pub fn has_used_cvcs() -> bool {
    places::any(Phase::CvcDue)
}

/// Whether a transaction is running that may leave used CVCs to delete when it ends.
pub fn expects_work() -> bool {
    places::any(Phase::Held)
}

/// Writes the rows of reveals. The caller releases them after the commit.
pub fn write_reveals() -> Result<Vec<Place>, Failure> {
    let rows = places::all(Phase::Due);
    for (_, row) in &rows {
        write(row, 1, None)?;
    }
    if !rows.is_empty() {
        commit_for_good();
    }
    Ok(rows.into_iter().map(|(place, _)| place).collect())
}

/// Tells the waiting sessions that these rows are committed.
pub fn release(places: &[Place]) {
    if !places.is_empty() {
        places::written(places);
    }
}

/// The CVCs that are to be deleted.
pub fn used_cvcs() -> Vec<UsedCvc> {
    let cvcs = places::all(Phase::CvcDue).into_iter();
    cvcs.map(|(place, row)| UsedCvc {
        place,
        profile_id: ProfileId::from_stored(row.subject.profile_id.as_str()),
        payment_method_id: PaymentMethodId::from_stored(row.subject.object_id.as_str()),
        used_at: row.occurred_at,
    })
    .collect()
}

/// Notes that the deletion of these CVCs is committed.
pub fn forget_used_cvcs(places: &[Place]) {
    places.iter().copied().for_each(places::give_back);
}

/// Writes the counts that are due. With `all`, also those whose minute has not ended.
pub fn write_counts(all: bool) -> Result<Counts, Failure> {
    let now = clock::now_micros();
    let counts = Counts {
        rows: merged::due(now, all),
        lost: merged::lost(),
        now,
        given_up: give_up_dropped_databases(),
    };
    for due in &counts.rows {
        write(&due.row, due.occurrences, Some(due.first_at))?;
    }
    if counts.lost > 0 {
        write_lost(counts.lost)?;
    }
    Ok(counts)
}

/// Forgets the counts whose rows are committed.
pub fn forget(counts: &Counts) {
    merged::written(&counts.rows, counts.lost, counts.now);
}

/// Gives up the rows that have waited long for an extension that this database does not have, and returns how many.
pub fn give_up_without_extension() -> u64 {
    let before = clock::now_micros().saturating_sub(PATIENCE);
    give_up(own_database(), before)
}

/// Gives up the rows of dropped databases, where no session and no worker is left to do it.
fn give_up_dropped_databases() -> u64 {
    let mut databases = places::databases();
    databases.extend(merged::databases());
    databases.retain(|database| *database != own_database());
    let dropped: HashSet<pg_sys::Oid> = databases
        .into_iter()
        .filter(|database| database_name(*database).is_none())
        .collect();
    let dropped = dropped.into_iter();
    dropped.map(|database| give_up(database, i64::MAX)).sum()
}

fn give_up(database: pg_sys::Oid, before: i64) -> u64 {
    places::give_up(database, before) + merged::give_up(database, before)
}

fn write(row: &Row, occurrences: u64, first_at: Option<i64>) -> Result<(), Failure> {
    let subject = &row.subject;
    let profile_id = subject.profile_id.non_empty().map(ProfileId::from_stored);
    let _acting = match &profile_id {
        Some(profile_id) => session::act_for(profile_id),
        None => session::act_for_nobody(),
    };
    let entry = Entry {
        profile_id: profile_id.as_ref(),
        actor: subject.actor.as_str(),
        request_id: row.request_id.non_empty(),
        client_address: subject.client_address.non_empty(),
        event: subject.event,
        object_id: subject.object_id.non_empty(),
        outcome: subject.outcome,
    };
    let first_at = first_at.filter(|_| occurrences > 1);
    store::as_operator(|| {
        let first_at = first_at.map(clock::at_micros).transpose()?;
        entry.write_for(clock::at_micros(row.occurred_at)?, occurrences, first_at)
    })
}

fn write_lost(count: u64) -> Result<(), Failure> {
    let entry = Entry {
        profile_id: None,
        actor: "vault worker",
        request_id: None,
        client_address: None,
        event: Event::AuditRowsLost,
        object_id: None,
        outcome: Outcome::Refused,
    };
    store::as_operator(|| entry.write_for(clock::now()?, count, None))
}
