//! Functions that only the upgrade scripts call. A script makes the SQL function, and drops it again. An installation does not
//! have it.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::operations::earlier_rows;

/// Called by `vault--0.1.0--0.2.0.sql`. NULL when the rows without a MAC have theirs now, otherwise the digest of the rows.
#[pg_extern(sql = false)]
fn vouch_for_rows(digest: &str) -> Result<Option<String>, ErrorReport> {
    Ok(earlier_rows::vouch(digest)?)
}
