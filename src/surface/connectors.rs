//! Schema `vault`: the functions of the administrators of connectors. sql/connectors.sql has the views.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::operations::connector_accounts::{self, Changes};
use crate::operations::{administration, tokens};
use crate::types::jsonb::Jsonb;

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn create_connector(
    owner_id: &str,
    kind: &str,
    label: &str,
    settings: Jsonb,
    credentials: &str,
) -> Result<String, ErrorReport> {
    let id = connector_accounts::create(owner_id, kind, label, settings.as_str(), credentials)?;
    Ok(id.as_str().to_owned())
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn update_connector(
    connector_id: &str,
    label: default!(Option<&str>, "NULL"),
    settings: default!(Option<Jsonb>, "NULL"),
    credentials: default!(Option<&str>, "NULL"),
) -> Result<(), ErrorReport> {
    let changes = Changes {
        label,
        settings: settings.as_ref().map(Jsonb::as_str),
        credentials,
    };
    Ok(connector_accounts::update(connector_id, &changes)?)
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn enable_connector(connector_id: &str) -> Result<(), ErrorReport> {
    Ok(connector_accounts::set_enabled(connector_id, true)?)
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn disable_connector(connector_id: &str) -> Result<(), ErrorReport> {
    Ok(connector_accounts::set_enabled(connector_id, false)?)
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn set_network_tokenization(profile_id: &str, enabled: bool) -> Result<(), ErrorReport> {
    Ok(administration::set_network_tokenization(
        profile_id, enabled,
    )?)
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn retry_token_job(job_id: &str) -> Result<(), ErrorReport> {
    Ok(tokens::retry(job_id)?)
}
