//! Customers: contract, section 3.

use vault_core::contract::customer::{
    CustomerCreate, CustomerDeleted, CustomerDetails, CustomerPage, CustomerResponse,
    CustomerUpdate, ListCustomers, ListCustomersWithCount,
};
use vault_core::contract::refusal::Refusal;
use vault_core::contract::stored;
use vault_core::crypto::{Context, Place};
use vault_core::ids::CustomerId;

use super::existing::existing_customer;
use super::payment_methods;
use crate::audit::{Event, record};
use crate::error::{Defect, Failure};
use crate::keys;
use crate::postgres::clock;
use crate::postgres::random;
use crate::settings;
use crate::store;
use crate::store::customers::{NewCustomer, StoredCustomer};
use crate::tenancy::Caller;

/// Creates a customer.
pub fn create(caller: &Caller, request: CustomerCreate) -> Result<CustomerResponse, Failure> {
    let new = request.into_valid()?;
    // The answer is the same as that of a later read, because the database keeps the clock's microseconds.
    let created_at = clock::now()?;
    let id = CustomerId::new(&settings::cell(), random::uuid_at(created_at)?);
    let details = seal(caller, &id, &new.details)?;
    let inserted = store::customers::insert(NewCustomer {
        profile_id: &caller.profile_id,
        customer_id: &id,
        merchant_reference_id: new.merchant_reference_id.as_deref(),
        details: &details,
        created_at,
    })?;
    if !inserted {
        return Err(Refusal::CustomerExists.into());
    }
    record(caller, Event::CustomerCreated, id.as_str())?;
    Ok(CustomerResponse::new(
        id,
        new.merchant_reference_id,
        new.details,
        None,
        created_at,
    ))
}

/// A customer, by id.
pub fn retrieve(caller: &Caller, id: &CustomerId) -> Result<CustomerResponse, Failure> {
    response(
        caller,
        existing_customer(store::customers::find(&caller.profile_id, id)?)?,
    )
}

/// A customer, by the merchant's own id.
pub fn retrieve_by_reference(
    caller: &Caller,
    reference: &str,
) -> Result<CustomerResponse, Failure> {
    response(
        caller,
        existing_customer(store::customers::find_by_reference(
            &caller.profile_id,
            reference,
        )?)?,
    )
}

/// Changes what the request names.
pub fn update(
    caller: &Caller,
    id: &CustomerId,
    request: CustomerUpdate,
) -> Result<CustomerResponse, Failure> {
    let changes = request.into_valid()?;
    let stored = existing_customer(store::customers::lock(&caller.profile_id, id)?)?;
    let default = match &changes.default_payment_method_id {
        Some(method) => Some(payment_methods::active_of(caller, id, method)?.payment_method_id),
        None => stored.default_payment_method_id.clone(),
    };
    let details = open(caller, &stored)?.apply(changes);
    let sealed = seal(caller, id, &details)?;
    store::customers::update(
        &caller.profile_id,
        id,
        &sealed,
        default.as_ref(),
        clock::now()?,
    )?;
    record(caller, Event::CustomerUpdated, id.as_str())?;
    Ok(CustomerResponse::new(
        id.clone(),
        stored.merchant_reference_id,
        details,
        default,
        stored.created_at,
    ))
}

/// Redacts a customer, and deletes the customer's payment methods.
pub fn delete(caller: &Caller, id: &CustomerId) -> Result<CustomerDeleted, Failure> {
    let stored = existing_customer(store::customers::lock(&caller.profile_id, id)?)?;
    let now = clock::now()?;
    payment_methods::delete_all_of_customer(caller, id, now)?;
    store::customers::redact(&caller.profile_id, id, now)?;
    record(caller, Event::CustomerDeleted, id.as_str())?;
    Ok(CustomerDeleted::new(
        id.clone(),
        stored.merchant_reference_id,
    ))
}

/// Customers, oldest first.
pub fn list(caller: &Caller, list: &ListCustomers) -> Result<Vec<CustomerResponse>, Failure> {
    responses(caller, store::customers::list(&caller.profile_id, list)?)
}

/// Customers, oldest first, with the number of all.
pub fn list_with_count(
    caller: &Caller,
    list: &ListCustomersWithCount,
) -> Result<CustomerPage, Failure> {
    let (customers, total_count) = store::customers::list_with_count(&caller.profile_id, list)?;
    Ok(CustomerPage {
        data: responses(caller, customers)?,
        total_count,
    })
}

fn responses(
    caller: &Caller,
    stored: Vec<StoredCustomer>,
) -> Result<Vec<CustomerResponse>, Failure> {
    stored
        .into_iter()
        .map(|customer| response(caller, customer))
        .collect()
}

fn response(caller: &Caller, stored: StoredCustomer) -> Result<CustomerResponse, Failure> {
    let details = open(caller, &stored)?;
    Ok(CustomerResponse::new(
        stored.customer_id,
        stored.merchant_reference_id,
        details,
        stored.default_payment_method_id,
        stored.created_at,
    ))
}

fn seal(caller: &Caller, id: &CustomerId, details: &CustomerDetails) -> Result<Vec<u8>, Failure> {
    let plaintext = stored::to_bytes(details).map_err(|_| Defect::NotSerialized)?;
    keys::for_sealing(&caller.profile_id)?.seal(&context(id), &plaintext)
}

fn open(caller: &Caller, stored: &StoredCustomer) -> Result<CustomerDetails, Failure> {
    let envelope = stored.details.as_deref().ok_or(Refusal::CustomerRedacted)?;
    let plaintext =
        keys::for_reading(&caller.profile_id)?.open(&context(&stored.customer_id), envelope)?;
    stored::from_bytes(&plaintext).map_err(|_| Failure::DamagedPlaintext)
}

fn context(customer_id: &CustomerId) -> Context<'_> {
    Context::row(Place::CustomerDetails, customer_id.as_str())
}
