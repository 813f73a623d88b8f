//! Runs statements with the rights of one of the vault's own roles from functions that run with their caller's.

use core::ffi::CStr;

use pgrx::pg_sys;

use crate::error::Failure;

const OPERATOR: &CStr = c"vault_operator";
const WORKER: &CStr = c"vault_worker";

/// Runs `statements` as `vault_operator`: what the operations do, within the current profile.
pub fn as_operator<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    as_role(OPERATOR, statements)
}

/// Runs `statements` as `vault_worker`: deletes in all profiles, and sees no envelope.
pub fn as_worker<T>(statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    as_role(WORKER, statements)
}

/// Runs `statements` as `role`, with a fixed `search_path`: an operator in a schema of the caller's must not run
/// with rights that the caller lacks. An error that leaves as a panic aborts the (sub)transaction, which restores both.
fn as_role<T>(role: &CStr, statements: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut user = pg_sys::InvalidOid;
    let mut context = 0;
    // SAFETY: plain calls of the backend's own functions on its main thread; the nest level taken here is the one given
    // back below.
    let nest_level = unsafe {
        pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
        pg_sys::SetUserIdAndSecContext(
            pg_sys::get_role_oid(role.as_ptr(), false),
            context | pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32,
        );
        let nest_level = pg_sys::NewGUCNestLevel();
        pg_sys::set_config_option(
            c"search_path".as_ptr(),
            c"pg_catalog, pg_temp".as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
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
pub fn with_latest_snapshot<T>(
    statements: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    // SAFETY: what is pushed is popped below; an error that leaves as a panic aborts the (sub)transaction, which pops it.
    unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot()) };
    let result = statements();
    // SAFETY: as above.
    unsafe { pg_sys::PopActiveSnapshot() };
    result
}
