//! Runs statements with other rights than the function's: those of the vault's own roles, or of a table's owner.

use core::ffi::CStr;

use pgrx::pg_sys;

use crate::error::Failure;
use crate::postgres::local_settings::{SEARCH_PATH, with_settings};

const OPERATOR: &CStr = c"vault_operator";
const WORKER: &CStr = c"vault_worker";

const NO_ROW_SECURITY: (&CStr, &CStr) = (c"row_security", c"off");
/// A scan that begins where another one is would give rows in no order of their places.
const IN_ORDER: (&CStr, &CStr) = (c"synchronize_seqscans", c"off");
const NO_TRIGGERS: (&CStr, &CStr) = (c"session_replication_role", c"replica");

/// Runs `statements` as `vault_operator`: what the operations do, within the current profile.
pub fn as_operator<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    as_user(role(OPERATOR), 0, &[SEARCH_PATH], statements)
}

/// Runs `statements` as `vault_worker`: deletes in all profiles, and sees no envelope.
pub fn as_worker<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    as_user(role(WORKER), 0, &[SEARCH_PATH], statements)
}

/// Runs `statements` as the owner of a table that is an application's: whatever the owner has hung on it runs with the
/// owner's rights, as when PostgreSQL analyses it. Triggers and foreign keys do not run: a value that is sealed anew is the
/// same value. A policy that binds the owner, too, is an error: it could hide rows.
pub fn as_owner<T>(
    owner: pg_sys::Oid,
    statements: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let restricted = pg_sys::SECURITY_RESTRICTED_OPERATION as i32;
    as_user(
        owner,
        restricted,
        &[SEARCH_PATH, NO_ROW_SECURITY, IN_ORDER, NO_TRIGGERS],
        statements,
    )
}

/// The oid of a table of the vault.
pub(super) fn relation(name: &CStr) -> pg_sys::Oid {
    // SAFETY: look-ups in the system caches by NUL-terminated names.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"vault".as_ptr(), false);
        pg_sys::get_relname_relid(name.as_ptr(), schema)
    }
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
    // SAFETY: plain calls of the backend's own functions on its main thread.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
        pg_sys::SetUserIdAndSecContext(
            role,
            context | restriction | pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32,
        );
    }
    let result = with_settings(settings, statements);
    // SAFETY: as above.
    unsafe { pg_sys::SetUserIdAndSecContext(user, context) };
    result
}
