//! Schema `vault`: the functions of the administrators of keys. sql/key_lifecycle.sql builds on them.

use pgrx::iter::TableIterator;
use pgrx::name;
use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::ids::ProfileId;

use crate::operations::{application_values, key_lifecycle, reencryption, row_macs};
use crate::tenancy::bindings;

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn rotate_data_key(
    profile_id: &str,
    purpose: default!(&str, "'data'"),
) -> Result<i32, ErrorReport> {
    Ok(key_lifecycle::rotate(
        &ProfileId::from_administrator(profile_id),
        purpose,
    )?)
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn rewrap_data_keys() -> Result<i64, ErrorReport> {
    Ok(i64::try_from(key_lifecycle::rewrap_all()?).unwrap_or(i64::MAX))
}

#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn forged_rows() -> Result<
    TableIterator<
        'static,
        (
            name!(table_name, String),
            name!(row_id, String),
            name!(reason, String),
        ),
    >,
    ErrorReport,
> {
    let rows = row_macs::forged()?.into_iter();
    Ok(TableIterator::new(rows.map(|row| {
        (row.table.to_owned(), row.id, row.reason.to_owned())
    })))
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn destroy_profile_keys(profile_id: &str) -> Result<(), ErrorReport> {
    Ok(key_lifecycle::destroy_all(&ProfileId::from_administrator(
        profile_id,
    ))?)
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn destroy_data_key(
    profile_id: &str,
    purpose: &str,
    version: i32,
    force: default!(bool, false),
    left_out: default!(Vec<pg_sys::Oid>, "'{}'"),
) -> Result<(), ErrorReport> {
    Ok(key_lifecycle::destroy(
        &ProfileId::from_administrator(profile_id),
        purpose,
        version,
        force,
        &left_out,
    )?)
}

/// One step of `vault.reencrypt`.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn reencrypt_batch(
    profile_id: &str,
    relation: pg_sys::Oid,
    after_row: Option<&str>,
    batch_size: i32,
) -> Result<
    TableIterator<
        'static,
        (
            name!(last_row, Option<String>),
            name!(moved, i64),
            name!(damaged, i64),
        ),
    >,
    ErrorReport,
> {
    let batch = reencryption::batch(
        &ProfileId::from_administrator(profile_id),
        relation,
        after_row,
        batch_size,
    )?;
    let count = |count| i64::try_from(count).unwrap_or(i64::MAX);
    Ok(TableIterator::once((
        batch.last,
        count(batch.moved),
        count(batch.damaged),
    )))
}

#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn count_application_values()
-> Result<TableIterator<'static, (name!(key_id, i32), name!(values_count, i64))>, ErrorReport> {
    Ok(TableIterator::new(application_values::count()?))
}

/// Whether tables of applications have values under one of these keys, or under any if none are given.
#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn has_application_values(
    key_ids: default!(Option<Vec<i32>>, "NULL"),
) -> Result<bool, ErrorReport> {
    Ok(application_values::exist(key_ids.as_deref())?)
}

#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn values_of_strangers(
    profile_id: &str,
) -> Result<
    TableIterator<'static, (name!(relation, String), name!(values_count, Option<i64>))>,
    ErrorReport,
> {
    Ok(TableIterator::new(key_lifecycle::values_of_strangers(
        &ProfileId::from_administrator(profile_id),
    )?))
}

#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn acts_for(owner: pg_sys::Oid, profile_id: &str) -> Result<bool, ErrorReport> {
    Ok(bindings::acts_for(
        owner,
        &ProfileId::from_administrator(profile_id),
    )?)
}

#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn is_destroyed(profile_id: &str) -> bool {
    key_lifecycle::is_destroyed(&ProfileId::from_administrator(profile_id))
}

#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn count_values(profile_id: &str, key_id: i32) -> Result<i64, ErrorReport> {
    Ok(key_lifecycle::count_values(
        &ProfileId::from_administrator(profile_id),
        key_id,
    )?)
}
