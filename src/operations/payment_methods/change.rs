//! Changing and deleting payment methods.

use vault_core::contract::payment_method::{
    AcknowledgementStatus, ConnectorTokenDetails, DefaultPaymentMethod, PaymentMethod,
    PaymentMethodDeleted, PaymentMethodResponse, PaymentMethodUpdate, StorageType,
};
use vault_core::contract::refusal::Refusal;
use vault_core::ids::{CustomerId, PaymentMethodId};
use vault_core::time::Timestamp;

use super::cvc;
use super::read::active_of;
use super::sealed::{open, seal_summary, seal_token, volatile_scope};
use crate::audit::{Event, record};
use crate::error::Failure;
use crate::operations::existing::existing_customer;
use crate::operations::tokens::{cancel_and_retract, token_expiry};
use crate::postgres::clock;
use crate::store;
use crate::store::payment_methods::{Status, StoredPaymentMethod};
use crate::tenancy::Caller;

/// Changes names, tokens or status. An inactive method takes only what makes it active again.
pub fn update(
    caller: &Caller,
    id: &PaymentMethodId,
    request: PaymentMethodUpdate,
) -> Result<PaymentMethodResponse, Failure> {
    let mut changes = request.into_valid()?;
    let fails = changes.acknowledgement_status == Some(AcknowledgementStatus::Failed);
    let stored = if fails {
        locked_with_customer(caller, &found(caller, id)?)?
    } else {
        locked(caller, id)?
    };
    let earlier = stored.status;
    // If the method takes no change, nothing of it is opened.
    status_after(earlier, changes.acknowledgement_status)?;
    let positions: Vec<i32> = stored.tokens.iter().map(|token| token.position).collect();
    let mut method = open(caller, stored)?;
    changes.settle(method.summary.acknowledgement_status);
    let status = status_after(earlier, changes.acknowledgement_status)?;
    if changes.is_empty() {
        return Ok(method.into_response());
    }
    method.summary.apply(&changes)?;
    if let Some(details) = changes.connector_token_details.take() {
        place_token(caller, &mut method, &positions, details)?;
    }
    if let (Status::Inactive, Some(customer)) = (status, &method.customer_id) {
        store::customers::drop_default(&caller.profile_id, customer, id)?;
    }
    let summary = seal_summary(caller, &method)?;
    let now = clock::now()?;
    store::payment_methods::update(&caller.profile_id, id, &summary, earlier, status, now)?;
    cvc::change(caller, &mut method, status, changes.card_cvc.as_ref())?;
    record(caller, Event::PaymentMethodUpdated, id.as_str())?;
    Ok(method.into_response())
}

/// Removes a payment method's ciphertext from its row. The row of a volatile payment method is deleted.
pub fn delete(caller: &Caller, id: &PaymentMethodId) -> Result<PaymentMethodDeleted, Failure> {
    let found = found(caller, id)?;
    match found.storage_type {
        StorageType::Persistent => redact(caller, &found)?,
        StorageType::Volatile => delete_volatile(caller, id)?,
    }
    store::cvcs::delete_of(&caller.profile_id, std::slice::from_ref(id))?;
    record(caller, Event::PaymentMethodDeleted, id.as_str())?;
    Ok(PaymentMethodDeleted { id: id.clone() })
}

/// Deletes all payment methods of a customer who is about to be redacted. The customer's row is locked.
pub fn delete_all_of_customer(
    caller: &Caller,
    customer: &CustomerId,
    now: Timestamp,
) -> Result<(), Failure> {
    let mut deleted =
        store::payment_methods::redact_all_of_customer(&caller.profile_id, customer, now)?;
    cancel_and_retract(caller, &deleted, now)?;
    store::connector_customers::delete_of(&caller.profile_id, customer)?;
    deleted.extend(store::volatile_payment_methods::delete_all_of_customer(
        &caller.profile_id,
        customer,
    )?);
    for id in &deleted {
        record(caller, Event::PaymentMethodDeleted, id.as_str())?;
    }
    store::cvcs::delete_of(&caller.profile_id, &deleted)
}

/// Makes a payment method its customer's default.
pub fn set_default(
    caller: &Caller,
    customer: &CustomerId,
    id: &PaymentMethodId,
) -> Result<DefaultPaymentMethod, Failure> {
    existing_customer(store::customers::lock(&caller.profile_id, customer)?)?;
    let stored = active_of(caller, customer, id)?;
    store::customers::set_default(&caller.profile_id, customer, id, clock::now()?)?;
    record(caller, Event::CustomerUpdated, customer.as_str())?;
    Ok(DefaultPaymentMethod {
        default_payment_method_id: id.clone(),
        customer_id: customer.clone(),
        payment_method_type: stored.payment_method_type,
        payment_method_subtype: stored.payment_method_subtype,
    })
}

/// The present state of a payment method, persistent or volatile.
fn found(caller: &Caller, id: &PaymentMethodId) -> Result<StoredPaymentMethod, Failure> {
    store::payment_methods::find(&caller.profile_id, id, volatile_scope()?)?
        .ok_or_else(|| Refusal::PaymentMethodNotFound.into())
}

/// The same with its row locked, if it is persistent. A volatile payment method does not change.
fn locked(caller: &Caller, id: &PaymentMethodId) -> Result<StoredPaymentMethod, Failure> {
    store::payment_methods::lock(&caller.profile_id, id, volatile_scope()?)?
        .ok_or_else(|| Refusal::PaymentMethodNotFound.into())
}

/// Locks customer and payment method, in the order that every operation keeps: the customer first.
fn locked_with_customer(
    caller: &Caller,
    found: &StoredPaymentMethod,
) -> Result<StoredPaymentMethod, Failure> {
    if let Some(customer) = &found.customer_id {
        store::customers::lock(&caller.profile_id, customer)?;
    }
    locked(caller, &found.payment_method_id)
}

fn redact(caller: &Caller, found: &StoredPaymentMethod) -> Result<(), Failure> {
    let stored = locked_with_customer(caller, found)?;
    match stored.status {
        Status::Active => {}
        Status::Inactive => return Err(Refusal::PaymentMethodNotFound.into()),
        Status::Redacted => return Err(Refusal::PaymentMethodRedacted.into()),
    }
    let id = stored.payment_method_id;
    let now = clock::now()?;
    store::payment_methods::redact(&caller.profile_id, &id, now)?;
    if let Some(customer) = &stored.customer_id {
        store::customers::drop_default(&caller.profile_id, customer, &id)?;
    }
    cancel_and_retract(caller, &[id], now)
}

/// Fails if another transaction was faster.
fn delete_volatile(caller: &Caller, id: &PaymentMethodId) -> Result<(), Failure> {
    if store::volatile_payment_methods::delete(&caller.profile_id, id, volatile_scope()?)? {
        Ok(())
    } else {
        Err(Refusal::PaymentMethodNotFound.into())
    }
}

fn status_after(
    status: Status,
    acknowledgement: Option<AcknowledgementStatus>,
) -> Result<Status, Refusal> {
    match (status, acknowledgement) {
        (Status::Redacted, _) => Err(Refusal::RedactedUpdate),
        (_, Some(AcknowledgementStatus::Authenticated)) => Ok(Status::Active),
        (Status::Inactive, _) => Err(Refusal::PaymentMethodNotFound),
        (Status::Active, Some(AcknowledgementStatus::Failed)) => Ok(Status::Inactive),
        (Status::Active, None) => Ok(Status::Active),
    }
}

/// Adds the token, or replaces an earlier one by it, in the table and in the payment method. `positions` has the positions of
/// the method's tokens in the table.
fn place_token(
    caller: &Caller,
    method: &mut PaymentMethod,
    positions: &[i32],
    details: ConnectorTokenDetails,
) -> Result<(), Failure> {
    let placed = details.place(&method.connector_tokens)?;
    let behind_the_last = positions.last().map_or(0, |last| last + 1);
    let position = positions
        .get(placed.position)
        .copied()
        .unwrap_or(behind_the_last);
    let id = &method.id;
    let sealed = seal_token(caller, id, position, &placed.token)?;
    let expires_at = token_expiry(placed.token.token_type(), clock::now()?)?;
    store::connector_tokens::upsert(&caller.profile_id, id, position, &sealed, expires_at)?;
    match method.connector_tokens.get_mut(placed.position) {
        Some(token) => *token = placed.token,
        None => method.connector_tokens.push(placed.token),
    }
    Ok(())
}
