//! The caller of an operation.

use pgrx::pg_sys;
use vault_core::contract::refusal::Refusal;

use super::session;
use crate::error::Failure;

/// Where a call comes from, for the audit log and the lock-out.
#[derive(Debug, Clone)]
pub enum Origin {
    /// An HTTP request: its refusal is an answer, and the transaction commits.
    Request {
        request_id: String,
        client_address: Option<String>,
    },
    /// A SQL session: its refusal is an error, and the transaction rolls back.
    Session { client_address: Option<String> },
}

/// Somebody who acts for a profile.
#[derive(Debug, Clone)]
pub struct Caller {
    pub profile_id: String,
    pub merchant_id: String,
    /// The id of the API key, or the name of the database role.
    pub actor: String,
    /// May see full card and account numbers.
    pub may_reveal: bool,
    pub origin: Origin,
}

impl Origin {
    /// The origin of a SQL call.
    pub fn of_session() -> Self {
        Self::Session {
            client_address: client_address(),
        }
    }

    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Request { request_id, .. } => Some(request_id),
            Self::Session { .. } => None,
        }
    }

    pub fn client_address(&self) -> Option<&str> {
        let (Self::Request { client_address, .. } | Self::Session { client_address }) = self;
        client_address.as_deref()
    }
}

impl Caller {
    /// The worker, who calls a connector for a profile: it is the connector who gets to see something.
    pub fn of_worker(profile_id: String, merchant_id: String, connector_id: &str) -> Self {
        Self {
            profile_id,
            merchant_id,
            actor: connector_id.to_owned(),
            may_reveal: false,
            origin: Origin::Session {
                client_address: None,
            },
        }
    }

    /// The caller of a SQL function: authenticated in this transaction, or a role that is bound to a profile.
    ///
    /// # Errors
    /// Refuses when neither is so.
    pub fn of_session() -> Result<Self, Failure> {
        let tenant = session::current_tenant()?.ok_or(Refusal::Unauthenticated)?;
        Ok(Self {
            profile_id: tenant.profile_id.clone(),
            merchant_id: tenant.merchant_id.clone(),
            actor: tenant.key_id.clone().unwrap_or_else(outer_role),
            may_reveal: outer_role_may_reveal(),
            origin: Origin::of_session(),
        })
    }
}

/// The role that the session acts as, outside of any SECURITY DEFINER function.
pub fn outer_role() -> String {
    // SAFETY: reads the backend's state.
    name_of(unsafe { pg_sys::GetOuterUserId() })
}

fn name_of(role: pg_sys::Oid) -> String {
    // SAFETY: returns a NUL-terminated copy in the current memory context; the users of a running statement exist.
    unsafe {
        let name = pg_sys::GetUserNameFromId(role, false);
        std::ffi::CStr::from_ptr(name)
            .to_string_lossy()
            .into_owned()
    }
}

/// Whether that role sees full card and account numbers. Code that PostgreSQL runs for somebody else does not.
pub fn outer_role_may_reveal() -> bool {
    if session::is_restricted() {
        return false;
    }
    // SAFETY: look-ups in the system caches.
    unsafe {
        let reveal = pg_sys::get_role_oid(c"vault_reveal".as_ptr(), true);
        reveal != pg_sys::InvalidOid && pg_sys::has_privs_of_role(pg_sys::GetOuterUserId(), reveal)
    }
}

/// Whether that role may have any number of card numbers indexed: as a member of vault_bulk, or because it sees them anyway.
pub fn outer_role_may_index_in_bulk() -> bool {
    // SAFETY: look-ups in the system caches.
    let is_bulk = unsafe {
        let bulk = pg_sys::get_role_oid(c"vault_bulk".as_ptr(), true);
        bulk != pg_sys::InvalidOid && pg_sys::has_privs_of_role(pg_sys::GetOuterUserId(), bulk)
    };
    is_bulk || outer_role_may_reveal()
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

/// None for a client on a local socket.
fn client_address() -> Option<String> {
    // SAFETY: the function takes no arguments and answers NULL where the client has no address.
    let address: Option<pgrx::Inet> =
        unsafe { pgrx::direct_function_call(pg_sys::inet_client_addr, &[]) };
    address.map(|address| address.0)
}
