//! Schema `vault`: the functions for administrators.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::iter::TableIterator;
use pgrx::name;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::ids::{MerchantId, ProfileId};

use crate::operations::{administration, role_bindings};

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn create_merchant(name: &str) -> Result<String, ErrorReport> {
    Ok(administration::create_merchant(name)?.as_str().to_owned())
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn create_profile(merchant_id: &str, name: &str) -> Result<String, ErrorReport> {
    Ok(
        administration::create_profile(&MerchantId::from_administrator(merchant_id), name)?
            .as_str()
            .to_owned(),
    )
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn create_api_key(
    merchant_id: &str,
    name: &str,
    scopes: default!(Vec<String>, "'{}'"),
    expires_at: default!(Option<TimestampWithTimeZone>, "NULL"),
) -> Result<TableIterator<'static, (name!(key_id, String), name!(api_key, String))>, ErrorReport> {
    let (key_id, key) = administration::create_api_key(
        &MerchantId::from_administrator(merchant_id),
        name,
        scopes,
        expires_at,
    )?;
    Ok(TableIterator::once((
        key_id.as_str().to_owned(),
        key.expose().to_owned(),
    )))
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn revoke_api_key(key_id: &str) -> Result<(), ErrorReport> {
    Ok(administration::revoke_api_key(key_id)?)
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn bind_role(role: &str, profile_id: &str) -> Result<(), ErrorReport> {
    Ok(role_bindings::bind(
        role,
        &ProfileId::from_administrator(profile_id),
    )?)
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn unbind_role(role: &str) -> Result<(), ErrorReport> {
    Ok(role_bindings::unbind(role)?)
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn clear_lockouts() -> Result<(), ErrorReport> {
    Ok(administration::clear_lockouts()?)
}
