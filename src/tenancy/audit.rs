//! What goes into the audit log. Never card data, never a key.

use super::caller::{Caller, Origin, outer_role};
use crate::clock;
use crate::error::Failure;
use crate::store::audit_log::{self, NewAuditRow};

/// What was done, or refused.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    Authentication,
    CustomerCreated,
    CustomerUpdated,
    CustomerDeleted,
    PaymentMethodCreated,
    PaymentMethodRefreshed,
    PaymentMethodRevealed,
    PaymentMethodUpdated,
    PaymentMethodDeleted,
    NetworkTokenRevealed,
    MerchantCreated,
    ProfileCreated,
    ApiKeyCreated,
    ApiKeyRevoked,
    RoleBound,
    RoleUnbound,
    LockoutsCleared,
}

/// How it ended.
#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    Success,
    Refused,
}

/// Records what a caller did.
pub fn record(
    caller: &Caller,
    event: Event,
    object_id: &str,
    outcome: Outcome,
) -> Result<(), Failure> {
    insert(
        &caller.profile_id,
        &caller.actor,
        &caller.origin,
        event,
        Some(object_id),
        outcome,
    )
}

/// Records a failed authentication. `actor` is the prefix of the key that was shown, where it has one.
pub fn record_authentication_failure(origin: &Origin, actor: &str) -> Result<(), Failure> {
    insert(
        "",
        actor,
        origin,
        Event::Authentication,
        None,
        Outcome::Refused,
    )
}

/// Records what an administrator did; `profile_id` is empty where the action has none.
pub fn record_administration(
    profile_id: &str,
    event: Event,
    object_id: Option<&str>,
) -> Result<(), Failure> {
    insert(
        profile_id,
        &outer_role(),
        &Origin::of_session(),
        event,
        object_id,
        Outcome::Success,
    )
}

fn insert(
    profile_id: &str,
    actor: &str,
    origin: &Origin,
    event: Event,
    object_id: Option<&str>,
    outcome: Outcome,
) -> Result<(), Failure> {
    audit_log::insert(NewAuditRow {
        profile_id,
        audit_id: clock::uuid_at(clock::now()?)?,
        actor,
        request_id: origin.request_id.as_deref(),
        client_address: origin.client_address.as_deref(),
        event: event.as_str(),
        object_id,
        outcome: outcome.as_str(),
    })
}

impl Event {
    fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::CustomerCreated => "customer.create",
            Self::CustomerUpdated => "customer.update",
            Self::CustomerDeleted => "customer.delete",
            Self::PaymentMethodCreated => "payment_method.create",
            Self::PaymentMethodRefreshed => "payment_method.refresh",
            Self::PaymentMethodRevealed => "payment_method.reveal",
            Self::PaymentMethodUpdated => "payment_method.update",
            Self::PaymentMethodDeleted => "payment_method.delete",
            Self::NetworkTokenRevealed => "network_token.reveal",
            Self::MerchantCreated => "merchant.create",
            Self::ProfileCreated => "profile.create",
            Self::ApiKeyCreated => "api_key.create",
            Self::ApiKeyRevoked => "api_key.revoke",
            Self::RoleBound => "role.bind",
            Self::RoleUnbound => "role.unbind",
            Self::LockoutsCleared => "lockouts.clear",
        }
    }
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
        }
    }
}
