//! The schemas of requests and answers, from the contract's types.
//!
//! A type that is read and written has two schemas, because an answer has all members and a request need not. Where they
//! differ, the name of the one for requests ends in `Input`.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use super::calls::SchemaOf;
use crate::contract::payment_method::PaymentMethodType;

const DEFINITIONS: &str = "/components/schemas";
/// The longest text where nothing else is said, in characters: `rules::text`.
const MAX_TEXT_LENGTH: u64 = 255;

pub(super) struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = DEFINITIONS.into();
            settings.meta_schema = None;
        });
        Self {
            requests: settings.clone().for_deserialize().into_generator(),
            answers: settings.for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    pub(super) fn of_request(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.requests).to_value()
    }

    pub(super) fn of_answer(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.answers).to_value()
    }

    /// All definitions.
    pub(super) fn finish(mut self) -> Value {
        let mut requests = self.requests.take_definitions(true);
        let mut schemas = self.answers.take_definitions(true);
        requests.values_mut().for_each(limit_texts);
        split_create(&mut requests);
        restrict(&mut requests, &mut schemas);
        tell_apart(&mut requests, &schemas);
        schemas.extend(requests);
        schemas.sort_keys();
        let mut schemas = Value::Object(schemas);
        unwrap_lines(&mut schemas);
        schemas
    }
}

/// Writes down the limit of a text that has no other rule.
fn limit_texts(schema: &mut Value) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for property in properties.values_mut().filter_map(Value::as_object_mut) {
        let is_text = property.get("type").is_some_and(|types| {
            types == "string"
                || types
                    .as_array()
                    .is_some_and(|types| types.contains(&json!("string")))
        });
        let has_rule = ["const", "enum", "format", "maxLength", "pattern"]
            .iter()
            .any(|rule| property.contains_key(*rule));
        if is_text && !has_rule {
            property.insert("maxLength".to_owned(), MAX_TEXT_LENGTH.into());
        }
    }
}

/// A create of a card and one of a bank account, each with what fits it.
fn split_create(requests: &mut Map<String, Value>) {
    let Some(both) = requests.remove("PaymentMethodCreate") else {
        return;
    };
    requests.remove("PaymentMethodCreateData");
    requests.remove("PaymentMethodType");
    requests.insert("CardCreate".to_owned(), of_card(both.clone()));
    requests.insert("BankDebitCreate".to_owned(), of_bank_debit(both));
    requests.insert(
        "CardCreateData".to_owned(),
        data("card", "Card", "bank_debit"),
    );
    requests.insert(
        "BankDebitCreateData".to_owned(),
        data("bank_debit", "BankDebit", "card"),
    );
    let either = json!({
        "description": "A card or a bank account to store.",
        "oneOf": [reference("CardCreate"), reference("BankDebitCreate")],
        "discriminator": {
            "propertyName": "payment_method_type",
            "mapping": {
                "card": format!("#{DEFINITIONS}/CardCreate"),
                "bank_debit": format!("#{DEFINITIONS}/BankDebitCreate"),
            },
        },
    });
    requests.insert("PaymentMethodCreate".to_owned(), either);
}

fn of_card(mut create: Value) -> Value {
    let properties = &mut create["properties"];
    properties["payment_method_type"] = json!({"type": "string", "const": "card"});
    properties["payment_method_data"] = reference("CardCreateData");
    create["description"] = "A card to store. A persistent one belongs to a customer.".into();
    let volatile = json!({"properties": {"psp_tokenization": {"type": "null"}}});
    with_storage_rule(create, volatile)
}

fn of_bank_debit(mut create: Value) -> Value {
    let properties = &mut create["properties"];
    properties["payment_method_type"] = json!({"type": "string", "const": "bank_debit"});
    properties["payment_method_subtype"] = json!({"type": "string", "const": "ach"});
    properties["payment_method_data"] = reference("BankDebitCreateData");
    properties["psp_tokenization"] = json!({"type": "null"});
    create["required"] = json!([
        "payment_method_type",
        "payment_method_subtype",
        "payment_method_data"
    ]);
    create["description"] =
        "A bank account to store. A persistent one belongs to a customer.".into();
    with_storage_rule(create, json!({}))
}

/// Only what is volatile needs no customer.
fn with_storage_rule(mut create: Value, volatile: Value) -> Value {
    create["if"] = json!({
        "properties": {"storage_type": {"const": "volatile"}},
        "required": ["storage_type"],
    });
    create["then"] = volatile;
    create["else"] = json!({
        "properties": {"customer_id": {"type": "string"}},
        "required": ["customer_id"],
    });
    create
}

/// The data of one kind. The member of the other kind may be null.
fn data(member: &str, kind: &str, other: &str) -> Value {
    json!({
        "type": "object",
        "properties": {member: reference(kind), other: {"type": "null"}},
        "required": [member],
    })
}

/// What no derive can say.
fn restrict(requests: &mut Map<String, Value>, answers: &mut Map<String, Value>) {
    let stored = PaymentMethodType::ALL
        .iter()
        .filter(|kind| kind.is_stored());
    if let Some(kinds) = answers.get_mut("PaymentMethodType") {
        kinds["enum"] = stored.map(|kind| kind.as_str()).collect();
    }
    for schemas in [&mut *requests, answers] {
        // A create knows the others, and refuses them; so does the call for a network token.
        if let Some(kinds) = schemas.get_mut("FetchedTokenType") {
            kinds["enum"] = json!(["network_token"]);
        }
    }
    if let Some(update) = requests.get_mut("PaymentMethodUpdateData") {
        update["not"] = json!({
            "properties": {"card": {"type": "object"}, "bank_debit": {"type": "object"}},
            "required": ["card", "bank_debit"],
        });
    }
}

/// Renames the schemas of requests that differ from an answer's of the same name.
fn tell_apart(requests: &mut Map<String, Value>, answers: &Map<String, Value>) {
    let differing = |requests: &Map<String, Value>| {
        requests
            .iter()
            .find(|(name, schema)| answers.get(*name).is_some_and(|other| other != *schema))
            .map(|(name, _)| name.clone())
    };
    // A schema that refers to a renamed one differs, too.
    while let Some(name) = differing(requests) {
        let input = format!("{name}Input");
        let (old, new) = (reference(&name), reference(&input));
        if let Some(schema) = requests.remove(&name) {
            requests.insert(input, schema);
        }
        requests
            .values_mut()
            .for_each(|schema| replace(schema, &old, &new));
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#{DEFINITIONS}/{name}")})
}

fn replace(value: &mut Value, old: &Value, new: &Value) {
    match value {
        Value::Object(members) => {
            if members.get("$ref") == old.get("$ref") {
                members.extend(new.as_object().cloned().unwrap_or_default());
            }
            members
                .values_mut()
                .for_each(|value| replace(value, old, new));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, old, new)),
        _ => {}
    }
}

/// Comments of the code are descriptions here, without their line breaks.
fn unwrap_lines(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(description)) = members.get_mut("description") {
                let order = " The members stand in the contract's order.";
                *description = description.replace('\n', " ").replace(order, "");
            }
            members.values_mut().for_each(unwrap_lines);
        }
        Value::Array(values) => values.iter_mut().for_each(unwrap_lines),
        _ => {}
    }
}
