//! Any provider whose calls the settings describe.

mod reading;
mod request;

use url::Url;

use self::reading::{parse_delete, parse_make};
use self::request::RequestTemplate;
use super::answer::{self, Pointer};
use super::fault::{Fault, FaultKind};
use super::http::Http;
use super::provider::{MadeToken, PaymentProvider, TokenOrder, TokenUse};
use super::settings::{Members, SettingsError};
use super::template::{Credentials, Values};

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
            .map(RequestTemplate::url)
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
        let complaint = "credentials must be a JSON object whose members are strings";
        SettingsError(complaint.to_owned())
    })
}
