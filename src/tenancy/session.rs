//! The profile of this transaction, kept in the backend's own memory. Nothing that a client can `SET` takes part.

use std::cell::RefCell;
use std::rc::Rc;

use vault_core::ids::ProfileId;

use super::bindings;
use super::tenant::Tenant;
use crate::error::Failure;
use crate::postgres::per_subtransaction::PerSubtransaction;
use crate::postgres::run_as::is_restricted;
use crate::postgres::transaction::{End, Listener, SubtransactionEnd};

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
}

#[derive(Default)]
struct Session {
    /// The profile that one function call acts for, whatever the transaction's profile is.
    acting: Option<Actor>,
    /// The tenants that were authenticated, each for the subtransaction that presented its key. The last one counts.
    authenticated: PerSubtransaction<Rc<Tenant>>,
    /// This transaction has presented a key, so it no longer falls back to its role's binding.
    key_presented: bool,
}

#[derive(Clone)]
enum Actor {
    Profile(ProfileId),
    Nobody,
}

/// When dropped, restores the profile of before, so that nothing that ran meanwhile leaves a profile behind.
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

/// Makes the policies show this profile until the guard is dropped. The caller has checked the right to it.
#[must_use]
pub fn act_for(profile_id: &ProfileId) -> Acting {
    act(Actor::Profile(profile_id.clone()))
}

/// Code that runs until the guard is dropped has no profile.
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

/// Fails in code that PostgreSQL runs with another role's rights, which must not choose the profile of the caller's transaction.
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

/// Makes the transaction act for the tenant until the subtransaction that asks for it ends.
pub fn authenticated(tenant: Tenant) {
    SESSION.with_borrow_mut(|session| {
        session.key_presented = true;
        session.authenticated.push(Rc::new(tenant));
    });
}

/// The profile that the policies show.
pub fn current_profile() -> Result<Option<ProfileId>, Failure> {
    if is_restricted() {
        return Ok(None);
    }
    match SESSION.with_borrow(|session| session.acting.clone()) {
        Some(Actor::Profile(profile_id)) => Ok(Some(profile_id)),
        Some(Actor::Nobody) => Ok(None),
        None => Ok(current_tenant()?.map(|tenant| tenant.profile_id.clone())),
    }
}

/// The tenant that this transaction was authenticated for, or otherwise the tenant that its role is bound to.
pub fn current_tenant() -> Result<Option<Rc<Tenant>>, Failure> {
    let is_nobody = SESSION.with_borrow(|session| matches!(session.acting, Some(Actor::Nobody)));
    if is_nobody || is_restricted() {
        return Ok(None);
    }
    let (authenticated, key_presented) = SESSION.with_borrow(|session| {
        let last = session.authenticated.last().cloned();
        (last, session.key_presented)
    });
    match authenticated {
        None if !key_presented => bindings::tenant_of_session(),
        tenant => Ok(tenant),
    }
}

/// Forgets what a transaction leaves behind.
pub struct ForgetTenants;

impl Listener for ForgetTenants {
    fn at_end(&self, _end: End) {
        SESSION.with_borrow_mut(|session| *session = Session::default());
    }

    /// A key counts for the subtransaction that presented it, and not for its parent.
    fn at_end_of_subtransaction(&self, end: SubtransactionEnd) {
        SESSION.with_borrow_mut(|session| session.authenticated.take_of(end.id()));
    }
}
