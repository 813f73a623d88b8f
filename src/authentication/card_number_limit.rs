//! How many card numbers a login or an API key may have indexed in a minute.
//!
//! Equality is an oracle. Somebody who sees the first six and last four digits of a number, and may compute the blind index or
//! the fingerprint of any number, finds the hidden digits by trying: a number of 16 digits leaves a hundred thousand that pass
//! Luhn's check. So the tries of everybody who may not see full numbers are counted, and refused beyond a limit, before
//! anything is computed. The counts are in shared memory, because a transaction that is rolled back has had its answers.
//!
//! By SQL, the limit belongs to the role that has logged in. The outer role changes with each `SET ROLE`, which would give a
//! login as many limits as it has memberships. `vault.authenticate` does not change that. Over HTTP, the limit belongs to the
//! API key.

use std::cell::Cell;
use std::hash::{BuildHasher, Hash};

use pgrx::pg_sys;
use vault_core::contract::refusal::Refusal;
use vault_core::ids::ProfileId;
use vault_core::limits::PerMinute;

use crate::audit::{self, Event};
use crate::error::Failure;
use crate::metrics::events::{Watched, count};
use crate::postgres::clock;
use crate::postgres::compat::local_transaction_id;
use crate::postgres::hash_seed::seed;
use crate::postgres::roles::{outer_role, outer_role_name, session_role, session_role_name};
use crate::postgres::shared_memory::{SharedTable, plain, reserve};
use crate::settings;
use crate::tenancy::{Caller, Origin, outer_role_may_index_in_bulk};

static USED: SharedTable<Used> = SharedTable::named(c"vault_card_numbers_per_minute");

#[derive(Clone, Copy)]
pub struct Used(PerMinute);

plain! {
    wrapper Used;
}

thread_local! {
    /// Whether a role has no limit, as looked up in a transaction: a statement may ask a million times.
    static UNLIMITED: Cell<Option<(u32, pg_sys::Oid, bool)>> = const { Cell::new(None) };
    /// A hash of the number that was counted last, and for whom. PostgreSQL asks for the index of one number again and again:
    /// to plan a look-up, and for each row of a table without an index. Trying the same number twice reveals nothing new.
    static LAST: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    reserve!(USED = Used(PerMinute::UNUSED));
}

/// Counts a number that this session is about to have indexed for a profile by the function of the column type, and puts
/// it on record. The vault is not sealed: the caller has keys.
///
/// # Errors
/// [`Refusal::TooManyRequests`] beyond the limit.
pub fn count_for_column(profile_id: &ProfileId, number: &[u8]) -> Result<(), Failure> {
    let tried = tried(session_role().to_u32(), profile_id, number);
    if LAST.get() == Some(tried) {
        return Ok(());
    }
    count_for_session(profile_id)?;
    audit::count_card_number_indexed(profile_id);
    LAST.set(Some(tried));
    Ok(())
}

fn count_for_session(profile_id: &ProfileId) -> Result<(), Failure> {
    let Some(limit) = settings::card_numbers_per_minute() else {
        return Ok(());
    };
    if session_is_unlimited() {
        return Ok(());
    }
    take(session_role().to_u32(), limit).inspect_err(|_| {
        let origin = Origin::of_session();
        note(
            profile_id,
            &outer_role_name(),
            &origin,
            &session_role_name(),
        );
    })?;
    Ok(())
}

/// Counts a number that is about to be indexed for the caller of an operation, which puts it on record itself.
///
/// # Errors
/// As [`count_for_column`].
pub fn count_for_caller(caller: &Caller) -> Result<(), Failure> {
    let limit = match (&caller.origin, settings::card_numbers_per_minute()) {
        (Origin::Session { .. }, _) => return count_for_session(&caller.profile_id),
        (Origin::Request { .. }, Some(limit)) if !caller.may_reveal => limit,
        (Origin::Request { .. }, _) => return Ok(()),
    };
    take(&caller.actor, limit).inspect_err(|_| {
        note(
            &caller.profile_id,
            &caller.actor,
            &caller.origin,
            &caller.actor,
        );
    })?;
    Ok(())
}

fn tried(role: u32, profile_id: &ProfileId, number: &[u8]) -> u64 {
    seed().hash_one((role, profile_id, number))
}

fn take(subject: impl Hash, limit: u32) -> Result<(), Refusal> {
    let subject = seed().hash_one(&subject);
    let taken = USED.exclusive().0.take(subject, limit, clock::now_micros());
    taken.map_err(|used_up| Refusal::TooManyRequests {
        retry_after: used_up.seconds_left,
    })
}

fn session_is_unlimited() -> bool {
    let (transaction, role) = (local_transaction_id(), outer_role());
    if let Some((then, whose, unlimited)) = UNLIMITED.get()
        && (then, whose) == (transaction, role)
    {
        return unlimited;
    }
    let unlimited = outer_role_may_index_in_bulk();
    UNLIMITED.set(Some((transaction, role, unlimited)));
    unlimited
}

/// The object of the audit row names whose limit it is: that of a login, whatever its outer role, or that of a key.
fn note(profile_id: &ProfileId, actor: &str, origin: &Origin, whose: &str) {
    count(Watched::CardNumberLimitHit);
    let address = origin.client_address();
    audit::note(
        Event::CardNumberLimit,
        Some(profile_id),
        actor,
        address,
        whose,
    );
}
