//! The contract as an OpenAPI 3.1 document, from which readers, clients and tests are made.
//!
//! The schemas are those of the contract's own types. docs/openapi.json is this document, written down.

mod answers;
mod calls;
mod requests;
mod schemas;

use serde_json::{Map, Value, json};

use self::calls::{CALLS, Call};
use self::schemas::Schemas;

/// The whole document.
pub fn document() -> Value {
    let mut schemas = Schemas::default();
    let paths = paths(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "vault",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A card vault inside PostgreSQL",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": servers(),
        "tags": [
            {"name": "Customers", "description": "Those to whom payment methods belong."},
            {"name": "Payment methods", "description": "Cards and bank accounts."},
            {"name": "Network tokens", "description": "What stands for a card's number at a card network."},
        ],
        "security": [{"api_key": []}, {"authorization": []}],
        "paths": paths,
        "components": {
            "securitySchemes": security_schemes(),
            "parameters": requests::shared_parameters(),
            "headers": answers::headers(),
            "responses": answers::shared_responses(),
            "schemas": schemas.finish(),
        },
    })
}

const DESCRIPTION: &str = "Every request has an API key, in `api-key` or in `Authorization`, and names a profile in \
`x-profile-id`. A word of a path may be spelled with `_` in place of `-`. A body is an object of JSON in UTF-8. It has at most \
32,768 bytes unless the call says otherwise, at most 32 levels, no member twice, and no `\\u0000`. A member that a call does not know is refused at the top \
of a body, and ignored in the objects within. An error never repeats what was sent.";

/// The prefixes lead to the same calls.
fn servers() -> Value {
    let prefixes = ["/v2", "/v1", "/api/v2", "/api/v1"];
    prefixes
        .iter()
        .map(|prefix| json!({"url": prefix}))
        .collect()
}

fn security_schemes() -> Value {
    json!({
        "api_key": {
            "type": "apiKey",
            "in": "header",
            "name": "api-key",
            "description": "The API key alone.",
        },
        "authorization": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "The API key, as `api-key=K` or as `K`. Other parts between commas are ignored.",
        },
    })
}

fn paths(schemas: &mut Schemas) -> Value {
    let mut paths = Map::new();
    for call in CALLS {
        let item = paths
            .entry(call.path)
            .or_insert_with(|| requests::path_item(call.path));
        for verb in call.verbs {
            item[verb.to_ascii_lowercase()] = operation(call, verb, schemas);
        }
    }
    paths.into()
}

fn operation(call: &Call, verb: &str, schemas: &mut Schemas) -> Value {
    let mut operation = json!({
        "operationId": operation_id(call, verb),
        "tags": [call.tag],
        "summary": call.summary,
        "description": call.description,
    });
    let parameters = requests::parameters(call);
    if parameters.as_array().is_some_and(|list| !list.is_empty()) {
        operation["parameters"] = parameters;
    }
    if let Some(body) = requests::body(call, verb, schemas) {
        operation["requestBody"] = body;
    }
    operation["responses"] = answers::responses(call, schemas);
    operation
}

/// The function's name for the first verb. Further verbs do the same, and say so in their names.
fn operation_id(call: &Call, verb: &str) -> String {
    if call.verbs.first() == Some(&verb) {
        call.function.to_owned()
    } else {
        format!("{}_by_{}", call.function, verb.to_ascii_lowercase())
    }
}
