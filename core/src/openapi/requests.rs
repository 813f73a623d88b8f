//! What a request brings: parameters and bodies.

use serde_json::{Value, json};

use super::answers::example;
use super::calls::Call;
use super::schemas::Schemas;

/// Of every path, and of the paths with ids.
pub(super) fn shared_parameters() -> Value {
    json!({
        "ProfileId": {
            "name": "x-profile-id",
            "in": "header",
            "required": true,
            "description": "The profile. An API key opens all profiles of its merchant.",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        },
        "RequestId": {
            "name": "x-request-id",
            "in": "header",
            "required": false,
            "description": "Your own name for the request. The answer and the audit log have it. A name of other characters, of \
                more than 128 characters or with a card number is replaced.",
            "schema": {"type": "string"},
        },
    })
}

/// The path with what all its verbs share.
pub(super) fn path_item(path: &str) -> Value {
    let mut parameters = vec![
        json!({"$ref": "#/components/parameters/ProfileId"}),
        json!({"$ref": "#/components/parameters/RequestId"}),
    ];
    for name in path.split('/') {
        if let Some(name) = name
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            parameters.push(path_parameter(name));
        }
    }
    json!({"parameters": parameters})
}

fn path_parameter(name: &str) -> Value {
    let (description, format) = match name {
        "customer_id" => ("The customer.", Some("customer-id")),
        "payment_method_id" => ("The payment method.", Some("payment-method-id")),
        _ => ("Your own id of the customer.", None),
    };
    let mut schema = json!({"type": "string", "minLength": 1});
    if let Some(format) = format {
        schema["format"] = format.into();
    }
    json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema})
}

/// The members of the query.
pub(super) fn parameters(call: &Call) -> Value {
    let parameter = |name: &&str| query_parameter(call, name);
    call.query.iter().map(parameter).collect()
}

fn query_parameter(call: &Call, name: &str) -> Value {
    let (description, schema) = match name {
        "limit" if call.function == "list_payment_methods" => (
            "The largest number of payment methods.",
            json!({"type": "integer", "minimum": 1, "maximum": 1000}),
        ),
        "limit" => (
            "The largest number of customers.",
            json!({"type": "integer", "minimum": 1, "maximum": 100}),
        ),
        "starting_after" => (
            "The id of the last payment method of the page before.",
            json!({"type": "string", "minLength": 1}),
        ),
        "offset" => (
            "How many customers stand before the first.",
            json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX}),
        ),
        "customer_id" => (
            "Only the customer with this `merchant_reference_id`.",
            json!({"type": "string", "minLength": 1}),
        ),
        "start_time" => (
            "Created at this time or later.",
            json!({"type": "string", "format": "date-time"}),
        ),
        "end_time" => (
            "Created at this time or earlier.",
            json!({"type": "string", "format": "date-time"}),
        ),
        "card_bin" => (
            "The first 6 to 8 digits of a card number.",
            json!({"type": "string", "pattern": "^[0-9]{6,8}$"}),
        ),
        "fetch_raw_detail" => ("Whether to answer in full.", json!({"type": "boolean"})),
        _ => (
            "It is checked, and changes nothing.",
            json!({"type": "boolean"}),
        ),
    };
    json!({
        "name": name,
        "in": "query",
        "required": name == "card_bin",
        "description": description,
        "schema": schema,
    })
}

/// The body. A GET has none that matters to a client.
pub(super) fn body(call: &Call, verb: &str, schemas: &mut Schemas) -> Option<Value> {
    let schema = schemas.of_request(call.body.filter(|_| verb != "GET")?);
    let mut content = json!({"schema": schema});
    if let Some(examples) = example(call.function, "request") {
        content["example"] = examples;
    }
    // Without a body, the network token is meant.
    let required = call.function != "get_network_token";
    Some(json!({"required": required, "content": {"application/json": content}}))
}
