//! Seals anew what is under earlier keys of a profile: rows of the vault's own, and columns of applications.

mod applications;
mod own;

use pgrx::pg_sys;
use vault_core::ids::ProfileId;

pub use applications::reindex;

use super::administration::{check_profile, invalid};
use crate::error::Failure;
use crate::keys::{self, SealingKeys};
use crate::store::application_columns;
use crate::store::owners_code::step;
use crate::store::reencryption::Table;
use crate::tenancy::session;

/// What a batch has done.
#[derive(Default)]
pub struct Batch {
    /// The last row that it looked at; none when the table is done.
    pub last: Option<String>,
    /// Rows sealed anew.
    pub moved: usize,
    /// Values that did not open, and were left as they are.
    pub damaged: usize,
}

/// Seals the table's next rows behind `after` anew that are not under the profile's current keys.
pub fn batch(
    profile_id: &ProfileId,
    table: pg_sys::Oid,
    after: Option<&str>,
    batch_size: i32,
) -> Result<Batch, Failure> {
    if batch_size < 1 {
        return Err(invalid(
            "batch_size must be 1 or more",
            "The default is 1000.",
        ));
    }
    check_profile(profile_id)?;
    if let Some(table) = Table::with_oid(table) {
        return own::batch(profile_id, table, after, batch_size);
    }
    let Some(table) = step(table, || application_columns::table(table))? else {
        return Ok(Batch::default());
    };
    let keys = keys_of(profile_id)?;
    applications::batch(&keys, &table, after, batch_size)
}

/// The keys of a profile that an administrator names.
pub fn keys_of(profile_id: &ProfileId) -> Result<SealingKeys, Failure> {
    let _acting = session::act_for(profile_id);
    keys::to_seal(profile_id)
}
