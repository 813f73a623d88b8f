//! The form that every error has.

use serde::Serialize;

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        rename = "ErrorResponse",
        description = "Why a request was not carried out. Every error has this form, from whatever layer it comes."
    )
)]
pub(crate) struct ErrorBody<'a> {
    error: Detail<'a>,
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

/// The body of an error: `{"error":{"type":…,"message":…,"code":…}}`.
pub(super) fn write(
    status: u16,
    message: &str,
    code: &'static str,
    reason: Option<&'static str>,
) -> String {
    let kind = if status < 500 {
        "invalid_request"
    } else {
        "api"
    };
    let error = Detail {
        kind,
        message,
        code,
        reason,
    };
    // Strings always serialise.
    serde_json::to_string(&ErrorBody { error }).unwrap_or_default()
}
