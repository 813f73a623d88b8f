//! What the rules for single values are in JSON Schema. `derive(JsonSchema)` names these functions for the members that
//! have such a rule.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::rules::{MAX_BATCH_ITEMS, MAX_EMAIL_LENGTH, MAX_TEXT_LENGTH};

/// Every character that is neither white space nor a control character.
const OF_ADDRESS: &str = r"[^\s\u0000-\u001F\u007F-\u009F]";

/// A country of ISO 3166-1, by its two capital letters.
pub(super) struct Country;

impl JsonSchema for Country {
    fn schema_name() -> Cow<'static, str> {
        "Country".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut codes: Vec<&str> = rust_iso3166::ALL.iter().map(|code| code.alpha2).collect();
        codes.sort_unstable();
        json_schema!({
            "description": "A country of ISO 3166-1, by its two capital letters.",
            "type": "string",
            "enum": codes,
        })
    }
}

/// Anything may stand in a batch, and what is no create is refused by itself.
pub(super) fn batch(schema: &mut Schema) {
    schema.insert(
        "items".to_owned(),
        serde_json::json!({"anyOf": [{"$ref": "#/components/schemas/PaymentMethodCreate"}, {}]}),
    );
    schema.insert("minItems".to_owned(), 1.into());
    schema.insert("maxItems".to_owned(), MAX_BATCH_ITEMS.into());
}

pub(super) fn currency(schema: &mut Schema) {
    pattern(schema, "^[A-Z]{3}$", "A currency of ISO 4217.");
}

pub(super) fn email_address(schema: &mut Schema) {
    let address = format!(
        "^{OF_ADDRESS}+@[^@{}+$",
        OF_ADDRESS.trim_start_matches("[^")
    );
    pattern(schema, &address, "An e-mail address.");
    limit(schema, MAX_EMAIL_LENGTH);
}

pub(super) fn reference(schema: &mut Schema) {
    pattern(
        schema,
        r"^\s*[A-Za-z0-9_-]{1,64}\s*$",
        "The merchant's own name for the customer, unique in the profile. White space around it is removed. It may not be a card number.",
    );
}

pub(super) fn subtype(schema: &mut Schema) {
    pattern(
        schema,
        "^[a-z0-9_]{1,255}$",
        "For a card, any name, such as `credit`. For a bank debit, `ach`. It may not be a card number.",
    );
    limit(schema, MAX_TEXT_LENGTH);
}

pub(super) fn card_number(schema: &mut Schema) {
    pattern(
        schema,
        r"^\s*([0-9]\s*){8,19}$",
        "8 to 19 digits with a valid check digit (ISO/IEC 7812-1). White space is ignored.",
    );
    format(schema, "card-number");
}

pub(super) fn expiry_month(schema: &mut Schema) {
    pattern(schema, "^(0?[1-9]|1[0-2])$", "`3` or `03`.");
}

pub(super) fn expiry_year(schema: &mut Schema) {
    pattern(
        schema,
        "^([0-9]{2}|[0-9]{4})$",
        "`30` or `2030`. The card is good through the last day of its month, and that day is not past.",
    );
    format(schema, "card-expiry-year");
}

pub(super) fn card_cvc(schema: &mut Schema) {
    pattern(
        schema,
        "^[0-9]{3,4}$",
        "It is kept for 15 minutes at most, and no call answers with it.",
    );
}

pub(super) fn account_number(schema: &mut Schema) {
    pattern(schema, "^[0-9]{1,17}$", "1 to 17 digits.");
}

pub(super) fn routing_number(schema: &mut Schema) {
    pattern(
        schema,
        "^[0-9]{9}$",
        "9 digits with the checksum of the American Bankers Association.",
    );
    format(schema, "aba-routing-number");
}

fn pattern(schema: &mut Schema, pattern: &str, description: &str) {
    schema.insert("pattern".to_owned(), pattern.into());
    describe(schema, description);
}

fn format(schema: &mut Schema, format: &str) {
    schema.insert("format".to_owned(), format.into());
}

fn limit(schema: &mut Schema, characters: usize) {
    schema.insert("maxLength".to_owned(), characters.into());
}

fn describe(schema: &mut Schema, description: &str) {
    schema.insert("description".to_owned(), description.into());
}
