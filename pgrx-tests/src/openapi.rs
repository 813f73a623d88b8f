//! docs/openapi.json, and whether an answer is one that it describes.
//!
//! Nothing here shows a value of a request or an answer, because it may be a card number. It shows where a value stands, and the
//! rule that the value breaks.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use regex::Regex;
use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::stack::repository;

/// What the servers of the document stand for, in a path.
const PREFIX: &str = "(?:/api)?/v[12]";

/// Served beside the API: by `docker/reference.conf`, and to whoever watches the vault.
const BESIDE_THE_API: [&str; 5] = ["/openapi.json", "/docs", "/health", "/ready", "/metrics"];

/// What can be answered to a request that is not for any call of the document.
const TO_STRANGERS: [u16; 8] = [400, 404, 405, 408, 413, 414, 429, 431];

/// The document, as the repository has it.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = fs::read_to_string(repository("docs/openapi.json")).expect("docs/openapi.json");
    serde_json::from_str(&text).expect("docs/openapi.json is JSON")
});

static CALLS: LazyLock<Vec<Path>> = LazyLock::new(paths);

/// One path of the document.
struct Path {
    template: String,
    pattern: Regex,
}

/// The paths, those without ids first, as in nginx.
fn paths() -> Vec<Path> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let mut paths: Vec<Path> = paths.keys().map(|template| path(template)).collect();
    paths.sort_by_key(|path| path.template.matches('{').count());
    paths
}

/// A word may be spelled with `_` in place of `-`.
fn path(template: &str) -> Path {
    let words = template.split('/').map(|word| {
        if word.starts_with('{') {
            "[^/]+".to_owned()
        } else {
            regex::escape(word).replace(r"\-", "[-_]")
        }
    });
    let words: Vec<String> = words.collect();
    Path {
        template: template.to_owned(),
        pattern: Regex::new(&format!("^{PREFIX}{}$", words.join("/"))).expect("a pattern"),
    }
}

/// Why an answer is not what the document says of the request; an empty list if it is.
pub fn objections(request: &Request, answer: &Answer) -> Vec<String> {
    let target = String::from_utf8_lossy(request.target()).into_owned();
    if !request.target().iter().all(u8::is_ascii_graphic) {
        return to_a_stranger(answer, "a target of other characters than visible ASCII");
    }
    let target = target.split('?').next().unwrap_or_default();
    if BESIDE_THE_API.iter().any(|path| target.starts_with(path)) {
        return Vec::new();
    }
    let Some(path) = CALLS.iter().find(|path| path.pattern.is_match(target)) else {
        return to_a_stranger(answer, "a path that it does not have");
    };
    let verb = request.verb().to_ascii_lowercase();
    let item = &DOCUMENT["paths"][&path.template];
    let Some(operation) = item.get(&verb).filter(|_| verb != "parameters") else {
        return to_another_verb(answer, item);
    };
    let name = format!("{} {}", request.verb(), path.template);
    let status = answer.status.to_string();
    let Some(response) = operation["responses"].get(&status) else {
        return vec![format!(
            "docs/openapi.json has no status {status} for {name}"
        )];
    };
    let place = format!("{name} {status}");
    let response = resolved(response);
    let mut objections = headers(answer, response, &place);
    objections.extend(body(&answer.text, response, &place));
    if answer.status == 200
        && let Some(sent) = request.sent_body()
    {
        objections.extend(accepted(sent, operation, &name));
    }
    objections
}

/// What stands behind `$ref`, which names a place in the document.
fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(place) => DOCUMENT
            .pointer(place.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("docs/openapi.json has no {place}")),
        None => value,
    }
}

fn to_a_stranger(answer: &Answer, what: &str) -> Vec<String> {
    if !TO_STRANGERS.contains(&answer.status) {
        let status = answer.status;
        return vec![format!(
            "docs/openapi.json has no status {status} for {what}"
        )];
    }
    let error = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}});
    body(&answer.text, &error, what)
}

/// 405 names the verbs that the document has.
fn to_another_verb(answer: &Answer, item: &Value) -> Vec<String> {
    let mut objections = to_a_stranger(answer, "a verb that the path does not have");
    if answer.status == 405 {
        let verbs = |text: &str| -> Vec<String> {
            let mut verbs: Vec<String> = text.split(", ").map(str::to_uppercase).collect();
            verbs.sort();
            verbs
        };
        let item = item.as_object().expect("a path item").keys();
        let documented: Vec<&str> = item
            .map(String::as_str)
            .filter(|key| *key != "parameters")
            .collect();
        if verbs(answer.header("allow").unwrap_or_default()) != verbs(&documented.join(", ")) {
            objections.push("`Allow` has other verbs than docs/openapi.json".to_owned());
        }
    }
    objections
}

fn headers(answer: &Answer, response: &Value, place: &str) -> Vec<String> {
    let mut objections = Vec::new();
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let header = resolved(header);
        let schema = &header["schema"];
        let objection = match answer.header(name) {
            None if header["required"] == true => Some("is missing"),
            Some(value) if !fits(value, schema) => Some("has another form"),
            _ => None,
        };
        objections
            .extend(objection.map(|objection| format!("{place}: the header {name} {objection}")));
    }
    objections
}

/// A header is a text, whatever its schema says.
fn fits(value: &str, schema: &Value) -> bool {
    let value = match schema["type"].as_str() {
        Some("integer") => serde_json::from_str(value).unwrap_or_else(|_| json!(value)),
        _ => json!(value),
    };
    jsonschema::is_valid(schema, &value)
}

fn body(text: &str, response: &Value, place: &str) -> Vec<String> {
    let Ok(body) = serde_json::from_str(text) else {
        return vec![format!("{place}: the answer is not JSON")];
    };
    broken_rules(
        &response["content"]["application/json"]["schema"],
        &body,
        place,
        Kind::Answer,
    )
}

/// Whether the document takes what the vault has taken.
fn accepted(sent: &[u8], operation: &Value, name: &str) -> Vec<String> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    match serde_json::from_slice(sent) {
        Ok(body) if !schema.is_null() => broken_rules(
            schema,
            &body,
            &format!("{name}, which was carried out"),
            Kind::Request,
        ),
        _ => Vec::new(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Request,
    Answer,
}

fn broken_rules(schema: &Value, body: &Value, place: &str, kind: Kind) -> Vec<String> {
    let errors = validator(schema, kind);
    let errors = errors.iter_errors(body);
    errors
        .map(|error| {
            let (at, rule) = (error.instance_path(), error.schema_path());
            format!("{place}: the body at `{at}` breaks the rule {rule}")
        })
        .collect()
}

/// Each schema is compiled once.
fn validator(schema: &Value, kind: Kind) -> Arc<Validator> {
    type Compiled = HashMap<(String, Kind), Arc<Validator>>;
    static COMPILED: LazyLock<Mutex<Compiled>> = LazyLock::new(Mutex::default);
    let key = (schema.to_string(), kind);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let compile = || {
        let mut whole = schema.clone();
        whole["components"] = json!({"schemas": DOCUMENT["components"]["schemas"]});
        if kind == Kind::Answer {
            close(&mut whole);
        }
        let validator = jsonschema::draft202012::new(&whole);
        Arc::new(validator.unwrap_or_else(|error| panic!("docs/openapi.json: {error}")))
    };
    Arc::clone(compiled.entry(key).or_insert_with(compile))
}

/// Clients have to bear members that come with later versions. An answer of today has none that are not described.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), false.into());
            }
            members.values_mut().for_each(close);
        }
        Value::Array(values) => values.iter_mut().for_each(close),
        _ => {}
    }
}
