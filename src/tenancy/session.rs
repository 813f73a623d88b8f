//! The profile of this transaction, kept in the backend's own memory. Nothing that a client can `SET` takes part.

use std::cell::RefCell;
use std::rc::Rc;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::bindings;
use crate::error::Failure;

/// A profile with its merchant, and the API key that opened it, if one did.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub profile_id: String,
    pub merchant_id: String,
    pub key_id: Option<String>,
}

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
}

#[derive(Default)]
struct Session {
    /// Whom one function call acts for, whatever the transaction's profile is.
    acting: Option<Actor>,
    /// Each for the subtransaction that presented its key; the last one counts.
    authenticated: Vec<Authenticated>,
    /// This transaction has presented a key: it does not fall back to its role's binding any more.
    key_presented: bool,
}

#[derive(Clone)]
enum Actor {
    Profile(String),
    Nobody,
}

struct Authenticated {
    tenant: Rc<Tenant>,
    subtransaction: pg_sys::SubTransactionId,
}

/// Ends the acting when dropped, and goes back to what was before: whatever ran meanwhile has authenticated nobody.
pub struct Acting {
    before: Option<Actor>,
    authenticated: usize,
    key_presented: bool,
}

impl Drop for Acting {
    fn drop(&mut self) {
        SESSION.with_borrow_mut(|session| {
            session.acting = self.before.take();
            session.authenticated.truncate(self.authenticated);
            session.key_presented = self.key_presented;
        });
    }
}

/// Has the policies show this profile until the guard is dropped. The caller has checked the right to it.
#[must_use]
pub fn act_for(profile_id: &str) -> Acting {
    act(Actor::Profile(profile_id.to_owned()))
}

/// Leaves no profile to whatever runs until the guard is dropped.
#[must_use]
pub fn act_for_nobody() -> Acting {
    act(Actor::Nobody)
}

fn act(actor: Actor) -> Acting {
    SESSION.with_borrow_mut(|session| Acting {
        before: session.acting.replace(actor),
        authenticated: session.authenticated.len(),
        key_presented: session.key_presented,
    })
}

/// Whether PostgreSQL runs code of somebody else, with that one's rights: an index expression, a constraint, a policy. The
/// caller's profile and right to reveal are not that code's.
pub fn is_restricted() -> bool {
    // SAFETY: reads the backend's state.
    unsafe { pg_sys::InSecurityRestrictedOperation() }
}

/// Refuses where code of somebody else would choose whom the caller's transaction acts for.
///
/// # Errors
/// [`Failure::RestrictedOperation`].
pub fn check_may_authenticate() -> Result<(), Failure> {
    let is_nobody = SESSION.with_borrow(|session| matches!(session.acting, Some(Actor::Nobody)));
    if is_nobody || is_restricted() {
        return Err(Failure::RestrictedOperation);
    }
    Ok(())
}

/// Has the transaction act for the tenant, until the end of the subtransaction that asks for it.
pub fn authenticated(tenant: Tenant) {
    // SAFETY: reads the backend's state.
    let subtransaction = unsafe { pg_sys::GetCurrentSubTransactionId() };
    SESSION.with_borrow_mut(|session| {
        session.key_presented = true;
        session.authenticated.push(Authenticated {
            tenant: Rc::new(tenant),
            subtransaction,
        });
    });
}

/// The profile that the policies show.
pub fn current_profile() -> Result<Option<String>, Failure> {
    if is_restricted() {
        return Ok(None);
    }
    match SESSION.with_borrow(|session| session.acting.clone()) {
        Some(Actor::Profile(profile_id)) => Ok(Some(profile_id)),
        Some(Actor::Nobody) => Ok(None),
        None => Ok(current_tenant()?.map(|tenant| tenant.profile_id.clone())),
    }
}

/// The tenant that this transaction was authenticated for; else the one that its role is bound to.
pub fn current_tenant() -> Result<Option<Rc<Tenant>>, Failure> {
    let is_nobody = SESSION.with_borrow(|session| matches!(session.acting, Some(Actor::Nobody)));
    if is_nobody || is_restricted() {
        return Ok(None);
    }
    let (authenticated, key_presented) = SESSION.with_borrow(|session| {
        let last = session.authenticated.last();
        (
            last.map(|last| Rc::clone(&last.tenant)),
            session.key_presented,
        )
    });
    match authenticated {
        None if !key_presented => bindings::tenant_of_session(),
        tenant => Ok(tenant),
    }
}

/// Registers the callbacks that forget what a transaction leaves behind.
pub fn register_callbacks() {
    // SAFETY: both callbacks are guarded and live as long as the library.
    unsafe {
        pg_sys::RegisterXactCallback(Some(at_end_of_transaction), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(at_end_of_subtransaction), std::ptr::null_mut());
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_transaction(
    event: pg_sys::XactEvent::Type,
    _argument: *mut core::ffi::c_void,
) {
    use pg_sys::XactEvent::*;
    if matches!(
        event,
        XACT_EVENT_COMMIT | XACT_EVENT_ABORT | XACT_EVENT_PREPARE
    ) {
        SESSION.with_borrow_mut(|session| *session = Session::default());
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_subtransaction(
    event: pg_sys::SubXactEvent::Type,
    subtransaction: pg_sys::SubTransactionId,
    _parent: pg_sys::SubTransactionId,
    _argument: *mut core::ffi::c_void,
) {
    use pg_sys::SubXactEvent::*;
    if matches!(event, SUBXACT_EVENT_COMMIT_SUB | SUBXACT_EVENT_ABORT_SUB) {
        SESSION.with_borrow_mut(|session| {
            session
                .authenticated
                .retain(|authenticated| authenticated.subtransaction != subtransaction);
        });
    }
}
