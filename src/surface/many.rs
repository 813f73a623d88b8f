//! Schema `vault`: the functions that take many payment methods, and give a row for each.

use std::iter;

use pgrx::iter::TableIterator;
use pgrx::name;
use pgrx::pg_sys::panic::{ErrorReport, ErrorReportable};
use pgrx::prelude::*;
use vault_core::contract::json;
use vault_core::contract::payment_method::PaymentMethodCreate;
use vault_core::contract::refusal::Refusal;
use vault_core::ids::PaymentMethodId;

use super::sql::to_jsonb;
use crate::error::{Failure, wrong_state};
use crate::metrics::calls::{Operation, Way, counted};
use crate::operations::payment_methods::{self, Import, Outcome};
use crate::postgres::result_rows;
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
        let requests = payment_methods.iter().map(request);
        let outcomes = payment_methods::create_many(&Caller::of_session()?, requests)?;
        if all_or_nothing {
            payment_methods::one_for_all(0, &outcomes)?;
        }
        Ok(outcomes)
    })?;
    let rows = (1..).zip(outcomes);
    Ok(TableIterator::new(
        rows.map(|(item, outcome)| with_outcome(item, outcome)),
    ))
}

/// A row for each row of the query, which runs with the caller's own rights and settings: so this function has them, too. `item`
/// counts from 1. Each batch counts as a call that creates payment methods.
#[expect(clippy::type_complexity, reason = "pgrx reads the columns here")]
#[pg_extern]
fn import_payment_methods(
    query: &str,
    all_or_nothing: default!(bool, false),
    call: pg_sys::FunctionCallInfo,
) -> Result<
    TableIterator<
        'static,
        (
            name!(item, i64),
            name!(outcome, &'static str),
            name!(payment_method_id, Option<String>),
            name!(code, Option<&'static str>),
            name!(message, Option<String>),
        ),
    >,
    ErrorReport,
> {
    // Between two rows, code of others could get at the query's cursor.
    if !result_rows::are_taken_at_once(call) {
        Err(wrong_state(
            "vault.import_payment_methods is called outside of FROM",
            "Write SELECT … FROM vault.import_payment_methods(…).",
        ))?;
    }
    let mut import = Import::begin(query, all_or_nothing)?;
    let batches = iter::from_fn(move || {
        let batch = next_batch(&mut import).map_err(ErrorReport::from);
        batch.unwrap_or_report()
    });
    let rows = (1..).zip(batches.flatten());
    Ok(TableIterator::new(
        rows.map(|(item, outcome)| with_outcome(item, outcome)),
    ))
}

fn next_batch(import: &mut Import) -> Result<Option<Vec<Outcome>>, Failure> {
    let rows = import.read()?;
    if rows.is_empty() {
        return Ok(None);
    }
    let requests = rows.into_iter().map(request);
    let store = || import.store(requests);
    counted(Way::Sql, Operation::CreatePaymentMethods, store).map(Some)
}

fn request(item: Option<Jsonb>) -> Result<PaymentMethodCreate, Refusal> {
    json::from_slice(item.as_ref().map_or(b"null", Jsonb::as_bytes))
}

/// The columns of a row: item, outcome, id of the payment method, code and message of the refusal.
fn with_outcome<I>(
    item: I,
    outcome: Outcome,
) -> (
    I,
    &'static str,
    Option<String>,
    Option<&'static str>,
    Option<String>,
) {
    match outcome {
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
    }
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
