//! What comes back: answers, refusals, headers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::calls::Call;
use super::schemas::Schemas;
use crate::contract::refusal::Refusal;

/// Requests and answers as they went over the wire, by the call's function.
const EXAMPLES: &str = include_str!("examples.json");

/// The example of a call: its `request` or its `answer`.
pub(super) fn example(function: &str, which: &str) -> Option<Value> {
    let examples: Value = serde_json::from_str(EXAMPLES).unwrap_or_default();
    examples.get(function)?.get(which).cloned()
}

/// Refusals of every call.
fn of_every_call() -> Vec<Refusal> {
    vec![
        Refusal::Unauthenticated,
        Refusal::MissingProfileHeader,
        Refusal::InvalidProfileHeader,
        Refusal::TooManyRequests { retry_after: 17 },
        Refusal::Unexpected,
    ]
}

/// Refusals of every call that reads a body.
fn of_bodies(limit: usize) -> Vec<Refusal> {
    let json = Refusal::Json {
        reason: "unknown field, expected `token_type`".to_owned(),
        line: 1,
        column: 8,
    };
    vec![json, Refusal::BodyTooLarge { limit }]
}

/// Answers that can meet any call before it reaches the vault, or instead of the vault's: status, name, and when.
const OF_EVERY_CALL: [(u16, &str, &str); 11] = [
    (
        400,
        "BadRequest",
        "The request is not HTTP as the server takes it.",
    ),
    (408, "RequestTimeout", "The request did not arrive in time."),
    (411, "LengthRequired", "The body came without its length."),
    (413, "BodyTooLarge", "The body is too long."),
    (414, "PathTooLong", "The path and the query are too long."),
    (
        421,
        "MisdirectedRequest",
        "The vault is spread over several nodes, and the profile is on another one. `Retry-After` says when to ask again.",
    ),
    (431, "HeadersTooLong", "The headers are too long."),
    (
        500,
        "InternalError",
        "Something that the server's log explains.",
    ),
    (
        502,
        "BadGateway",
        "The vault is not running, or its answer was cut off.",
    ),
    (
        503,
        "Unavailable",
        "The vault cannot answer now. `Retry-After` says when to ask again.",
    ),
    (504, "GatewayTimeout", "The vault did not answer in time."),
];

/// Those of all calls, once.
pub(super) fn shared_responses() -> Value {
    let responses = OF_EVERY_CALL.iter().map(|(status, name, description)| {
        let mut response = response(
            description,
            json!({"$ref": "#/components/schemas/ErrorResponse"}),
        );
        if [421, 503].contains(status) {
            response["headers"]["Retry-After"] = header("RetryAfter");
        }
        ((*name).to_owned(), response)
    });
    responses.collect::<Map<String, Value>>().into()
}

pub(super) fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "The request's name, of the client's own choice or a UUID. The audit log has it.",
            "required": true,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
        },
        "RetryAfter": {
            "description": "How many seconds to wait before the next attempt.",
            "required": true,
            "schema": {"type": "integer", "minimum": 0},
        },
    })
}

fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

fn response(description: &str, schema: Value) -> Value {
    json!({
        "description": description,
        "headers": {"X-Request-Id": header("RequestId")},
        "content": {"application/json": {"schema": schema}},
    })
}

/// All answers of one call, by their status.
pub(super) fn responses(call: &Call, schemas: &mut Schemas) -> Value {
    let mut responses = BTreeMap::new();
    responses.insert(200, success(call, schemas));
    for (status, name, _) in OF_EVERY_CALL {
        let response = json!({"$ref": format!("#/components/responses/{name}")});
        responses.insert(status, response);
    }
    let mut refusals = of_every_call();
    refusals.extend(call.body.iter().flat_map(|_| of_bodies(call.longest_body)));
    refusals.extend(call.refusals.iter().cloned());
    let mut by_status: BTreeMap<u16, Vec<Refusal>> = BTreeMap::new();
    for refusal in refusals {
        by_status.entry(refusal.status()).or_default().push(refusal);
    }
    for (status, refusals) in by_status {
        responses.insert(status, refused(status, &refusals, schemas));
    }
    let by_name = responses
        .into_iter()
        .map(|(status, response)| (status.to_string(), response));
    by_name.collect::<Map<String, Value>>().into()
}

fn success(call: &Call, schemas: &mut Schemas) -> Value {
    let mut response = response("Done.", schemas.of_answer(call.answer));
    if let Some(example) = example(call.function, "answer") {
        response["content"]["application/json"]["example"] = example;
    }
    if let Some(links) = links(call.function) {
        response["links"] = links;
    }
    response
}

/// A status with the refusals that have it, each as an example.
fn refused(status: u16, refusals: &[Refusal], schemas: &mut Schemas) -> Value {
    let description = match status {
        400 => "The request breaks a rule, which the message names.",
        401 => {
            "The API key is missing, unknown, revoked, expired or locked, or the profile is another merchant's."
        }
        403 => "The API key has no `reveal` scope.",
        404 => "There is no such thing in this profile.",
        413 => "The body is too long.",
        422 => "The request breaks a rule, which the message names.",
        429 => "Too many requests, or too many card numbers.",
        _ => "Something that the server's log explains.",
    };
    let mut response = response(description, schemas.of_answer(Refusal::schema));
    let examples = refusals.iter().enumerate().map(|(number, refusal)| {
        let body: Value = serde_json::from_str(&refusal.body()).unwrap_or_default();
        let name = format!("{}_{}", refusal.code(), number + 1);
        (name, json!({"summary": refusal.to_string(), "value": body}))
    });
    response["content"]["application/json"]["examples"] =
        examples.collect::<Map<String, Value>>().into();
    if refusals
        .iter()
        .any(|refusal| refusal.retry_after().is_some())
    {
        response["headers"]["Retry-After"] = header("RetryAfter");
    }
    response
}

/// What can be done with what a create has made.
fn links(function: &str) -> Option<Value> {
    let (parameter, calls): (_, &[&str]) = match function {
        "create_customer" => (
            "customer_id",
            &[
                "retrieve_customer",
                "update_customer",
                "list_payment_methods",
                "delete_customer",
            ],
        ),
        "create_payment_method" => (
            "payment_method_id",
            &[
                "retrieve_payment_method",
                "retrieve_payment_method_details",
                "update_payment_method",
                "delete_payment_method",
            ],
        ),
        _ => return None,
    };
    let link = |call: &&str| {
        let link = json!({"operationId": call, "parameters": {parameter: "$response.body#/id"}});
        ((*call).to_owned(), link)
    };
    Some(
        calls
            .iter()
            .map(link)
            .collect::<Map<String, Value>>()
            .into(),
    )
}
