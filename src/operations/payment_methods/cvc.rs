//! CVCs: kept under the memory key until they are used once or expire.

use vault_core::card::CardCvc;
use vault_core::contract::payment_method::PaymentMethod;
use vault_core::contract::refusal::Refusal;
use vault_core::ids::PaymentMethodId;

use super::sealed::{open_cvc, seal_cvc, volatile_scope};
use crate::audit::{Event, before_use_of_cvc};
use crate::authentication::reveal;
use crate::error::Failure;
use crate::postgres::clock;
use crate::store;
use crate::store::payment_methods::Status;
use crate::tenancy::Caller;

/// Gives the CVC of a payment method, once.
pub fn use_cvc(caller: &Caller, id: &PaymentMethodId) -> Result<CardCvc, Failure> {
    reveal::check_right(caller, Event::CardCvcUsed, id)?;
    let envelope = store::cvcs::take(&caller.profile_id, id, volatile_scope()?)?
        .ok_or(Refusal::CardCvcNotFound)?;
    before_use_of_cvc(caller, id)?;
    open_cvc(caller, id, &envelope)
}

/// Keeps the CVC that came with an update. A method that the update made inactive keeps none.
pub fn change(
    caller: &Caller,
    method: &mut PaymentMethod,
    status: Status,
    cvc: Option<&CardCvc>,
) -> Result<(), Failure> {
    let id = &method.id;
    match (status, cvc) {
        (Status::Active, None) => {}
        (Status::Active, Some(cvc)) => {
            let new = seal_cvc(caller, id, cvc, clock::now()?)?;
            store::cvcs::upsert(&caller.profile_id, id, &new)?;
            method.card_cvc_expires_at = Some(new.expires_at);
        }
        (Status::Inactive | Status::Redacted, _) => {
            store::cvcs::delete_of(&caller.profile_id, std::slice::from_ref(id))?;
            method.card_cvc_expires_at = None;
        }
    }
    Ok(())
}
