//! Every line of the contract's tables of refusals, over HTTP with the exact body and by SQL with SQLSTATE and
//! message; and none of them leaves a trace.

mod authentication;
mod customers;
mod fields;
mod payment_methods;

use serde_json::Value;
use vault_tests::{Card, Tenant};

use crate::support::holdings;

/// What is refused: status, code and message of the HTTP answer, and the SQLSTATE of the same refusal by SQL.
struct Refusal(u16, &'static str, &'static str, &'static str);

/// A call by both doors.
struct Call {
    verb: &'static str,
    path: String,
    body: Option<Value>,
    operation: &'static str,
    arguments: Vec<Argument>,
}

enum Argument {
    Text(String),
    Json(Value),
}

fn create_customer(body: Value) -> Call {
    let arguments = vec![Argument::Json(body.clone())];
    Call {
        verb: "POST",
        path: "/v2/customers".into(),
        body: Some(body),
        operation: "create_customer($1)",
        arguments,
    }
}

fn create_method(body: Value) -> Call {
    let arguments = vec![Argument::Json(body.clone())];
    let path = "/v2/payment-methods".into();
    Call {
        verb: "POST",
        path,
        body: Some(body),
        operation: "create_payment_method($1)",
        arguments,
    }
}

/// A call that only names an id.
fn plain(verb: &'static str, resource: &str, id: &str, operation: &'static str) -> Call {
    let arguments = vec![Argument::Text(id.into())];
    Call {
        verb,
        path: format!("/v2/{resource}/{id}"),
        body: None,
        operation,
        arguments,
    }
}

/// Makes the call by both doors and compares both refusals and what the profile holds before and after.
#[track_caller]
fn refused(tenant: &Tenant, call: &Call, Refusal(status, code, message, sqlstate): Refusal) {
    let mut sql = tenant.sql();
    let before = holdings(&tenant.stack, &tenant.profile);

    let request = tenant.request(call.verb, &call.path);
    let answer = tenant.send(&match &call.body {
        Some(body) => request.json(body),
        None => request,
    });
    answer.refuses(status, code, message);

    let parameters: Vec<vault_tests::sql::Parameter> = call
        .arguments
        .iter()
        .map(|argument| match argument {
            Argument::Text(text) => text as vault_tests::sql::Parameter,
            Argument::Json(value) => value as vault_tests::sql::Parameter,
        })
        .collect();
    let by_sql = sql.call(call.operation, &parameters).unwrap_err();
    assert_eq!(by_sql.pair(), (sqlstate, message));

    assert_eq!(
        holdings(&tenant.stack, &tenant.profile),
        before,
        "a refusal left something behind"
    );
}

/// A tenant who already holds a customer with a card, so that keys exist before anything is refused.
fn settled() -> (Tenant, String, String) {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let method = tenant.store(&Card::new(), &customer);
    (tenant, customer, method)
}
