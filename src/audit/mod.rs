//! What goes into the audit log. Card data and keys never do.
//!
//! The row of an act that succeeds is written in the act's transaction. A reveal has its row, or a place for it, before anything
//! is shown ([`reveals`]). What is refused or rolled back is counted ([`merged`]), and the worker writes it ([`writer`]).

mod entry;
mod event;
mod indexed;
mod merged;
pub mod months;
mod places;
mod reveals;
mod rollbacks;
mod row;
pub mod workers;
pub mod writer;

use std::cell::Cell;

use vault_core::ids::{PaymentMethodId, ProfileId};
use vault_core::time::Timestamp;

use crate::error::{Failure, warn};
use crate::postgres::catalog::own_database;
use crate::postgres::clock;
use crate::postgres::preload::{check_preloaded, is_preloaded};
use crate::postgres::random;
use crate::postgres::roles::outer_role_name;
use crate::postgres::transaction::commit_for_good;
use crate::store;
use crate::store::audit_log::NewCreation;
use crate::tenancy::{Caller, Origin};
use entry::Entry;
pub use event::{Event, Outcome};
pub use indexed::CountIndexed;
pub use reveals::SettlePlaces;
pub use rollbacks::CountRolledBack;
use row::{Row, Subject};

/// The object of the row that is written before the first card number of a transaction.
const FIRST_VALUE: &str = "first value";

thread_local! {
    /// Whether this backend has warned that it puts no refusals on record.
    static WARNED: Cell<bool> = const { Cell::new(false) };
}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    places::reserve_shared_memory();
    merged::reserve_shared_memory();
    workers::reserve_shared_memory();
}

/// Records that a caller is about to see a number. Nothing may be opened before this returns. The row stays even if the
/// caller's transaction rolls back.
///
/// # Errors
/// When there is no place for the row, or no worker to write it. Then nothing may be shown.
pub fn before_reveal(caller: &Caller, event: Event, object_id: &str) -> Result<(), Failure> {
    let entry = Entry::of(caller, event, Some(object_id), Outcome::Success);
    match caller.origin {
        Origin::Request { .. } => {
            reveals::write_on_rollback(entry.to_row())?;
            commit_for_good();
            entry.write(clock::now()?)
        }
        Origin::Session { .. } => reveals::write_now(entry.to_row()),
    }
}

/// The same for a SQL session that uses a CVC and has deleted its row. After a rollback, the worker deletes the row again.
///
/// # Errors
/// As above.
pub fn before_use_of_cvc(
    caller: &Caller,
    payment_method_id: &PaymentMethodId,
) -> Result<(), Failure> {
    let entry = Entry::of(
        caller,
        Event::CardCvcUsed,
        Some(payment_method_id.as_str()),
        Outcome::Success,
    );
    reveals::write_use_of_cvc(entry.to_row())
}

/// Records that an application is about to open card numbers of its own tables. One row is written before the first number of
/// a transaction, and one at its end with the count.
///
/// # Errors
/// As above.
pub fn before_card_number(profile_id: &ProfileId) -> Result<(), Failure> {
    reveals::before_value(profile_id, || {
        of_card_number(
            Event::CardNumberRevealed,
            profile_id,
            Outcome::Success,
            FIRST_VALUE,
        )
    })
}

/// How many rows of this database have waited in shared memory since before that time, in microseconds since the Unix epoch.
pub fn waiting_since_before(before: i64) -> u64 {
    places::waiting_since_before(before) + merged::waiting_since_before(before)
}

/// How many events since that time have no row in the log.
///
/// # Errors
/// When the log cannot be read.
pub fn lost_since(time: Timestamp) -> Result<u64, Failure> {
    store::audit_log::lost(random::uuid_at(time)?, time)
}

/// Counts a card number that was opened.
pub fn count_card_number(profile_id: &ProfileId) {
    reveals::count_value(profile_id);
}

/// Records that an application was not let open a card number of its own tables.
pub fn record_card_number_refused(profile_id: &ProfileId) {
    let event = Event::CardNumberRevealed;
    count(&of_card_number(event, profile_id, Outcome::Refused, ""));
}

/// Counts a card number whose blind index an application has computed. Equal events of a minute become one row. Work that is
/// rolled back counts, too, because its answer was seen.
pub fn count_card_number_indexed(profile_id: &ProfileId) {
    indexed::count(profile_id, || {
        of_card_number(Event::CardNumberIndexed, profile_id, Outcome::Success, "")
    });
}

fn of_card_number(event: Event, profile_id: &ProfileId, outcome: Outcome, object_id: &str) -> Row {
    let origin = Origin::of_session();
    let subject = Subject {
        database: own_database(),
        event,
        outcome,
        profile_id: profile_id.as_str().into(),
        actor: outer_role_name().as_str().into(),
        client_address: origin.client_address().unwrap_or_default().into(),
        object_id: object_id.into(),
    };
    Row::new(subject, None)
}

/// Records what a caller did.
pub fn record(caller: &Caller, event: Event, object_id: &str) -> Result<(), Failure> {
    Entry::of(caller, event, Some(object_id), Outcome::Success).write(clock::now()?)
}

/// Records what a caller is about to do outside of the database. The row is safe once the transaction has committed, whatever
/// `synchronous_commit` says.
pub fn record_for_good(caller: &Caller, event: Event, object_id: &str) -> Result<(), Failure> {
    commit_for_good();
    record(caller, event, object_id)
}

/// The rows of creates, for the statements of the creates to write them.
pub fn creation(caller: &Caller) -> Result<NewCreation<'_>, Failure> {
    Ok(NewCreation {
        occurred_at: clock::now()?,
        actor: &caller.actor,
        request_id: caller.origin.request_id(),
        client_address: caller.origin.client_address(),
        event: Event::PaymentMethodCreated.as_str(),
    })
}

/// Records that a caller's create has refreshed a payment method.
pub fn record_refresh(caller: &Caller, id: &PaymentMethodId) -> Result<(), Failure> {
    record(caller, Event::PaymentMethodRefreshed, id.as_str())?;
    record_if_rolled_back(caller, Event::PaymentMethodRefreshed);
    Ok(())
}

/// A create leaves a row even if it is rolled back.
pub fn record_if_rolled_back(caller: &Caller, event: Event) {
    if workers::serve_this_database() {
        let entry = Entry::of(caller, event, None, Outcome::RolledBack);
        rollbacks::created(entry.to_row());
    }
}

/// Records what a caller was not let do.
///
/// # Errors
/// When the library was not loaded at the server's start.
pub fn record_refusal(
    caller: &Caller,
    event: Event,
    object_id: Option<&str>,
) -> Result<(), Failure> {
    check_preloaded()?;
    count(&Entry::of(caller, event, object_id, Outcome::Refused).to_row());
    Ok(())
}

/// Records a failed authentication. The object is the prefix of the key that was shown, where it has one.
///
/// # Errors
/// When the library was not loaded at the server's start.
pub fn record_authentication_failure(origin: &Origin, key_prefix: &str) -> Result<(), Failure> {
    check_preloaded()?;
    let actor = match origin {
        Origin::Request { .. } => String::new(),
        Origin::Session { .. } => outer_role_name(),
    };
    let entry = Entry {
        profile_id: None,
        actor: &actor,
        request_id: origin.request_id(),
        client_address: origin.client_address(),
        event: Event::Authentication,
        object_id: Some(key_prefix),
        outcome: Outcome::Refused,
    };
    count(&entry.to_row());
    Ok(())
}

/// Records something that the vault noticed and no caller asked for: a limit that was reached, a row that is not believed. The
/// row stays when the transaction rolls back, and equal ones are merged. `actor` is empty where unknown.
pub fn note(
    event: Event,
    profile_id: Option<&ProfileId>,
    actor: &str,
    address: Option<&str>,
    object_id: &str,
) {
    let entry = Entry {
        profile_id,
        actor,
        request_id: None,
        client_address: address,
        event,
        object_id: Some(object_id),
        outcome: Outcome::Refused,
    };
    if is_preloaded() {
        count(&entry.to_row());
    }
}

fn count(row: &Row) {
    if workers::record_here() {
        merged::count(row, 1);
    } else if !WARNED.replace(true) {
        warn(
            "refusals are not put on record here, because this database has no vault worker",
            "Add the database to vault.databases and restart the server. A standby has no vault worker.",
        );
    }
}

/// Records what an administrator did, to a profile or to the whole vault.
pub fn record_administration(
    profile_id: Option<&ProfileId>,
    event: Event,
    object_id: Option<&str>,
) -> Result<(), Failure> {
    let origin = Origin::of_session();
    let entry = Entry {
        profile_id,
        actor: &outer_role_name(),
        request_id: origin.request_id(),
        client_address: origin.client_address(),
        event,
        object_id,
        outcome: Outcome::Success,
    };
    entry.write(clock::now()?)
}
