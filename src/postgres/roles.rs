//! Roles: who has logged in, whom the session acts as, and what a role may do.

use core::ffi::CStr;
use std::ffi::CString;

use pgrx::pg_sys;

/// The role with this name, if there is one.
pub fn with_name(name: &str) -> Option<pg_sys::Oid> {
    named(&CString::new(name).ok()?)
}

/// The same for a name that the vault knows.
pub fn named(name: &CStr) -> Option<pg_sys::Oid> {
    // SAFETY: a look-up in the system caches by a NUL-terminated name.
    let role = unsafe { pg_sys::get_role_oid(name.as_ptr(), true) };
    (role != pg_sys::InvalidOid).then_some(role)
}

/// A role that the extension has made. PostgreSQL raises an error when it is gone.
pub fn required(name: &CStr) -> pg_sys::Oid {
    // SAFETY: a look-up in the system caches by a NUL-terminated name.
    unsafe { pg_sys::get_role_oid(name.as_ptr(), false) }
}

/// The role that the session acts as, outside of any SECURITY DEFINER function.
pub fn outer_role() -> pg_sys::Oid {
    // SAFETY: reads the backend's state.
    unsafe { pg_sys::GetOuterUserId() }
}

/// The name of [`outer_role`].
pub fn outer_role_name() -> String {
    name_of(outer_role())
}

/// The role that the session has logged in with. `SET ROLE` does not change it.
pub fn session_role() -> pg_sys::Oid {
    // SAFETY: reads the backend's state.
    unsafe { pg_sys::GetSessionUserId() }
}

/// The name of [`session_role`].
pub fn session_role_name() -> String {
    name_of(session_role())
}

/// The name of a role. PostgreSQL raises an error if the role is gone, but the roles of a running statement exist.
fn name_of(role: pg_sys::Oid) -> String {
    // SAFETY: returns a NUL-terminated copy in the current memory context.
    unsafe {
        let name = pg_sys::GetUserNameFromId(role, false);
        CStr::from_ptr(name).to_string_lossy().into_owned()
    }
}

/// Whether [`outer_role`] has the rights of the group without a `SET ROLE`. False if there is no such group.
pub fn outer_role_has_privileges_of(group: &CStr) -> bool {
    // SAFETY: a look-up in the system caches.
    named(group).is_some_and(|group| unsafe { pg_sys::has_privs_of_role(outer_role(), group) })
}

/// Whether `member` can become `role`, by a `SET ROLE` or as it is.
pub fn can_become(member: pg_sys::Oid, role: pg_sys::Oid) -> bool {
    // SAFETY: a look-up in the system caches.
    unsafe { pg_sys::is_member_of_role(member, role) }
}
