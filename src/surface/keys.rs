//! Schema `vault`: the functions of whoever answers for the keys. sql/key_lifecycle.sql builds on them.

use pgrx::iter::TableIterator;
use pgrx::name;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::operations::key_lifecycle;

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn rotate_data_key(
    profile_id: &str,
    purpose: default!(&str, "'data'"),
) -> Result<i32, ErrorReport> {
    Ok(key_lifecycle::rotate(profile_id, purpose)?)
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn rewrap_data_keys() -> Result<i64, ErrorReport> {
    Ok(i64::try_from(key_lifecycle::rewrap_all()?).unwrap_or(i64::MAX))
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn destroy_profile_keys(profile_id: &str) -> Result<(), ErrorReport> {
    Ok(key_lifecycle::destroy_all(profile_id)?)
}

/// What `vault.destroy_data_key` does once nothing needs the key.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn overwrite_data_key(
    profile_id: &str,
    purpose: &str,
    version: i32,
) -> Result<(), ErrorReport> {
    Ok(key_lifecycle::destroy(profile_id, purpose, version)?)
}

/// One step of `vault.reencrypt`.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn reencrypt_batch(
    profile_id: &str,
    table_name: &str,
    after_row: &str,
    batch_size: i32,
) -> Result<TableIterator<'static, (name!(last_row, Option<String>), name!(moved, i64))>, ErrorReport>
{
    let batch = key_lifecycle::reencrypt_batch(profile_id, table_name, after_row, batch_size)?;
    let moved = i64::try_from(batch.moved).unwrap_or(i64::MAX);
    Ok(TableIterator::once((batch.last, moved)))
}

#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn count_application_values(key_id: i32) -> Result<i64, ErrorReport> {
    Ok(key_lifecycle::count_application_values(key_id)?)
}

#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn is_destroyed(profile_id: &str) -> bool {
    key_lifecycle::is_destroyed(profile_id)
}

#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn count_values(profile_id: &str, key_id: i32) -> Result<i64, ErrorReport> {
    Ok(key_lifecycle::count_values(profile_id, key_id)?)
}
