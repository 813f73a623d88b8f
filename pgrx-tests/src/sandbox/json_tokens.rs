//! A JSON API that makes and deletes tokens, as many providers have it.
//!
//! `POST /tokens` with `X-Api-Key`, `Idempotency-Key` and `{"type": "card", "number", "expiry_month", "expiry_year"}`, and, as
//! one likes, `name`, `reference`, `use` and `customer: {"id"}`. The answer is 201 with `{"token", "customer": {"id"}, …}`.
//! `DELETE /tokens/{token}`: 204, or 404 if it is not there. A token has characters that a path must escape.

use std::fmt;

use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::cards;
use super::idempotency::Seen;
use super::provider::{Provider, with_token_spoiled};
use super::server::{Call, Reply};
use crate::random::alphanumerics;

const MAKE: &str = "POST /tokens";
const DELETE: &str = "DELETE /tokens/{token}";

/// An unknown member or one that comes twice is an error: so a value that breaks out of its string shows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    r#type: String,
    number: String,
    expiry_month: Text,
    expiry_year: Text,
    name: Option<String>,
    reference: Option<String>,
    r#use: Option<String>,
    customer: Option<Customer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Customer {
    id: String,
}

/// A text or a whole number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Number(u16),
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text::Text(text) => f.write_str(text),
            Text::Number(number) => number.fmt(f),
        }
    }
}

/// A refusal: status, and what was wrong, which is a violation.
type Refusal = (u16, &'static str);

/// Answers a call that is not Stripe's.
pub fn answer(provider: &mut Provider, call: &Call, behaviour: &Behaviour) -> Reply {
    let token = call.path.strip_prefix("/tokens/");
    let (place, result) = match (&call.method, token) {
        (&Method::POST, None) if call.path == "/tokens" => (MAKE, make_once(provider, call)),
        (&Method::DELETE, Some(token)) => (DELETE, delete(provider, call, token)),
        _ => ("the JSON API", Err((404, "there is no such call"))),
    };
    provider.count_call(place);
    let reply = result.unwrap_or_else(|(status, message)| {
        provider.violations.note(place, message);
        Reply::json(
            status,
            &json!({"error_type": "request_invalid", "error": message}),
        )
    });
    if place == MAKE && reply.status == 201 {
        return with_token_spoiled(reply, behaviour, "token", card_number(call));
    }
    reply
}

/// The card number of a call that has one.
pub fn card_number(call: &Call) -> Option<String> {
    serde_json::from_slice(&call.body)
        .ok()
        .map(|order: Order| order.number)
}

fn make_once(provider: &mut Provider, call: &Call) -> Result<Reply, Refusal> {
    authorize(provider, call)?;
    if call.content_type() != "application/json" {
        return Err((415, "the body is not labelled as JSON"));
    }
    let order: Order = serde_json::from_slice(&call.body)
        .map_err(|_| (400, "the body is not JSON of the agreed members"))?;
    let key = match call.header("idempotency-key") {
        Some(key) if !key.is_empty() => key,
        _ => return Err((400, "there is no one Idempotency-Key")),
    };
    match provider.kept.look_up(key, &call.body) {
        Seen::Before(reply) => return Ok(reply.clone()),
        Seen::Otherwise => return Err((409, "the idempotency key was used for another call")),
        Seen::Never => {}
    }
    let reply = Reply::json(201, &make(provider, &order, key)?);
    provider
        .kept
        .keep(key.to_owned(), &call.body, reply.clone());
    Ok(reply)
}

fn authorize(provider: &Provider, call: &Call) -> Result<(), Refusal> {
    match call.header("x-api-key") {
        Some(key) if key == provider.secret_key => Ok(()),
        _ => Err((401, "the API key is missing or wrong")),
    }
}

fn make(provider: &mut Provider, order: &Order, key: &str) -> Result<Value, Refusal> {
    if order.r#type != "card" {
        return Err((422, "the type is not card"));
    }
    let (month, year) = (
        order.expiry_month.to_string(),
        order.expiry_year.to_string(),
    );
    if let Some(problem) = cards::problem(&order.number, &month, &year) {
        return Err((422, problem.text()));
    }
    let token = format!("tok_{}/{}==", alphanumerics(20), alphanumerics(6));
    let customer = order
        .customer
        .as_ref()
        .map(|customer| known_customer(provider, customer));
    provider.keep_token(&token, customer.clone(), key);
    Ok(json!({
        "token": token,
        "type": "card",
        "name": order.name,
        "reference": order.reference,
        "use": order.r#use,
        "scheme": cards::brand(&order.number),
        "last4": cards::last_four(&order.number),
        "customer": customer.map(|id| json!({"id": id})),
    }))
}

fn known_customer(provider: &mut Provider, customer: &Customer) -> String {
    provider
        .customers
        .entry(customer.id.clone())
        .or_insert_with(|| format!("cus_{}", alphanumerics(14)))
        .clone()
}

fn delete(provider: &mut Provider, call: &Call, token: &str) -> Result<Reply, Refusal> {
    authorize(provider, call)?;
    if token.contains('/') || !call.query.is_empty() {
        return Err((404, "the token is not one escaped segment of the path"));
    }
    Ok(match provider.tokens.remove(&unescaped(token)) {
        Some(_) => {
            provider.deleted += 1;
            Reply::empty(204)
        }
        None => Reply::json(404, &json!({"error_type": "not_found"})),
    })
}

/// A segment of a path, with `%xx` resolved. A `+` is a plus there.
fn unescaped(segment: &str) -> String {
    let plus_kept = format!("_={}", segment.replace('+', "%2B"));
    form_urlencoded::parse(plus_kept.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
