//! Schema `vault`: the functions that take many payment methods, and give a row for each.

use pgrx::iter::TableIterator;
use pgrx::name;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::contract::json;
use vault_core::ids::PaymentMethodId;

use super::sql::to_jsonb;
use crate::error::Failure;
use crate::metrics::calls::{Operation, Way, counted};
use crate::operations::payment_methods;
use crate::tenancy::Caller;
use crate::types::jsonb::Jsonb;

/// A row for each of them. `item` counts from 1.
#[expect(clippy::type_complexity, reason = "pgrx reads the columns here")]
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn create_payment_methods(
    payment_methods: Array<'_, Jsonb>,
    all_or_nothing: default!(bool, false),
) -> Result<
    TableIterator<
        'static,
        (
            name!(item, i32),
            name!(outcome, &'static str),
            name!(payment_method_id, Option<String>),
            name!(code, Option<&'static str>),
            name!(message, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let outcomes = counted(Way::Sql, Operation::CreatePaymentMethods, || {
        let requests = payment_methods.iter().map(|request| match request {
            Some(request) => json::from_slice(request.as_bytes()),
            None => json::from_slice(b"null"),
        });
        let outcomes = payment_methods::create_many(&Caller::of_session()?, requests)?;
        let mut refused = (1..).zip(&outcomes).filter(|(_, outcome)| outcome.is_err());
        match refused.next() {
            Some((item, Err(refusal))) if all_or_nothing => Err(Failure::ItemRefused {
                item,
                refusal: refusal.clone(),
            }),
            _ => Ok(outcomes),
        }
    })?;
    let rows = (1..).zip(outcomes).map(|(item, outcome)| match outcome {
        Ok(stored) => {
            let outcome = if stored.is_new {
                "created"
            } else {
                "refreshed"
            };
            (item, outcome, Some(stored.method.id.into()), None, None)
        }
        Err(refusal) => {
            let message = Some(refusal.to_string());
            (item, "refused", None, Some(refusal.code()), message)
        }
    });
    Ok(TableIterator::new(rows))
}

/// A row for each of the ids. `item` counts from 1.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn retrieve_payment_methods(
    ids: Array<'_, &str>,
    fetch_raw_detail: default!(bool, false),
) -> Result<
    TableIterator<
        'static,
        (
            name!(item, i32),
            name!(payment_method_id, String),
            name!(payment_method, Option<Jsonb>),
        ),
    >,
    ErrorReport,
> {
    // NULL is the id of nothing, and so is an empty text.
    let of_client = |id: Option<&str>| PaymentMethodId::from_client(id.unwrap_or_default());
    let ids: Vec<_> = ids.iter().map(of_client).collect();
    let methods = counted(Way::Sql, Operation::RetrievePaymentMethods, || {
        let caller = Caller::of_session()?;
        let found = payment_methods::retrieve_many(&caller, &ids, fetch_raw_detail)?;
        let json = |method: Option<_>| method.as_ref().map(to_jsonb).transpose();
        found
            .into_iter()
            .map(json)
            .collect::<Result<Vec<_>, Failure>>()
    })?;
    let rows = (1..).zip(ids).zip(methods);
    Ok(TableIterator::new(
        rows.map(|((item, id), method)| (item, id.into(), method)),
    ))
}
