//! The right to see full numbers and CVCs.
//!
//! The right comes first. Without it, nothing tells whether there is something to show, and the attempt is on record.

use vault_core::contract::refusal::Refusal;
use vault_core::ids::{PaymentMethodId, ProfileId};

use crate::audit::{self, Event, record_refusal};
use crate::error::Failure;
use crate::tenancy::{Caller, outer_role_may_reveal};

/// Lets a caller go on who may see what this event shows of the payment method. Whoever goes on calls
/// [`audit::before_reveal`] or [`audit::before_use_of_cvc`] as soon as it is known that there is something to show.
///
/// # Errors
/// [`Refusal::RevealNotAllowed`], which is then on record.
pub fn check_right(caller: &Caller, event: Event, id: &PaymentMethodId) -> Result<(), Failure> {
    if caller.may_reveal {
        return Ok(());
    }
    record_refusal(caller, event, id.if_well_formed())?;
    Err(Refusal::RevealNotAllowed.into())
}

/// Opens a card number in a table of an application, if the outer role may see it, and puts it on record.
///
/// # Errors
/// [`Refusal::RevealNotAllowed`], which is then on record; as [`audit::before_card_number`]; those of `open`.
pub fn card_number<T>(
    profile_id: &ProfileId,
    open: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    if !outer_role_may_reveal() {
        audit::record_card_number_refused(profile_id);
        return Err(Refusal::RevealNotAllowed.into());
    }
    audit::before_card_number(profile_id)?;
    let number = open()?;
    audit::count_card_number(profile_id);
    Ok(number)
}
