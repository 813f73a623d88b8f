//! Functions that only the upgrade scripts call. A script makes the SQL function, and drops it again. An installation does not
//! have it.

use pgrx::AllocatedByPostgres;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::trigger_support::PgTriggerError;

use crate::operations::earlier_rows;

/// Called by `vault--0.1.0--0.2.0.sql`. NULL when the rows without a MAC have theirs now, otherwise the digest of the rows.
#[pg_extern(sql = false)]
fn vouch_for_rows(digest: &str) -> Result<Option<String>, ErrorReport> {
    Ok(earlier_rows::vouch(digest)?)
}

/// What `vault--0.1.0.sql` calls [`tell_of_change`](super::sql::tell_of_change). The upgrade gives the function its present name.
#[pg_trigger(sql = false)]
fn role_bindings_changed<'a>(
    trigger: &'a PgTrigger<'a>,
) -> Result<Option<PgHeapTuple<'a, AllocatedByPostgres>>, PgTriggerError> {
    super::sql::tell_of_change(trigger)
}
