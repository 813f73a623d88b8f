//! A call that the settings describe, with places for what each call brings.

use http::{HeaderName, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;
use zeroize::Zeroizing;

use super::super::fault::{Fault, FaultKind};
use super::super::http::{self as calls, Request};
use super::super::template::{Json, Place, Text, Values};

/// One call of the settings.
pub(super) struct RequestTemplate {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, Text)>,
    pub(super) body: Option<Body>,
}

/// What the call sends.
pub(super) enum Body {
    Json(Json),
    Form(Vec<(String, Text)>),
}

/// `{{token}}` as a whole part of a path, as the URL parser writes it.
pub(super) const TOKEN_SEGMENT: &str = "%7B%7Btoken%7D%7D";

/// All characters but those that RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl RequestTemplate {
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The request with these values in its places.
    ///
    /// # Errors
    /// [`FaultKind::Misconfigured`] when a header cannot hold a value.
    pub(super) fn fill(&self, values: &Values<'_>) -> Result<Request, Fault> {
        let unusable = Fault::new(FaultKind::Misconfigured);
        let headers = self.headers.iter().map(|(name, text)| {
            // A header cannot hold the end of a line, among others.
            calls::secret_header(&text.fill(values)).map(|value| (name.clone(), value))
        });
        let body = self.body.as_ref().map(|body| body.fill(values));
        Ok(Request {
            method: self.method.clone(),
            url: self.fill_url(values),
            headers: headers.collect::<Option<_>>().ok_or(unusable)?,
            body: body.map(|body| body.ok_or(unusable)).transpose()?,
        })
    }

    fn fill_url(&self, values: &Values<'_>) -> Url {
        let mut url = self.url.clone();
        if let Some(token) = values.token {
            let token = utf8_percent_encode(token, SEGMENT).to_string();
            url.set_path(&self.url.path().replace(TOKEN_SEGMENT, &token));
        }
        url
    }
}

impl Body {
    fn fill(&self, values: &Values<'_>) -> Option<(&'static str, Zeroizing<Vec<u8>>)> {
        match self {
            Self::Json(json) => Some(("application/json", json.fill(values)?)),
            Self::Form(pairs) => {
                let present = pairs.iter().filter(|(_, text)| !text.is_absent(values));
                let filled: Vec<_> = present
                    .map(|(name, text)| (name.as_str(), text.fill(values)))
                    .collect();
                let pairs: Vec<_> = filled
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect();
                Some(calls::form(&pairs))
            }
        }
    }

    pub(super) fn has(&self, place: &Place) -> bool {
        match self {
            Self::Json(json) => json.has(place),
            Self::Form(pairs) => pairs
                .iter()
                .any(|(_, text)| text.places().any(|own| own == place)),
        }
    }
}
