//! The partitions of the log, one for each month (UTC). They are made ahead of time, so that no row has to be moved, and dropped
//! when they are no longer kept.

use super::entry::Entry;
use super::event::{Event, Outcome};
use crate::error::Failure;
use crate::postgres::clock;
use crate::postgres::local_settings::with_short_lock_timeout;
use crate::store;

/// How many rows may wait for their partition. They are moved under a lock, for which every call waits.
const MOST_MOVED: i64 = 10_000;

/// Makes the partitions that are missing, and tells whether they are there: a vault without a merchant needs none. Needs the rights
/// of a superuser.
///
/// # Errors
/// When somebody holds a lock on the log. Sessions that write to the log would queue behind a longer wait. And when too many rows wait.
pub fn make() -> Result<bool, Failure> {
    with_short_lock_timeout(|| store::audit_log::make_months(MOST_MOVED))
}

/// Drops the oldest month, if it ended more than `months_kept` months ago, and records that. Needs the rights of a superuser.
///
/// # Errors
/// When somebody holds a lock on the log.
pub fn drop_one(months_kept: i32) -> Result<(), Failure> {
    let month = with_short_lock_timeout(|| store::audit_log::drop_month(months_kept))?;
    let Some(month) = month else {
        return Ok(());
    };
    let entry = Entry {
        profile_id: None,
        actor: "vault worker",
        request_id: None,
        client_address: None,
        event: Event::AuditMonthDropped,
        object_id: Some(&month),
        outcome: Outcome::Success,
    };
    store::as_operator(|| entry.write(clock::now()?))
}
