//! Re-encryption: seals values under earlier keys of a profile anew, in the vault's tables and in columns of applications.

mod application_tables;
mod vault_tables;
mod walk;

use pgrx::pg_sys;
use vault_core::ids::ProfileId;

pub use application_tables::reindex;

use super::administration::check_profile;
use crate::error::{Failure, invalid};
use crate::keys::{self, SealingKeys};
use crate::store;
use crate::store::owners_code::step;
use crate::store::vault_tables::VaultTable;
use crate::tenancy::session;
use walk::Batch;

/// Seals anew the table's next rows after `after` that are not under the profile's current keys.
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
    if let Some(table) = VaultTable::with_oid(table) {
        return vault_tables::batch(profile_id, table, after, batch_size);
    }
    let Some(table) = step(table, || store::application_tables::table(table))? else {
        return Ok(Batch::default());
    };
    let keys = keys_of(profile_id)?;
    application_tables::batch(&keys, &table, after, batch_size)
}

/// The keys of a profile that an administrator names.
pub fn keys_of(profile_id: &ProfileId) -> Result<SealingKeys, Failure> {
    let _acting = session::act_for(profile_id);
    keys::for_sealing(profile_id)
}
