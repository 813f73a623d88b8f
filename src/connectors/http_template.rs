//! Any provider whose calls the settings describe.

use http::{HeaderName, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;
use zeroize::Zeroizing;

use super::account::SettingsError;
use super::answer::{self, Pointer};
use super::fault::{Fault, FaultKind};
use super::http::{self as calls, Http, Request};
use super::provider::{MadeToken, PaymentProvider, TokenOrder, TokenUse};
use super::settings::{self, Members};
use super::template::{Check, Credentials, Json, Place, Text, Values};

/// A provider that is described by its calls.
pub struct HttpTemplate {
    make: RequestTemplate,
    /// Where the token is in the answer.
    token: Pointer,
    /// Where the provider's id of the customer is in the answer, if it has one.
    connector_customer_id: Option<Pointer>,
    delete: Option<RequestTemplate>,
    words: Words,
    credentials: Credentials,
}

/// What the provider calls the two uses of a token.
struct Words {
    single: String,
    multi: String,
}

struct RequestTemplate {
    method: Method,
    url: Url,
    headers: Vec<(HeaderName, Text)>,
    body: Option<Body>,
}

enum Body {
    Json(Json),
    Form(Vec<(String, Text)>),
}

/// `{{token}}` as a whole part of a path, as the URL parser writes it.
const TOKEN_SEGMENT: &str = "%7B%7Btoken%7D%7D";

/// All but what RFC 3986 leaves as it is anywhere.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Headers that the HTTP client sets itself: they belong to the connection, and some of them say where the body ends.
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

impl HttpTemplate {
    /// Reads the calls, and a JSON object of secrets by their names. docs/connectors.md describes them.
    ///
    /// # Errors
    /// [`SettingsError`] with the member that cannot be used.
    pub fn parse(settings: &str, credentials: &str) -> Result<Self, SettingsError> {
        let credentials = parse_credentials(credentials)?;
        let mut members = Members::parse(settings)?;
        let make = members
            .object("request")?
            .ok_or_else(|| members.error("request", "is missing"))?;
        let template = Self {
            make: parse_make(make, &credentials)?,
            token: parse_pointer(&mut members, "token")?
                .ok_or_else(|| members.error("token", "is missing"))?,
            connector_customer_id: parse_pointer(&mut members, "connector_customer_id")?,
            delete: members
                .object("delete")?
                .map(|delete| parse_delete(delete, &credentials))
                .transpose()?,
            words: parse_words(&mut members)?,
            credentials,
        };
        members.end()?;
        Ok(template)
    }

    /// The URLs of both calls.
    pub fn urls(&self) -> Vec<&Url> {
        let delete = self.delete.iter();
        std::iter::once(&self.make)
            .chain(delete)
            .map(|request| &request.url)
            .collect()
    }

    fn word(&self, token_use: TokenUse) -> &str {
        match token_use {
            TokenUse::Single => &self.words.single,
            TokenUse::Multi => &self.words.multi,
        }
    }
}

impl PaymentProvider for HttpTemplate {
    async fn make_token(&self, http: &Http, order: &TokenOrder) -> Result<MadeToken, Fault> {
        let request = self.make.fill(&Values {
            card: Some(&order.card),
            customer_id: Some(&order.customer_id),
            connector_customer_id: order.connector_customer_id.as_deref(),
            reference: &order.reference,
            token_use: Some(self.word(order.token_use)),
            token: None,
            credentials: &self.credentials,
        })?;
        let reply = http.send(request).await?;
        let id = |pointer: &Pointer| {
            answer::id(&reply.body, pointer, &order.card.number)
                .map_err(|fault| fault.with_status(reply.status))
        };
        let customer = self.connector_customer_id.as_ref().map(id).transpose()?;
        Ok(MadeToken {
            token: id(&self.token)?,
            connector_customer_id: customer
                .map(|customer| customer.to_string())
                .or_else(|| order.connector_customer_id.clone()),
        })
    }

    async fn delete_token(&self, http: &Http, token: &str, reference: &str) -> Result<(), Fault> {
        let delete = self.delete.as_ref().filter(|_| answer::is_id(token));
        let delete = delete.ok_or(Fault::new(FaultKind::Misconfigured))?;
        let request = delete.fill(&Values {
            card: None,
            customer_id: None,
            connector_customer_id: None,
            reference,
            token_use: None,
            token: Some(token),
            credentials: &self.credentials,
        })?;
        match http.send(request).await {
            Err(fault) if matches!(fault.status, Some(404 | 410)) => Ok(()),
            other => other.map(drop),
        }
    }

    fn can_delete(&self) -> bool {
        self.delete.is_some()
    }
}

impl RequestTemplate {
    fn fill(&self, values: &Values<'_>) -> Result<Request, Fault> {
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

    fn has(&self, place: &Place) -> bool {
        match self {
            Self::Json(json) => json.has(place),
            Self::Form(pairs) => pairs
                .iter()
                .any(|(_, text)| text.places().any(|own| own == place)),
        }
    }
}

fn parse_make(
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

fn parse_delete(
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
        Place::Token => Err("which is for the delete call only".to_owned()),
        Place::CardNumber
        | Place::CardExpMonth
        | Place::CardExpMonthNumber
        | Place::CardExpYear
        | Place::CardExpYearNumber
        | Place::CardExpYearTwoDigits
        | Place::CardHolderName
        | Place::ConnectorCustomerId => Err("which is for the body only".to_owned()),
    }
}

fn may_be_in_body_of_make(place: &Place, credentials: &Credentials) -> Result<(), String> {
    match place {
        Place::Credential(name) => has_credential(name, credentials),
        Place::Token => Err("which is for the delete call only".to_owned()),
        _ => Ok(()),
    }
}

fn may_be_in_delete(place: &Place, credentials: &Credentials) -> Result<(), String> {
    match place {
        Place::Credential(name) => has_credential(name, credentials),
        Place::Token | Place::Reference => Ok(()),
        _ => Err("which is for the call that makes a token only".to_owned()),
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
    let name = HeaderName::try_from(name).map_err(|_| "is not a header's name")?;
    if CLIENTS_OWN_HEADERS.contains(&name.as_str()) {
        return Err("is for the HTTP client to set".to_owned());
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

fn parse_pointer(members: &mut Members, name: &str) -> Result<Option<Pointer>, SettingsError> {
    let Some(text) = members.text(name)? else {
        return Ok(None);
    };
    Pointer::parse(&text)
        .map(Some)
        .ok_or_else(|| members.error(name, "must be a JSON pointer such as /token/id"))
}

fn parse_words(members: &mut Members) -> Result<Words, SettingsError> {
    let mut words = Words {
        single: "single".to_owned(),
        multi: "multi".to_owned(),
    };
    if let Some(mut own) = members.object("token_use")? {
        words.single = own.text("single")?.unwrap_or(words.single);
        words.multi = own.text("multi")?.unwrap_or(words.multi);
        own.end()?;
    }
    Ok(words)
}

/// The error shows nothing of the credentials: the JSON parser's own message would.
fn parse_credentials(credentials: &str) -> Result<Credentials, SettingsError> {
    serde_json::from_str(credentials).map_err(|_| {
        let complaint = "credentials must be a JSON object whose members are texts";
        SettingsError(complaint.to_owned())
    })
}
