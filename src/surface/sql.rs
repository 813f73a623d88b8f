//! Schema `vault`: the functions for application databases. A refusal is an error.

use std::mem;

use pgrx::AllocatedByPostgres;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::trigger_support::PgTriggerError;
use serde::Serialize;
use vault_core::contract::customer::ListCustomers;
use vault_core::contract::json::{self, Body};
use vault_core::contract::payment_method::{
    EligibilityQuery, ListPaymentMethodsQuery, NetworkTokenRequest,
};
use vault_core::contract::stored;
use vault_core::ids::{CustomerId, PaymentMethodId, ProfileId};

use crate::authentication::{self, Credentials};
use crate::error::{Defect, Failure};
use crate::metrics::calls::{Operation, Way, counted};
use crate::operations::{customers, network_tokens, payment_methods, retention, tokens};
use crate::postgres::{clock, invalidation};
use crate::tenancy::{Caller, Origin};
use crate::tenancy::{Tenant, session};
use crate::types::jsonb::Jsonb;

/// The profile that this transaction acts for; NULL is none. The policies ask it.
#[pg_extern(stable, parallel_restricted)]
pub fn current_profile() -> Result<Option<String>, ErrorReport> {
    Ok(session::current_profile()?.map(String::from))
}

/// Acts for the profile until the end of the (sub)transaction.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn authenticate(api_key: &str, profile_id: &str) -> Result<(), ErrorReport> {
    session::check_may_authenticate()?;
    let caller = counted(Way::Sql, Operation::Authenticate, || {
        authentication::authenticate(Credentials {
            api_key,
            profile_id: Some(ProfileId::parse(profile_id)),
            origin: Origin::of_session(),
        })
    })?;
    session::authenticated(Tenant {
        profile_id: caller.profile_id,
        merchant_id: caller.merchant_id,
        key_id: Some(caller.actor),
    });
    Ok(())
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn create_customer(customer: Jsonb) -> Result<Jsonb, ErrorReport> {
    answer_to(Operation::CreateCustomer, customer, customers::create)
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn retrieve_customer(id: &str) -> Result<Jsonb, ErrorReport> {
    answer(Operation::RetrieveCustomer, |caller| {
        customers::retrieve(caller, &CustomerId::from_client(id))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn retrieve_customer_by_reference(merchant_reference_id: &str) -> Result<Jsonb, ErrorReport> {
    answer(Operation::RetrieveCustomerByReference, |caller| {
        customers::retrieve_by_reference(caller, merchant_reference_id)
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn update_customer(id: &str, changes: Jsonb) -> Result<Jsonb, ErrorReport> {
    answer_to(Operation::UpdateCustomer, changes, |caller, changes| {
        customers::update(caller, &CustomerId::from_client(id), changes)
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn delete_customer(id: &str) -> Result<Jsonb, ErrorReport> {
    answer(Operation::DeleteCustomer, |caller| {
        customers::delete(caller, &CustomerId::from_client(id))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn list_customers(
    limit: default!(Option<i32>, 10),
    offset: default!(Option<i32>, 0),
    merchant_reference_id: default!(Option<String>, "NULL"),
) -> Result<Jsonb, ErrorReport> {
    answer(Operation::ListCustomers, |caller| {
        let limit = limit.unwrap_or(10).into();
        let offset = offset.unwrap_or(0).into();
        customers::list(
            caller,
            &ListCustomers::new(limit, offset, merchant_reference_id)?,
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn create_payment_method(payment_method: Jsonb) -> Result<Jsonb, ErrorReport> {
    answer_to(
        Operation::CreatePaymentMethod,
        payment_method,
        payment_methods::create,
    )
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn retrieve_payment_method(
    id: &str,
    fetch_raw_detail: default!(bool, false),
) -> Result<Jsonb, ErrorReport> {
    answer(Operation::RetrievePaymentMethod, |caller| {
        payment_methods::retrieve(caller, &PaymentMethodId::from_client(id), fetch_raw_detail)
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn update_payment_method(id: &str, changes: Jsonb) -> Result<Jsonb, ErrorReport> {
    answer_to(
        Operation::UpdatePaymentMethod,
        changes,
        |caller, changes| {
            payment_methods::update(caller, &PaymentMethodId::from_client(id), changes)
        },
    )
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn delete_payment_method(id: &str) -> Result<Jsonb, ErrorReport> {
    answer(Operation::DeletePaymentMethod, |caller| {
        payment_methods::delete(caller, &PaymentMethodId::from_client(id))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn list_payment_methods(
    customer_id: &str,
    limit: default!(i32, 1000),
    starting_after: default!(&str, "''"),
) -> Result<Jsonb, ErrorReport> {
    answer(Operation::ListPaymentMethods, |caller| {
        let page = ListPaymentMethodsQuery::new(limit.into(), starting_after)?;
        payment_methods::list(caller, &CustomerId::from_client(customer_id), &page)
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn set_default_payment_method(
    customer_id: &str,
    payment_method_id: &str,
) -> Result<Jsonb, ErrorReport> {
    answer(Operation::SetDefaultPaymentMethod, |caller| {
        payment_methods::set_default(
            caller,
            &CustomerId::from_client(customer_id),
            &PaymentMethodId::from_client(payment_method_id),
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn use_cvc(payment_method_id: &str) -> Result<String, ErrorReport> {
    let code = counted(Way::Sql, Operation::UseCvc, || {
        payment_methods::use_cvc(
            &Caller::of_session()?,
            &PaymentMethodId::from_client(payment_method_id),
        )
    })?;
    Ok(code.expose().to_owned())
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn use_connector_token(payment_method_id: &str, connector_id: &str) -> Result<Jsonb, ErrorReport> {
    answer(Operation::UseConnectorToken, |caller| {
        tokens::use_token(
            caller,
            &PaymentMethodId::from_client(payment_method_id),
            connector_id,
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn check_network_token_status(payment_method_id: &str) -> Result<Jsonb, ErrorReport> {
    answer(Operation::CheckNetworkTokenStatus, |caller| {
        network_tokens::status(caller, &PaymentMethodId::from_client(payment_method_id))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn get_network_token(payment_method_id: &str) -> Result<Jsonb, ErrorReport> {
    let request = NetworkTokenRequest::for_network_token();
    answer(Operation::GetNetworkToken, |caller| {
        network_tokens::get(
            caller,
            &PaymentMethodId::from_client(payment_method_id),
            &request,
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn get_network_token_eligibility(card_bin: &str) -> Result<Jsonb, ErrorReport> {
    let query = EligibilityQuery::new(card_bin.to_owned()).map_err(Failure::from)?;
    answer(Operation::GetNetworkTokenEligibility, |caller| {
        network_tokens::eligibility(caller, query)
    })
}

/// Only for superusers, because a caller who names a later time ends what others still need.
#[pg_extern]
fn delete_expired(now: TimestampWithTimeZone) -> Result<i64, ErrorReport> {
    let now = clock::from_postgres(now.into())?;
    let mut deleted = 0;
    loop {
        let batch = retention::delete_expired(now)?;
        deleted += i64::try_from(batch.deleted).unwrap_or(i64::MAX);
        if !batch.is_full {
            return Ok(deleted);
        }
    }
}

/// Runs after every statement that changes rows which backends remember.
#[pg_trigger]
pub fn tell_of_change<'a>(
    trigger: &'a PgTrigger<'a>,
) -> Result<Option<PgHeapTuple<'a, AllocatedByPostgres>>, PgTriggerError> {
    invalidation::tell_of_change(trigger.relid()?);
    Ok(None)
}

/// Runs an operation for the caller of this session.
fn answer<R: Serialize>(
    name: Operation,
    operation: impl FnOnce(&Caller) -> Result<R, Failure>,
) -> Result<Jsonb, ErrorReport> {
    respond(name, || operation(&Caller::of_session()?))
}

/// Runs an operation that takes a request. The request is read as over HTTP, so that both keep the same rules.
fn answer_to<B: Body, R: Serialize>(
    name: Operation,
    request: Jsonb,
    operation: impl FnOnce(&Caller, B) -> Result<R, Failure>,
) -> Result<Jsonb, ErrorReport> {
    respond(name, || {
        let request = json::from_slice(request.as_bytes())?;
        operation(&Caller::of_session()?, request)
    })
}

fn respond<R: Serialize>(
    name: Operation,
    call: impl FnOnce() -> Result<R, Failure>,
) -> Result<Jsonb, ErrorReport> {
    Ok(counted(Way::Sql, name, || to_jsonb(&call()?))?)
}

/// An answer as the `jsonb` that a function returns. No copy of it stays in freed memory here, because it may show a full number.
pub(super) fn to_jsonb<R: Serialize>(response: &R) -> Result<Jsonb, Failure> {
    let mut json = stored::to_bytes(response).map_err(|_| Defect::NotSerialized)?;
    let json = String::from_utf8(mem::take(&mut *json)).map_err(|_| Defect::NotSerialized)?;
    Ok(Jsonb::from(json))
}
