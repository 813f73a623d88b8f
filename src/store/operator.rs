//! Runs statements with other rights than the function's: those of the vault's own roles, or of a table's owner.

use core::ffi::CStr;

use pgrx::pg_sys;

use crate::error::Failure;

const OPERATOR: &CStr = c"vault_operator";
const WORKER: &CStr = c"vault_worker";

const SEARCH_PATH: (&CStr, &CStr) = (c"search_path", c"pg_catalog, pg_temp");
const NO_ROW_SECURITY: (&CStr, &CStr) = (c"row_security", c"off");

/// Runs `statements` as `vault_operator`: what the operations do, within the current profile.
pub fn as_operator<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    as_user(role(OPERATOR), 0, &[SEARCH_PATH], statements)
}

/// Runs `statements` as `vault_worker`: deletes in all profiles, and sees no envelope.
pub fn as_worker<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    as_user(role(WORKER), 0, &[SEARCH_PATH], statements)
}

/// Runs `statements` as the owner of a table that is an application's: whatever the owner has hung on it runs with the
/// owner's rights, as when PostgreSQL analyses it. A policy that binds the owner, too, is an error: it could hide rows.
pub fn as_owner<T>(
    owner: pg_sys::Oid,
    statements: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let restricted = pg_sys::SECURITY_RESTRICTED_OPERATION as i32;
    as_user(
        owner,
        restricted,
        &[SEARCH_PATH, NO_ROW_SECURITY],
        statements,
    )
}

fn role(name: &CStr) -> pg_sys::Oid {
    // SAFETY: a look-up in the system caches by a NUL-terminated name.
    unsafe { pg_sys::get_role_oid(name.as_ptr(), false) }
}

/// Runs `statements` as `role`, with fixed settings: an operator in a schema of the caller's must not run with rights
/// that the caller lacks. An error that leaves as a panic aborts the (sub)transaction, which restores both.
fn as_user<T>(
    role: pg_sys::Oid,
    restriction: i32,
    settings: &[(&CStr, &CStr)],
    statements: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut user = pg_sys::InvalidOid;
    let mut context = 0;
    // SAFETY: plain calls of the backend's own functions on its main thread; the nest level taken here is the one given
    // back below.
    let nest_level = unsafe {
        pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
        pg_sys::SetUserIdAndSecContext(
            role,
            context | restriction | pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32,
        );
        let nest_level = pg_sys::NewGUCNestLevel();
        for (name, value) in settings {
            pg_sys::set_config_option(
                name.as_ptr(),
                value.as_ptr(),
                pg_sys::GucContext::PGC_USERSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
        }
        nest_level
    };
    let result = statements();
    // SAFETY: as above.
    unsafe {
        pg_sys::AtEOXact_GUC(true, nest_level);
        pg_sys::SetUserIdAndSecContext(user, context);
    }
    result
}

/// Runs statements that only read on what is committed by now, whatever the transaction has seen so far.
///
/// By the kind of snapshot that PostgreSQL reads its catalogues by: it refuses `GetLatestSnapshot` to the leader of a parallel
/// query, which may be the first to need a key.
pub fn with_latest_snapshot<T>(
    statements: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    // SAFETY: a table that is no catalogue gets a fresh snapshot each time. What is pushed, a copy, is popped below; an error
    // that leaves as a panic aborts the (sub)transaction, which pops it.
    unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetCatalogSnapshot(pg_sys::InvalidOid)) };
    let result = statements();
    // SAFETY: as above.
    unsafe { pg_sys::PopActiveSnapshot() };
    result
}
