//! The one free part of a request: an object that the merchant attaches and gets back as it was.

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde_json::value::RawValue;

/// An object of the merchant's own, kept as text so that its numbers and the order of its members stay what they were.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Metadata(Box<RawValue>);

impl Metadata {
    /// The object as JSON.
    pub fn as_json(&self) -> &str {
        self.0.get()
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Box::<RawValue>::deserialize(deserializer)?;
        if !value.get().starts_with('{') {
            return Err(D::Error::invalid_type(
                Unexpected::Other("another value"),
                &"an object",
            ));
        }
        Ok(Self(value))
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Metadata {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Metadata".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "An object of the merchant's own. It comes back as it was.",
            "type": "object",
            "additionalProperties": true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_comes_back_as_it_was() {
        let json = r#"{"z":1.0,"a":12345678901234567890123,"n":{"deep":[null,true]}}"#;
        let metadata: Metadata = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&metadata).unwrap(), json);
    }

    #[test]
    fn metadata_is_an_object() {
        for json in ["[]", "\"{}\"", "1", "true"] {
            assert!(serde_json::from_str::<Metadata>(json).is_err(), "{json}");
        }
        let none: Option<Metadata> = serde_json::from_str("null").unwrap();
        assert!(none.is_none());
    }
}
