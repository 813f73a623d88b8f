//! What the vault asks of Citus beside its catalogues, where Citus is installed.

use core::ffi::CStr;

use pgrx::IntoDatum;
use pgrx::pg_sys;

use super::run_as::{Trust, run_as};
use crate::error::Failure;

/// Citus refuses a write to a shard by its own name, unless this is set.
pub const WRITE_TO_SHARDS: (&CStr, &CStr) = (c"citus.enable_manual_changes_to_shards", c"on");

/// The lock that Citus takes on the shards of a group before it moves or splits them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MoveLock {
    /// `pg_catalog.lock_shard_metadata(integer, bigint[])`. It refuses everybody but the owner of the table.
    pub function: pg_sys::Oid,
    pub owner: pg_sys::Oid,
}

impl MoveLock {
    /// Holds the group of a shard on its nodes until the transaction ends. Waits for a move, and then hears of it.
    ///
    /// # Errors
    /// Errors of Citus are PostgreSQL's own, such as that the shard does not exist any more.
    pub fn share(self, shard: i64) -> Result<(), Failure> {
        run_as(self.owner, Trust::Own, &[], || {
            // SAFETY: the function of Citus has these two parameters, and returns nothing.
            unsafe {
                pg_sys::OidFunctionCall2Coll(
                    self.function,
                    pg_sys::InvalidOid,
                    pg_sys::Datum::from(pg_sys::ShareLock),
                    vec![shard].into_datum().unwrap_or(pg_sys::Datum::null()),
                );
            }
            Ok(())
        })
    }
}
