//! Schema `vault`: what each node of a vault shows that is spread over several. sql/nodes.sql builds on it.

use pgrx::iter::SetOfIterator;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::operations::of_node;

/// Each key is a JSON object.
#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn keys_on_shards() -> Result<SetOfIterator<'static, String>, ErrorReport> {
    Ok(SetOfIterator::new(of_node::keys()?))
}

/// Each job is a JSON object.
#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn jobs_on_shards() -> Result<SetOfIterator<'static, String>, ErrorReport> {
    Ok(SetOfIterator::new(of_node::jobs()?))
}

/// Each account is a JSON object.
#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
pub fn connectors_on_shards() -> Result<SetOfIterator<'static, String>, ErrorReport> {
    Ok(SetOfIterator::new(of_node::connectors()?))
}
