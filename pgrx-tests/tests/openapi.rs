//! docs/openapi.json against what it is made of: the contract's types, nginx's routes, and its own schemas. Needs no vault.

use std::collections::BTreeSet;
use std::fs;

use regex::Regex;
use serde_json::{Value, json};
use vault_core::openapi::document;
use vault_tests::openapi::DOCUMENT;
use vault_tests::stack::repository;

#[test]
fn the_file_is_what_the_contracts_types_give() {
    assert!(
        *DOCUMENT == document(),
        "docs/openapi.json is not what the types give: run `make openapi`, and look at the difference"
    );
}

/// Verb, path and function of each operation. An id stands as `{}`.
fn operations() -> BTreeSet<(String, String, String)> {
    let id = Regex::new(r"\{[^}]*\}").unwrap();
    let mut operations = BTreeSet::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (verb, operation) in item.as_object().unwrap() {
            if let Some(function) = operation["operationId"].as_str() {
                let function = function.split("_by_p").next().unwrap();
                let function = function.strip_suffix("_by_get").unwrap_or(function);
                operations.insert((
                    verb.to_uppercase(),
                    id.replace_all(path, "{}").into_owned(),
                    function.to_owned(),
                ));
            }
        }
    }
    operations
}

/// The same of nginx's map from paths to functions.
fn routes() -> BTreeSet<(String, String, String)> {
    let text = fs::read_to_string(repository("docker/nginx.conf")).unwrap();
    let map = text.split("map $path $route {").nth(1).unwrap();
    let map = map.split("\n    }").next().unwrap();
    let entry = Regex::new(r#""~\^(?<path>[^"]*)\$"\s*"(?<calls>[^"]*)";"#).unwrap();
    let id = Regex::new(r"\(\?<[a-z_]+>\[\^/\]\+\)").unwrap();
    let mut routes = BTreeSet::new();
    for entry in entry.captures_iter(map) {
        let path = id.replace_all(&entry["path"], "{}").replace("[-_]", "-");
        for call in entry["calls"].split(' ') {
            let (verb, function) = call.split_once(':').unwrap();
            routes.insert((verb.to_owned(), path.clone(), function.to_owned()));
        }
    }
    routes
}

#[test]
fn every_route_of_nginx_is_described_and_nothing_else() {
    let (described, served) = (operations(), routes());
    assert!(served.len() > 20, "nginx.conf is not read: {served:?}");
    assert_eq!(described, served);
}

/// Calls `look` with every object of a value, and its place.
fn walk<'a>(value: &'a Value, place: &str, look: &mut dyn FnMut(&str, &'a Value)) {
    look(place, value);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                walk(member, &format!("{place}/{name}"), look);
            }
        }
        Value::Array(values) => {
            for (index, element) in values.iter().enumerate() {
                walk(element, &format!("{place}/{index}"), look);
            }
        }
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let mut used = BTreeSet::new();
    walk(&DOCUMENT, "", &mut |place, value| {
        if let Some(reference) = value["$ref"].as_str() {
            let target = DOCUMENT.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some(), "{place} leads nowhere: {reference}");
            used.insert(reference);
        }
    });
    for name in DOCUMENT["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        let reference = format!("#/components/schemas/{name}");
        assert!(used.contains(reference.as_str()), "{name} is not used");
    }
}

#[test]
fn every_example_fits_its_schema() {
    let mut examples = 0;
    walk(&DOCUMENT["paths"], "", &mut |place, value| {
        let named = value["examples"].as_object().into_iter().flatten();
        let values = named
            .map(|(_, example)| &example["value"])
            .chain(value.get("example"));
        for example in values {
            let mut schema = value["schema"].clone();
            schema["components"] = json!({"schemas": DOCUMENT["components"]["schemas"]});
            let validator = jsonschema::draft202012::new(&schema).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(example)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{place}: {errors:#?}");
            examples += 1;
        }
    });
    assert!(examples > 100, "only {examples} examples were found");
}

#[test]
fn every_call_has_examples_of_its_answer_and_of_its_body() {
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (verb, operation) in item.as_object().unwrap() {
            let example =
                |content: &Value| content["content"]["application/json"]["example"].is_object();
            let answer = &operation["responses"]["200"];
            let is_list = answer["content"]["application/json"]["example"].is_array();
            assert!(
                verb == "parameters" || is_list || example(answer),
                "{verb} {path}: answer"
            );
            let body = &operation["requestBody"];
            assert!(body.is_null() || example(body), "{verb} {path}: body");
        }
    }
}

/// Comments of the code become descriptions. They may name code that no reader of the API has.
#[test]
fn descriptions_are_for_readers_of_the_api() {
    walk(&DOCUMENT, "", &mut |place, value| {
        if let Some(description) = value.as_str().filter(|_| place.ends_with("/description")) {
            for unwanted in ["[`", "::", "as it was sent.", "\n", "Contract", "contract"] {
                assert!(!description.contains(unwanted), "{place}: {description}");
            }
        }
    });
}
