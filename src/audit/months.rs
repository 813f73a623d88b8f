//! The partitions of the log, one for each month (UTC). They are made ahead of time, so that no row has to be moved, and dropped
//! when they are no longer kept.

use super::entry::Entry;
use super::event::{Event, Outcome};
use crate::error::Failure;
use crate::postgres::clock;
use crate::postgres::local_settings::with_short_lock_timeout;
use crate::store;

/// Makes the partitions that are missing, and tells whether they are there: a vault without a merchant needs none. Needs the rights
/// of a superuser.
///
/// # Errors
/// When somebody holds a lock on the log. Sessions that write to the log would queue behind a longer wait.
pub fn make() -> Result<bool, Failure> {
    with_short_lock_timeout(store::audit_log::make_months)
}

/// Drops the partitions of the months before the last `kept` ones, and records each. Needs the rights of a superuser.
///
/// # Errors
/// As above.
pub fn drop_earlier_than(kept: i32) -> Result<(), Failure> {
    let months = with_short_lock_timeout(|| store::audit_log::drop_months(kept))?;
    for month in months {
        let entry = Entry {
            profile_id: None,
            actor: "vault worker",
            request_id: None,
            client_address: None,
            event: Event::AuditMonthDropped,
            object_id: Some(&month),
            outcome: Outcome::Success,
        };
        store::as_operator(|| entry.write(clock::now()?))?;
    }
    Ok(())
}
