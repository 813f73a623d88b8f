//! Reading payment methods: masked for everyone, and in full for callers with the right to reveal.

use std::collections::HashMap;

use vault_core::contract::customer::PaymentMethodCount;
use vault_core::contract::payment_method::{
    ListPaymentMethodsQuery, PaymentMethodDetails, PaymentMethodResponse, SavedPaymentMethods,
    StorageType,
};
use vault_core::contract::refusal::Refusal;
use vault_core::ids::{CustomerId, PaymentMethodId};

use super::sealed::{open, open_instrument, volatile_scope};
use crate::audit::{Event, before_reveal};
use crate::authentication::reveal;
use crate::error::{Defect, Failure};
use crate::store;
use crate::store::payment_methods::{Status, StoredPaymentMethod};
use crate::tenancy::Caller;

/// How many payment methods one call gives.
const MAX_TOGETHER: usize = 1000;

/// How many one call reveals. PostgreSQL keeps the rows of a function in memory as long as they fit `work_mem`, and full numbers must
/// not get into a temporary file. An answer has at most 32 KiB of what a client sent, so a hundred fit the default of 4 MB.
const MAX_REVEALED_TOGETHER: usize = 100;

/// A payment method, masked, or in full with `fetch_raw_detail`.
pub fn retrieve(
    caller: &Caller,
    id: &PaymentMethodId,
    fetch_raw_detail: bool,
) -> Result<PaymentMethodResponse, Failure> {
    if fetch_raw_detail {
        return reveal(caller, id);
    }
    let stored = active(store::payment_methods::find(
        &caller.profile_id,
        id,
        volatile_scope()?,
    )?)?;
    Ok(open(caller, stored)?.into_response())
}

/// Each of the payment methods as [`retrieve`] gives it, and none for an id that has none.
///
/// # Errors
/// [`Refusal::Field`] for too many ids; the errors of [`retrieve`] for one of the others.
pub fn retrieve_many(
    caller: &Caller,
    ids: &[PaymentMethodId],
    fetch_raw_detail: bool,
) -> Result<Vec<Option<PaymentMethodResponse>>, Failure> {
    let mut found = find_together(caller, ids, fetch_raw_detail)?;
    // What was not found together, such as a volatile one or an id that comes again, is looked up by itself.
    let retrieved = ids.iter().map(|id| match found.remove(id) {
        Some(stored) => Ok(open(caller, active(Some(stored))?)?.into_response()),
        None => retrieve(caller, id, fetch_raw_detail),
    });
    retrieved.map(none_if_not_found).collect()
}

/// The persistent payment methods of these ids. None of those that are to be revealed, because each has its own row in the audit log.
fn find_together(
    caller: &Caller,
    ids: &[PaymentMethodId],
    fetch_raw_detail: bool,
) -> Result<HashMap<PaymentMethodId, StoredPaymentMethod>, Failure> {
    let limit = if fetch_raw_detail {
        MAX_REVEALED_TOGETHER
    } else {
        MAX_TOGETHER
    };
    if ids.len() > limit {
        return Err(Refusal::field("ids", format!("a list of at most {limit}")).into());
    }
    if fetch_raw_detail {
        return Ok(HashMap::new());
    }
    let found = store::payment_methods::find_all(&caller.profile_id, ids, volatile_scope()?)?;
    let by_id = |stored: StoredPaymentMethod| (stored.payment_method_id.clone(), stored);
    Ok(found.into_iter().map(by_id).collect())
}

fn none_if_not_found<T>(found: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match found {
        Err(Failure::Refused(Refusal::PaymentMethodNotFound)) => Ok(None),
        found => found.map(Some),
    }
}

/// A payment method, without what is said about number and CVC.
pub fn retrieve_details(
    caller: &Caller,
    id: &PaymentMethodId,
) -> Result<PaymentMethodDetails, Failure> {
    let stored = active(store::payment_methods::find(
        &caller.profile_id,
        id,
        volatile_scope()?,
    )?)?;
    Ok(open(caller, stored)?.into_details())
}

/// A page of the active payment methods of a customer, last used first.
pub fn list(
    caller: &Caller,
    customer: &CustomerId,
    page: &ListPaymentMethodsQuery,
) -> Result<SavedPaymentMethods, Failure> {
    // One more than the page holds tells whether another page follows.
    let after = page.starting_after.as_ref();
    let found = store::payment_methods::list(&caller.profile_id, customer, page.limit + 1, after)?
        .ok_or(Refusal::CustomerNotFound)?;
    if found.customer_redacted {
        return Err(Refusal::CustomerRedacted.into());
    }
    if found.last_is_missing {
        return Err(Refusal::PaymentMethodNotFound.into());
    }
    let default = found.default_payment_method_id;
    let mut methods = found.methods;
    let limit = usize::try_from(page.limit).map_err(|_| Defect::NumberTooLarge)?;
    let has_more = methods.len() > limit;
    methods.truncate(limit);
    let items = methods.into_iter().map(|stored| {
        let is_default = default.as_ref() == Some(&stored.payment_method_id);
        Ok(open(caller, stored)?.into_list_item(is_default))
    });
    Ok(SavedPaymentMethods {
        customer_payment_methods: items.collect::<Result<_, Failure>>()?,
        has_more,
    })
}

/// How many active payment methods the profile has.
pub fn count(caller: &Caller) -> Result<PaymentMethodCount, Failure> {
    Ok(PaymentMethodCount {
        total_count: store::payment_methods::count_active(&caller.profile_id)?,
    })
}

/// The row, if the payment method is active.
pub fn active(stored: Option<StoredPaymentMethod>) -> Result<StoredPaymentMethod, Failure> {
    stored
        .filter(|stored| stored.status == Status::Active)
        .ok_or_else(|| Refusal::PaymentMethodNotFound.into())
}

/// The row, if the payment method is persistent, active and belongs to the customer.
pub fn active_of(
    caller: &Caller,
    customer: &CustomerId,
    id: &PaymentMethodId,
) -> Result<StoredPaymentMethod, Failure> {
    let stored = store::payment_methods::find(&caller.profile_id, id, volatile_scope()?)?;
    active(stored.filter(|stored| {
        stored.storage_type == StorageType::Persistent
            && stored.customer_id.as_ref() == Some(customer)
    }))
}

fn reveal(caller: &Caller, id: &PaymentMethodId) -> Result<PaymentMethodResponse, Failure> {
    reveal::check_right(caller, Event::PaymentMethodRevealed, id)?;
    let found =
        store::payment_methods::find_with_instrument(&caller.profile_id, id, volatile_scope()?)?
            .ok_or(Refusal::PaymentMethodNotFound)?;
    let stored = active(Some(found.method))?;
    let envelope = found.instrument.ok_or(Failure::DamagedRow)?;
    let storage_type = stored.storage_type;
    let method = open(caller, stored)?;
    before_reveal(caller, Event::PaymentMethodRevealed, id.as_str())?;
    let instrument = open_instrument(caller, storage_type, id, &envelope)?;
    method
        .into_revealed(instrument)
        .map_err(|_| Failure::DamagedPlaintext)
}
