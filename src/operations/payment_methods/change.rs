//! Changing and deleting payment methods.

use vault_core::contract::id::{CustomerId, PaymentMethodId};
use vault_core::contract::payment_method::{
    AcknowledgementStatus, ConnectorTokenDetails, DefaultPaymentMethod, PaymentMethod,
    PaymentMethodDeleted, PaymentMethodResponse, PaymentMethodUpdate,
};
use vault_core::contract::refusal::Refusal;
use vault_core::contract::time::Timestamp;

use super::read::active_of;
use super::sealed::{open, seal_summary, seal_token};
use crate::clock;
use crate::error::Failure;
use crate::operations::customers;
use crate::store;
use crate::store::payment_methods::{Status, StoredPaymentMethod};
use crate::tenancy::Caller;
use crate::tenancy::audit::{Event, record};

/// Changes names, tokens or status. An inactive method takes only what makes it active again.
pub fn update(
    caller: &Caller,
    id: &PaymentMethodId,
    request: PaymentMethodUpdate,
) -> Result<PaymentMethodResponse, Failure> {
    let mut changes = request.check()?;
    let fails = changes.acknowledgement_status == Some(AcknowledgementStatus::Failed);
    let stored = if fails {
        locked_with_customer(id)?
    } else {
        locked(id)?
    };
    let status = status_after(stored.status, changes.acknowledgement_status)?;
    let positions: Vec<i32> = stored.tokens.iter().map(|token| token.position).collect();
    let mut method = open(caller, stored)?;
    if changes.is_empty() {
        return Ok(method.into_response());
    }
    method.summary.apply(&changes)?;
    if let Some(details) = changes.connector_token_details.take() {
        place_token(caller, &mut method, &positions, details)?;
    }
    if status == Status::Inactive {
        store::customers::drop_default(method.customer_id.as_str(), id.as_str())?;
    }
    let summary = seal_summary(caller, id.as_str(), &method.summary)?;
    store::payment_methods::update(id.as_str(), &summary, status, clock::now()?)?;
    record(caller, Event::PaymentMethodUpdated, id.as_str())?;
    Ok(method.into_response())
}

/// Overwrites a payment method's ciphertext with nothing.
pub fn delete(caller: &Caller, id: &PaymentMethodId) -> Result<PaymentMethodDeleted, Failure> {
    let stored = locked_with_customer(id)?;
    if stored.status == Status::Redacted {
        return Err(Refusal::PaymentMethodRedacted.into());
    }
    store::payment_methods::redact(id.as_str(), clock::now()?)?;
    store::connector_tokens::delete_of(vec![stored.payment_method_id])?;
    store::customers::drop_default(&stored.customer_id, id.as_str())?;
    record(caller, Event::PaymentMethodDeleted, id.as_str())?;
    Ok(PaymentMethodDeleted { id: id.clone() })
}

/// Deletes what a customer has, who is locked and about to be redacted.
pub fn delete_all_of_customer(
    caller: &Caller,
    customer: &CustomerId,
    now: Timestamp,
) -> Result<(), Failure> {
    let deleted = store::payment_methods::redact_all_of_customer(customer.as_str(), now)?;
    for id in &deleted {
        record(caller, Event::PaymentMethodDeleted, id)?;
    }
    store::connector_tokens::delete_of(deleted)
}

/// Makes a payment method its customer's default.
pub fn set_default(
    caller: &Caller,
    customer: &CustomerId,
    id: &PaymentMethodId,
) -> Result<DefaultPaymentMethod, Failure> {
    customers::found(store::customers::lock(customer.as_str())?)?;
    let stored = active_of(customer, id)?;
    store::customers::set_default(customer.as_str(), id.as_str(), clock::now()?)?;
    record(caller, Event::CustomerUpdated, customer.as_str())?;
    Ok(DefaultPaymentMethod {
        default_payment_method_id: id.clone(),
        customer_id: customer.clone(),
        payment_method_type: stored.payment_method_type,
        payment_method_subtype: stored.payment_method_subtype,
    })
}

fn locked(id: &PaymentMethodId) -> Result<StoredPaymentMethod, Failure> {
    store::payment_methods::lock(id.as_str())?.ok_or_else(|| Refusal::PaymentMethodNotFound.into())
}

/// Whoever locks both locks the customer first.
fn locked_with_customer(id: &PaymentMethodId) -> Result<StoredPaymentMethod, Failure> {
    let stored =
        store::payment_methods::find(id.as_str())?.ok_or(Refusal::PaymentMethodNotFound)?;
    store::customers::lock(&stored.customer_id)?;
    locked(id)
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

/// Adds the token, or replaces the one it is for, in the table and in the method. `positions` are those of the method's
/// tokens in the table.
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
    let id = method.id.as_str();
    let sealed = seal_token(caller, id, position, &placed.token)?;
    store::connector_tokens::upsert(&caller.profile_id, id, position, &sealed)?;
    match method.connector_tokens.get_mut(placed.position) {
        Some(token) => *token = placed.token,
        None => method.connector_tokens.push(placed.token),
    }
    Ok(())
}
