//! Network tokens: contract, section 7. No token service is configured yet, so no payment method has one.

use vault_core::contract::id::PaymentMethodId;
use vault_core::contract::payment_method::NetworkTokenStatus;
use vault_core::contract::refusal::Refusal;

use super::payment_methods::{active, living};
use crate::audit::{Event, record_refusal};
use crate::error::Failure;
use crate::store;
use crate::tenancy::Caller;

/// The state of a payment method's network token.
pub fn status(id: &PaymentMethodId) -> Result<NetworkTokenStatus, Failure> {
    active(store::payment_methods::find(id.as_str(), living()?)?)?;
    Ok(NetworkTokenStatus::not_found())
}

/// A payment method's network token, in full.
pub fn get(caller: &Caller, id: &PaymentMethodId) -> Result<(), Failure> {
    if !caller.may_reveal {
        record_refusal(caller, Event::NetworkTokenRevealed, id.if_well_formed())?;
        return Err(Refusal::RevealNotAllowed.into());
    }
    active(store::payment_methods::find(id.as_str(), living()?)?)?;
    Err(Refusal::NetworkTokenNotFound.into())
}
