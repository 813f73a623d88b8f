//! How a refusal looks in JSON.

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
pub(super) struct Body<'a> {
    pub(super) error: Detail<'a>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Error"))]
pub(super) struct Detail<'a> {
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["invalid_request", "api"])))]
    pub(super) kind: &'static str,
    pub(super) message: &'a str,
    pub(super) code: &'static str,
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
}
