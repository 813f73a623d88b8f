//! Reads the calls of the settings, and checks that each place stands where it may.

use http::{HeaderName, Method};
use url::Url;

use super::super::http as calls;
use super::super::settings::{self, Members, SettingsError};
use super::super::template::{Check, Credentials, Json, Place, Text};
use super::request::{Body, RequestTemplate, TOKEN_SEGMENT};

/// Headers that the HTTP client sets itself. They belong to the connection, and some of them say where the body ends.
const CLIENTS_OWN_HEADERS: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Reads the call that makes a token.
///
/// # Errors
/// [`SettingsError`] with the member that cannot be used.
pub(super) fn parse_make(
    members: Members,
    credentials: &Credentials,
) -> Result<RequestTemplate, SettingsError> {
    let body = members.path_to("body");
    let request = parse_request(
        members,
        &[Method::POST, Method::PUT, Method::PATCH],
        &|place| may_be_in_header_of_make(place, credentials),
        &|place| may_be_in_body_of_make(place, credentials),
        credentials,
    )?;
    if request.url.path().contains("%7B%7B") {
        return Err(SettingsError("request.url must have no places".to_owned()));
    }
    let has_number = |body: &Body| body.has(&Place::CardNumber);
    if !request.body.as_ref().is_some_and(has_number) {
        return Err(SettingsError(format!("{body} has no {{{{card_number}}}}")));
    }
    Ok(request)
}

/// Reads the call that deletes a token.
///
/// # Errors
/// As above.
pub(super) fn parse_delete(
    members: Members,
    credentials: &Credentials,
) -> Result<RequestTemplate, SettingsError> {
    let check = |place: &Place| may_be_in_delete(place, credentials);
    let methods = [Method::DELETE, Method::POST, Method::PUT, Method::PATCH];
    parse_request(members, &methods, &check, &check, credentials)
}

fn may_be_in_header_of_make(place: &Place, credentials: &Credentials) -> Result<(), String> {
    match place {
        Place::CustomerId | Place::Reference | Place::TokenUse => Ok(()),
        Place::Credential(name) => has_credential(name, credentials),
        Place::Token => Err("which only the delete call may have".to_owned()),
        Place::CardNumber
        | Place::CardExpMonth
        | Place::CardExpMonthNumber
        | Place::CardExpYear
        | Place::CardExpYearNumber
        | Place::CardExpYearTwoDigits
        | Place::CardHolderName
        | Place::ConnectorCustomerId => Err("which only the body may have".to_owned()),
    }
}

fn may_be_in_body_of_make(place: &Place, credentials: &Credentials) -> Result<(), String> {
    match place {
        Place::Credential(name) => has_credential(name, credentials),
        Place::Token => Err("which only the delete call may have".to_owned()),
        _ => Ok(()),
    }
}

fn may_be_in_delete(place: &Place, credentials: &Credentials) -> Result<(), String> {
    match place {
        Place::Credential(name) => has_credential(name, credentials),
        Place::Token | Place::Reference => Ok(()),
        _ => Err("which only the call that makes a token may have".to_owned()),
    }
}

fn has_credential(name: &str, credentials: &Credentials) -> Result<(), String> {
    if credentials.contains_key(name) {
        return Ok(());
    }
    Err("which is not among the credentials".to_owned())
}

fn parse_request(
    mut members: Members,
    methods: &[Method],
    header_check: &Check<'_>,
    body_check: &Check<'_>,
    credentials: &Credentials,
) -> Result<RequestTemplate, SettingsError> {
    let request = RequestTemplate {
        method: parse_method(&mut members, methods)?,
        url: parse_url(&mut members)?,
        headers: parse_headers(&mut members, header_check, credentials)?,
        body: parse_body(&mut members, body_check)?,
    };
    members.end()?;
    Ok(request)
}

fn parse_method(members: &mut Members, methods: &[Method]) -> Result<Method, SettingsError> {
    let text = members.required_text("method")?;
    let known = methods.iter().find(|method| method.as_str() == text);
    known.cloned().ok_or_else(|| {
        let names: Vec<_> = methods.iter().map(Method::as_str).collect();
        members.error("method", &format!("must be one of {}", names.join(", ")))
    })
}

/// A place can only be a whole part of the path. A token that is percent-encoded there cannot lead elsewhere.
fn parse_url(members: &mut Members) -> Result<Url, SettingsError> {
    let url = settings::parse_url(&members.path_to("url"), &members.required_text("url")?)?;
    let mut segments = url.path_segments().into_iter().flatten();
    let is_used_well = segments.all(|part| part == TOKEN_SEGMENT || !part.contains("%7B%7B"))
        && url.query().is_none_or(|query| !query.contains("{{"))
        && url.path().matches("%7B%7B").count() <= 1;
    if !is_used_well {
        let complaint =
            "may have a place only as one whole part of the path, {{token}}, in the delete call";
        return Err(members.error("url", complaint));
    }
    Ok(url)
}

fn parse_headers(
    members: &mut Members,
    check: &Check<'_>,
    credentials: &Credentials,
) -> Result<Vec<(HeaderName, Text)>, SettingsError> {
    let Some(headers) = members.object("headers")? else {
        return Ok(Vec::new());
    };
    let headers = headers.into_texts()?.into_iter();
    headers
        .map(|(path, name, text)| {
            parse_header(&name, &text, check, credentials)
                .map_err(|why| SettingsError(format!("{path} {why}")))
        })
        .collect()
}

fn parse_header(
    name: &str,
    text: &str,
    check: &Check<'_>,
    credentials: &Credentials,
) -> Result<(HeaderName, Text), String> {
    let check = |place: &Place| check(place).and_then(|()| fits_header(place, credentials));
    let name = HeaderName::try_from(name).map_err(|_| "is not the name of a header")?;
    if CLIENTS_OWN_HEADERS.contains(&name.as_str()) {
        return Err("is set by the HTTP client".to_owned());
    }
    if calls::secret_header(text).is_none() {
        return Err("has characters that a header cannot hold".to_owned());
    }
    Ok((name, Text::parse(text, &check)?))
}

/// Checks that a header can hold the secret now, so that the first call does not fail because of it.
fn fits_header(place: &Place, credentials: &Credentials) -> Result<(), String> {
    let secret = match place {
        Place::Credential(name) => credentials.get(name),
        _ => None,
    };
    match secret.map(|secret| calls::secret_header(secret)) {
        Some(None) => Err("which has characters that a header cannot hold".to_owned()),
        Some(Some(_)) | None => Ok(()),
    }
}

fn parse_body(members: &mut Members, check: &Check<'_>) -> Result<Option<Body>, SettingsError> {
    let Some(mut body) = members.object("body")? else {
        return Ok(None);
    };
    let parsed = match (body.take("json"), body.object("form")?) {
        (Some(json), None) => {
            let json = Json::parse(&body.path_to("json"), json, check);
            Body::Json(json.map_err(SettingsError)?)
        }
        (None, Some(form)) => Body::Form(parse_form(form, check)?),
        _ => return Err(members.error("body", "must have either json or form")),
    };
    body.end()?;
    Ok(Some(parsed))
}

fn parse_form(form: Members, check: &Check<'_>) -> Result<Vec<(String, Text)>, SettingsError> {
    let pairs = form.into_texts()?.into_iter();
    pairs
        .map(|(path, name, text)| match Text::parse(&text, check) {
            Ok(text) => Ok((name, text)),
            Err(why) => Err(SettingsError(format!("{path} {why}"))),
        })
        .collect()
}
