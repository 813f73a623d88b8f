//! Runs statements with other rights than the function's.

use core::ffi::{CStr, c_int};

use pgrx::pg_sys;

use super::local_settings::with_settings;
use crate::error::Failure;

/// What code that runs with the rights of the role may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The code is the vault's own.
    Own,
    /// The code is the role's. It is restricted as when PostgreSQL runs it for maintenance.
    Restricted,
}

/// Runs `statements` as `role`. The settings are fixed, so that no operator in a schema of the caller's runs with rights that
/// the caller lacks. An error that leaves as a panic aborts the (sub)transaction, which restores role and settings.
///
/// # Errors
/// Those of `statements`.
pub fn run_as<T>(
    role: pg_sys::Oid,
    trust: Trust,
    settings: &[(&CStr, &CStr)],
    statements: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut user = pg_sys::InvalidOid;
    let mut context = 0;
    // SAFETY: plain calls of the backend's own functions on its main thread.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
        pg_sys::SetUserIdAndSecContext(role, context | trust.flags());
    }
    let result = with_settings(settings, statements);
    // SAFETY: as above.
    unsafe { pg_sys::SetUserIdAndSecContext(user, context) };
    result
}

/// Whether PostgreSQL runs another role's code with that role's rights, such as an index expression or a constraint.
pub fn is_restricted() -> bool {
    // SAFETY: reads the backend's state.
    unsafe { pg_sys::InSecurityRestrictedOperation() }
}

impl Trust {
    fn flags(self) -> c_int {
        let flags = match self {
            Self::Own => pg_sys::SECURITY_LOCAL_USERID_CHANGE,
            Self::Restricted => {
                pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION
            }
        };
        flags as c_int
    }
}
