//! How a refusal looks in JSON.

use serde::{Serialize, Serializer};

use super::Refusal;

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        rename = "ErrorResponse",
        description = "Why a request was not carried out. Every error has this form, from whatever layer it comes."
    )
)]
pub(super) struct Body<'a> {
    pub(super) error: &'a Refusal,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Error"))]
struct Detail<'a> {
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["invalid_request", "api"])))]
    kind: &'static str,
    message: &'a str,
    code: &'static str,
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// What stands in the member `error`.
impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.row();
        let detail = Detail {
            kind: if row.status < 500 {
                "invalid_request"
            } else {
                "api"
            },
            message: &row.message,
            code: row.code,
            reason: self.reason(),
        };
        detail.serialize(serializer)
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Refusal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Detail::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        Detail::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Detail::json_schema(generator)
    }
}
