//! The profile of this transaction, kept in the backend's own memory. Nothing that a client can `SET` takes part.

use std::cell::RefCell;

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::caller::outer_role;
use crate::compat::local_transaction_id;
use crate::error::Failure;
use crate::store;

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
    bound: Option<Bound>,
}

#[derive(Clone)]
enum Actor {
    Profile(String),
    Nobody,
}

struct Authenticated {
    tenant: Tenant,
    subtransaction: pg_sys::SubTransactionId,
}

/// What the role bindings said about a role in a transaction.
struct Bound {
    transaction: u32,
    role: pg_sys::Oid,
    tenant: Option<Tenant>,
}

/// Ends the acting when dropped, and goes back to what was before.
pub struct Acting {
    before: Option<Actor>,
}

impl Drop for Acting {
    fn drop(&mut self) {
        SESSION.with_borrow_mut(|session| session.acting = self.before.take());
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
    let before = SESSION.with_borrow_mut(|session| session.acting.replace(actor));
    Acting { before }
}

/// Has the transaction act for the tenant, until the end of the subtransaction that asks for it.
pub fn authenticated(tenant: Tenant) {
    // SAFETY: reads the backend's state.
    let subtransaction = unsafe { pg_sys::GetCurrentSubTransactionId() };
    SESSION.with_borrow_mut(|session| {
        session.key_presented = true;
        session.authenticated.push(Authenticated {
            tenant,
            subtransaction,
        });
    });
}

/// The profile that the policies show.
pub fn current_profile() -> Result<Option<String>, Failure> {
    match SESSION.with_borrow(|session| session.acting.clone()) {
        Some(Actor::Profile(profile_id)) => Ok(Some(profile_id)),
        Some(Actor::Nobody) => Ok(None),
        None => Ok(current_tenant()?.map(|tenant| tenant.profile_id)),
    }
}

/// The tenant that this transaction was authenticated for; else the one that its role is bound to.
pub fn current_tenant() -> Result<Option<Tenant>, Failure> {
    if SESSION.with_borrow(|session| matches!(session.acting, Some(Actor::Nobody))) {
        return Ok(None);
    }
    let (authenticated, key_presented) = SESSION.with_borrow(|session| {
        let last = session.authenticated.last();
        (last.map(|last| last.tenant.clone()), session.key_presented)
    });
    match authenticated {
        None if !key_presented => bound_tenant(),
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

/// Asked once per transaction and role. The outer role: inside a SECURITY DEFINER function it is still the session's.
fn bound_tenant() -> Result<Option<Tenant>, Failure> {
    let transaction = local_transaction_id();
    // SAFETY: reads the backend's state.
    let role = unsafe { pg_sys::GetOuterUserId() };
    let known = SESSION.with_borrow(|session| {
        let bound = session.bound.as_ref()?;
        (bound.transaction == transaction && bound.role == role).then(|| bound.tenant.clone())
    });
    if let Some(tenant) = known {
        return Ok(tenant);
    }
    let binding = store::as_operator(|| store::role_bindings::find(&outer_role()))?;
    let tenant = binding.map(|binding| Tenant {
        profile_id: binding.profile_id,
        merchant_id: binding.merchant_id,
        key_id: None,
    });
    SESSION.with_borrow_mut(|session| {
        session.bound = Some(Bound {
            transaction,
            role,
            tenant: tenant.clone(),
        });
    });
    Ok(tenant)
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
            // A binding made in an aborted subtransaction is none.
            session.bound = None;
        });
    }
}
