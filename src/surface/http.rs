//! Schema `vault_api`: the functions that PostgREST calls, each with the body as it came. sql/api.sql declares them.
//!
//! A refusal is an answer: its status and body are set, and the transaction commits.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::panic::{CaughtError, ErrorReport};
use pgrx::prelude::*;
use serde::Serialize;
use vault_core::contract::customer::{ListCustomers, ListCustomersWithCount};
use vault_core::contract::json::{self, Body};
use vault_core::contract::payment_method::{
    BatchItem, EligibilityQuery, ListPaymentMethodsQuery, NetworkTokenRequest, PaymentMethodBatch,
    PaymentMethodBatchResponse, RetrieveQuery,
};
use vault_core::contract::refusal::Refusal;

use super::request::{Request, set_headers, set_status};
use crate::error::{Defect, Failure, internal_error, passes_through_http};
use crate::metrics::calls::{Operation, Way, counted};
use crate::operations::payment_methods::Stored;
use crate::operations::{customers, network_tokens, payment_methods};
use crate::tenancy::Caller;

/// Stands for the body of a request for a network token that has none: most clients send no body with a GET.
const NETWORK_TOKEN: &[u8] = br#"{"token_type":"network_token"}"#;

/// Misdirected Request (RFC 9110): another server can answer. It is no 503, because PostgREST closes all its connections when it
/// sends one.
const MISDIRECTED: u16 = 421;

#[pg_extern(sql = false)]
fn http_create_customer(body: &[u8]) -> Result<String, ErrorReport> {
    answer_to(Operation::CreateCustomer, body, |caller, _, create| {
        customers::create(caller, create)
    })
}

#[pg_extern(sql = false)]
fn http_retrieve_customer(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::RetrieveCustomer, |caller, request| {
        customers::retrieve(caller, &request.customer_id())
    })
}

#[pg_extern(sql = false)]
fn http_retrieve_customer_by_reference(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::RetrieveCustomerByReference, |caller, request| {
        customers::retrieve_by_reference(caller, &request.merchant_reference_id())
    })
}

#[pg_extern(sql = false)]
fn http_update_customer(body: &[u8]) -> Result<String, ErrorReport> {
    answer_to(
        Operation::UpdateCustomer,
        body,
        |caller, request, update| customers::update(caller, &request.customer_id(), update),
    )
}

#[pg_extern(sql = false)]
fn http_delete_customer(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::DeleteCustomer, |caller, request| {
        customers::delete(caller, &request.customer_id())
    })
}

#[pg_extern(sql = false)]
fn http_list_customers(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::ListCustomers, |caller, request| {
        customers::list(caller, &ListCustomers::parse(request.query())?)
    })
}

#[pg_extern(sql = false)]
fn http_list_customers_with_count(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::ListCustomersWithCount, |caller, request| {
        customers::list_with_count(caller, &ListCustomersWithCount::parse(request.query())?)
    })
}

#[pg_extern(sql = false)]
fn http_count_payment_methods(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::CountPaymentMethods, |caller, _| {
        payment_methods::count(caller)
    })
}

#[pg_extern(sql = false)]
fn http_list_payment_methods(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::ListPaymentMethods, |caller, request| {
        let page = ListPaymentMethodsQuery::parse(request.query())?;
        payment_methods::list(caller, &request.customer_id(), &page)
    })
}

#[pg_extern(sql = false)]
fn http_set_default_payment_method(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::SetDefaultPaymentMethod, |caller, request| {
        payment_methods::set_default(caller, &request.customer_id(), &request.payment_method_id())
    })
}

#[pg_extern(sql = false)]
fn http_create_payment_method(body: &[u8]) -> Result<String, ErrorReport> {
    answer_to(Operation::CreatePaymentMethod, body, |caller, _, create| {
        payment_methods::create(caller, create)
    })
}

#[pg_extern(sql = false)]
fn http_create_payment_methods(body: &[u8]) -> Result<String, ErrorReport> {
    answer_to(
        Operation::CreatePaymentMethods,
        body,
        |caller, _, batch: PaymentMethodBatch| {
            let outcomes = payment_methods::create_many(caller, batch.into_creates()?)?;
            Ok(PaymentMethodBatchResponse {
                payment_methods: outcomes.into_iter().map(item).collect(),
            })
        },
    )
}

#[pg_extern(sql = false)]
fn http_retrieve_payment_method(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::RetrievePaymentMethod, |caller, request| {
        let query = RetrieveQuery::parse(request.query())?;
        payment_methods::retrieve(caller, &request.payment_method_id(), query.fetch_raw_detail)
    })
}

#[pg_extern(sql = false)]
fn http_retrieve_payment_method_details(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(
        Operation::RetrievePaymentMethodDetails,
        |caller, request| payment_methods::retrieve_details(caller, &request.payment_method_id()),
    )
}

#[pg_extern(sql = false)]
fn http_update_payment_method(body: &[u8]) -> Result<String, ErrorReport> {
    answer_to(
        Operation::UpdatePaymentMethod,
        body,
        |caller, request, update| {
            payment_methods::update(caller, &request.payment_method_id(), update)
        },
    )
}

#[pg_extern(sql = false)]
fn http_delete_payment_method(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::DeletePaymentMethod, |caller, request| {
        payment_methods::delete(caller, &request.payment_method_id())
    })
}

#[pg_extern(sql = false)]
fn http_check_network_token_status(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::CheckNetworkTokenStatus, |caller, request| {
        network_tokens::status(caller, &request.payment_method_id())
    })
}

#[pg_extern(sql = false)]
fn http_get_network_token(body: &[u8]) -> Result<String, ErrorReport> {
    let body = if body.is_empty() { NETWORK_TOKEN } else { body };
    answer_to(
        Operation::GetNetworkToken,
        body,
        |caller, request, asked: NetworkTokenRequest| {
            network_tokens::get(caller, &request.payment_method_id(), &asked)
        },
    )
}

#[pg_extern(sql = false)]
fn http_get_network_token_eligibility(_body: &[u8]) -> Result<String, ErrorReport> {
    answer(Operation::GetNetworkTokenEligibility, |caller, request| {
        network_tokens::eligibility(caller, EligibilityQuery::parse(request.query())?)
    })
}

fn item(outcome: Result<Stored, Refusal>) -> BatchItem {
    match outcome {
        Ok(stored) => {
            let payment_method = Box::new(stored.method.into_response());
            if stored.is_new {
                BatchItem::Created { payment_method }
            } else {
                BatchItem::Refreshed { payment_method }
            }
        }
        Err(refusal) => refusal.into(),
    }
}

/// Answers a request whose body does not matter.
fn answer<R: Serialize>(
    name: Operation,
    operation: impl FnOnce(&Caller, &Request) -> Result<R, Failure>,
) -> Result<String, ErrorReport> {
    respond(name, |request| {
        let caller = request.authenticate()?;
        operation(&caller, request)
    })
}

/// Answers a request that has a body. A body that is not JSON of the right form is refused before authentication.
fn answer_to<B: Body, R: Serialize>(
    name: Operation,
    body: &[u8],
    operation: impl FnOnce(&Caller, &Request, B) -> Result<R, Failure>,
) -> Result<String, ErrorReport> {
    respond(name, |request| {
        let body = json::from_slice(body)?;
        let caller = request.authenticate()?;
        operation(&caller, request, body)
    })
}

/// Puts the handler's response or refusal into the answer. Any other failure leaves as an error.
fn respond<R: Serialize>(
    name: Operation,
    handle: impl FnOnce(&Request) -> Result<R, Failure>,
) -> Result<String, ErrorReport> {
    PgTryBuilder::new(AssertUnwindSafe(|| {
        let request = Request::current()?;
        set_headers(request.id(), None)?;
        match counted(Way::Http, name, || handle(&request)) {
            Ok(response) => {
                serde_json::to_string(&response).map_err(|_| Defect::NotSerialized.into())
            }
            Err(Failure::Refused(refusal)) => refuse(&request, &refusal),
            Err(Failure::ProfileElsewhere(_) | Failure::MovedMeanwhile) => {
                refuse(&request, &Refusal::ProfileElsewhere)
            }
            // nginx asks the primary instead.
            Err(Failure::Standby | Failure::RecentOnStandby) => {
                set_status(MISDIRECTED)?;
                Ok(Refusal::Unexpected.body())
            }
            Err(failure) => Err(failure),
        }
    }))
    .catch_others(from_postgres)
    .catch_rust_panic(from_postgres)
    .execute()
    .map_err(internal_error)
}

fn refuse(request: &Request, refusal: &Refusal) -> Result<String, Failure> {
    set_status(refusal.status())?;
    set_headers(request.id(), refusal.retry_after())?;
    Ok(refusal.body())
}

/// PostgREST chooses the status by an error's SQLSTATE. Only a few SQLSTATEs say something true of the request, and only
/// these pass as they are.
fn from_postgres(error: CaughtError) -> Result<String, Failure> {
    match error {
        CaughtError::PostgresError(report) if passes_through_http(report.sql_error_code()) => {
            CaughtError::PostgresError(report).rethrow()
        }
        error => Err(Failure::from(error)),
    }
}
