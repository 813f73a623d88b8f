//! Tests inside the backend, as superuser, each in a transaction of its own that is rolled back. What needs roles, several
//! sessions, HTTP or a restart is tested from outside.

mod card_number;
mod clock;
mod key_lifecycle;
mod operations;
mod searchable_text;
mod shards;
mod tenancy;
mod types;
mod volatile;

use pgrx::JsonB;
use pgrx::prelude::*;
use serde_json::{Value, json};

/// A fresh profile with an API key, and this transaction authenticated for it.
struct Tenant {
    profile_id: String,
    api_key: String,
}

impl Tenant {
    fn authenticated() -> Self {
        let tenant = Self::new();
        tenant.authenticate();
        tenant
    }

    fn new() -> Self {
        let merchant = text("SELECT vault.create_merchant('Shop')", &[]);
        let profile_id = text("SELECT vault.create_profile($1, 'Web')", &[&merchant]);
        let api_key = text(
            "SELECT api_key FROM vault.create_api_key($1, 'server')",
            &[&merchant],
        );
        Self {
            profile_id,
            api_key,
        }
    }

    fn authenticate(&self) {
        text(
            "SELECT vault.authenticate($1, $2)::text",
            &[&self.api_key, &self.profile_id],
        );
    }
}

/// The only value of a statement, as text; the empty text for NULL.
fn text(statement: &str, arguments: &[&str]) -> String {
    let arguments: Vec<_> = arguments
        .iter()
        .map(|argument| (*argument).into())
        .collect();
    Spi::get_one_with_args(statement, &arguments)
        .unwrap()
        .unwrap_or_default()
}

/// The SQLSTATE, message and detail that a statement fails with, each on a line.
fn failure(statement: &str) -> String {
    Spi::run(
        "CREATE OR REPLACE FUNCTION pg_temp.failure(statement text) RETURNS text LANGUAGE plpgsql AS $$
         DECLARE
             message text;
             detail text;
         BEGIN
             EXECUTE statement;
             RETURN 'none';
         EXCEPTION WHEN OTHERS THEN
             GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
             RETURN concat_ws(E'\\n', SQLSTATE, message, detail);
         END $$",
    )
    .unwrap();
    text("SELECT pg_temp.failure($1)", &[statement])
        .trim_end()
        .to_owned()
}

/// The plan of a statement, as JSON.
fn plan(statement: &str) -> String {
    let plan: Option<pgrx::Json> =
        Spi::get_one(&format!("EXPLAIN (VERBOSE, FORMAT JSON) {statement}")).unwrap();
    plan.unwrap().0.to_string()
}

/// Calls a function of schema `vault` that takes and gives JSON.
fn call(function: &str, id: Option<&str>, body: Value) -> Value {
    let answer: Option<JsonB> = match id {
        None => Spi::get_one_with_args(
            &format!("SELECT vault.{function}($1)"),
            &[JsonB(body).into()],
        ),
        Some(id) => Spi::get_one_with_args(
            &format!("SELECT vault.{function}($1, $2)"),
            &[id.into(), JsonB(body).into()],
        ),
    }
    .unwrap();
    answer.unwrap().0
}

/// Calls a function of schema `vault` that takes an id and gives JSON.
fn by_id(function: &str, id: &str) -> Value {
    let answer: Option<JsonB> =
        Spi::get_one_with_args(&format!("SELECT vault.{function}($1)"), &[id.into()]).unwrap();
    answer.unwrap().0
}

fn customer() -> String {
    let customer = call(
        "create_customer",
        None,
        json!({"name": "John Doe", "email": "guest@example.com"}),
    );
    customer["id"].as_str().unwrap().to_owned()
}

fn card(customer: &str) -> Value {
    json!({
        "customer_id": customer,
        "payment_method_type": "card",
        "payment_method_data": {"card": {
            "card_number": "4111111145551142",
            "card_exp_month": "10",
            "card_exp_year": "2099",
            "card_holder_name": "John Doe",
            "card_cvc": "242",
        }},
    })
}
