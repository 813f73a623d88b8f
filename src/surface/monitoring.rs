//! Schemas `vault` and `vault_api`: how the vault is, for those who watch it.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::request::set_status;
use crate::operations::readiness;

/// True, or an error that says why this server cannot store anything.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn ready() -> Result<bool, ErrorReport> {
    readiness::check()?;
    Ok(true)
}

/// The same for nginx, which makes a 503 of every answer but 200. It is no error, because whoever watches the vault asks often,
/// and the log would have one line for each time. It is no 503, because PostgREST closes all its connections when it sends one.
#[pg_extern(sql = false)]
fn http_ready(_body: &[u8]) -> Result<String, ErrorReport> {
    if readiness::check().is_err() {
        set_status(500)?;
    }
    Ok("{}".to_owned())
}
