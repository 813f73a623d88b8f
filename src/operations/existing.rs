//! Rows that an operation can go on with.

use vault_core::contract::refusal::Refusal;

use crate::error::Failure;
use crate::store::customers::StoredCustomer;

/// The customer, if there is one that is not redacted.
///
/// # Errors
/// [`Refusal::CustomerNotFound`], [`Refusal::CustomerRedacted`].
pub fn existing_customer(stored: Option<StoredCustomer>) -> Result<StoredCustomer, Failure> {
    let stored = stored.ok_or(Refusal::CustomerNotFound)?;
    if stored.details.is_none() {
        return Err(Refusal::CustomerRedacted.into());
    }
    Ok(stored)
}
