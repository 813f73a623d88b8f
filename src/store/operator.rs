//! Runs statements with other rights than the function's: those of the vault's own roles, or of a table's owner.

use core::ffi::CStr;

use pgrx::pg_sys;

use crate::error::Failure;
use crate::postgres::catalog;
use crate::postgres::local_settings::SEARCH_PATH;
use crate::postgres::roles::required;
use crate::postgres::run_as::{Trust, run_as};

const OPERATOR: &CStr = c"vault_operator";
const WORKER: &CStr = c"vault_worker";
const NODE: &CStr = c"vault_node";

const NO_ROW_SECURITY: (&CStr, &CStr) = (c"row_security", c"off");
/// A synchronized scan starts in the middle of the table, and batches need rows in the order of their places.
const IN_ORDER: (&CStr, &CStr) = (c"synchronize_seqscans", c"off");
const NO_TRIGGERS: (&CStr, &CStr) = (c"session_replication_role", c"replica");

/// Runs `statements` as `vault_operator`: what the operations do, within the current profile.
pub fn as_operator<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    run_as(required(OPERATOR), Trust::Own, &[SEARCH_PATH], statements)
}

/// Runs `statements` as `vault_worker`: deletes in all profiles, and sees no envelope.
pub fn as_worker<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    run_as(required(WORKER), Trust::Own, &[SEARCH_PATH], statements)
}

/// Runs `statements` as `vault_node`, which can log in to the other nodes of a vault that is spread over several. These
/// statements go through Citus. The caller's settings must neither break them nor show them.
pub(super) fn as_node<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let settings = [
        SEARCH_PATH,
        (c"citus.log_local_commands", c"off"),
        (c"citus.log_remote_commands", c"off"),
        (c"client_min_messages", c"notice"),
        (c"citus.enable_local_execution", c"on"),
        (c"citus.enable_router_execution", c"on"),
        (
            c"citus.allow_modifications_from_workers_to_replicated_tables",
            c"on",
        ),
        (c"citus.all_modifications_commutative", c"off"),
        (c"citus.propagate_set_commands", c"none"),
        (c"citus.multi_task_query_log_level", c"off"),
        (c"plan_cache_mode", c"auto"),
    ];
    run_as(required(NODE), Trust::Own, &settings, statements)
}

/// Runs `statements` as the owner of an application's table. Code that the owner has attached to the table runs with the
/// owner's rights, as when PostgreSQL analyses the table. Triggers and foreign keys do not run, because a value that is sealed
/// again is the same value. A policy that also binds the owner is an error, because it could hide rows.
pub fn as_owner<T>(
    owner: pg_sys::Oid,
    statements: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    run_as(
        owner,
        Trust::Restricted,
        &[SEARCH_PATH, NO_ROW_SECURITY, IN_ORDER, NO_TRIGGERS],
        statements,
    )
}

/// The oid of a table of the vault.
pub(super) fn relation(name: &CStr) -> pg_sys::Oid {
    catalog::table(c"vault", name).unwrap_or(pg_sys::InvalidOid)
}

/// Whether the tables of this database are those that this library works with. Between the installation of the library and the
/// upgrade of a database, they may be those of 0.1.0, which had no jobs. Needs a transaction.
pub fn has_present_tables() -> bool {
    relation(c"jobs") != pg_sys::InvalidOid
}
