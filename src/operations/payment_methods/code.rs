//! Security codes: kept under the memory key, until they are used once or their time is over.

use vault_core::card::CardCvc;
use vault_core::contract::payment_method::PaymentMethod;
use vault_core::contract::refusal::Refusal;
use vault_core::ids::PaymentMethodId;

use super::sealed::{open_code, seal_code, volatile_scope};
use crate::audit::{Event, before_use_of_code, record_refusal};
use crate::error::Failure;
use crate::postgres::clock;
use crate::store;
use crate::store::payment_methods::Status;
use crate::tenancy::Caller;

/// Gives the code of a payment method, once. The right comes first, as for a reveal.
pub fn use_cvc(caller: &Caller, id: &PaymentMethodId) -> Result<CardCvc, Failure> {
    if !caller.may_reveal {
        record_refusal(caller, Event::CardCvcUsed, id.if_well_formed())?;
        return Err(Refusal::RevealNotAllowed.into());
    }
    let envelope = store::cvcs::take(&caller.profile_id, id, volatile_scope()?)?
        .ok_or(Refusal::CardCvcNotFound)?;
    before_use_of_code(caller, id)?;
    open_code(caller, id, &envelope)
}

/// Keeps the code that came with an update. A method that the update made inactive keeps none.
pub fn change(
    caller: &Caller,
    method: &mut PaymentMethod,
    status: Status,
    code: Option<&CardCvc>,
) -> Result<(), Failure> {
    let id = &method.id;
    match (status, code) {
        (Status::Active, None) => {}
        (Status::Active, Some(code)) => {
            let new = seal_code(caller, id, code, clock::now()?)?;
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
