//! A token service that speaks Hyperswitch's protocol: the card goes there in a JWE, and the token comes back in one.
//!
//! The protocol is that of `crates/router/src/core/payment_methods/network_tokenization.rs` of juspay/hyperswitch. Other than
//! Hyperswitch, which makes a new consent id for each try, the vault sends the same one: a service that heeds it makes one
//! token of many tries.

mod account;
mod jwe;
mod messages;

use http::Method;
use http::header::AUTHORIZATION;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use vault_core::card::{CardExpiry, CardNumber};
use vault_core::names;
use zeroize::Zeroizing;

use self::account::Configuration;
use self::messages::{
    CardData, Checked, Deleted, Eligibility, Fetched, Generate, Generated, NamedToken,
    NamedTokenForState, OrderData, Sealed, State,
};
use super::account::SettingsError;
use super::fault::{Fault, FaultKind};
use super::http::{Http, Request};
use super::provider::{CardDetails, NetworkTokenProvider};

/// What the service is to make.
const SERVICE: &str = "NETWORK_TOKEN";
/// What it says of a deletion that went well.
const SUCCESS: &str = "SUCCESS";
/// A request is longer by no more than this than what is put into it.
const JSON_AROUND: usize = 1024;
/// The longest reference, cryptogram or other text that is taken.
const LONGEST_TEXT: usize = 1024;

/// An account at a token service.
pub struct TokenService {
    configuration: Box<Configuration>,
}

/// A network token to be made.
pub struct NetworkTokenOrder {
    pub card: CardDetails,
    /// The vault's id of the customer.
    pub customer_id: String,
    /// The same on each try: the consent id.
    pub reference: String,
}

/// A network token that was made.
pub struct NetworkToken {
    /// Digits: it is used in the place of a card number.
    pub token: Zeroizing<String>,
    /// By which the service knows the token: its card reference.
    pub requestor_reference: String,
    /// `01` to `12`.
    pub exp_month: String,
    /// Four digits.
    pub exp_year: String,
    /// Of the token.
    pub last_four: String,
    /// The token's first digits, as many as the service gives.
    pub isin: Option<String>,
    /// The payment account reference: the same for a card and all its tokens.
    pub par: Option<String>,
    /// In the service's spelling.
    pub card_brand: Option<String>,
    pub status: NetworkTokenStatusName,
}

names! {
    /// What can be done with a token, as the service names it.
    pub enum NetworkTokenStatusName {
        /// It can be used.
        Active = "ACTIVE",
        /// It cannot be used yet, or not any more.
        Inactive = "INACTIVE",
        /// It cannot be used for now.
        Suspended = "SUSPENDED",
        /// Its own expiry has passed.
        Expired = "EXPIRED",
        /// It is gone.
        Deleted = "DELETED",
    }
}

/// What the service says of a token.
pub struct NetworkTokenState {
    pub status: NetworkTokenStatusName,
    /// `01` to `12`.
    pub exp_month: Option<String>,
    /// Four digits.
    pub exp_year: Option<String>,
}

/// A network token with what one payment needs.
pub struct FetchedNetworkToken {
    /// Digits.
    pub token: Zeroizing<String>,
    /// `01` to `12`.
    pub exp_month: String,
    /// Four digits.
    pub exp_year: String,
    /// Proves, for one payment, that the token is used by whom it was made for.
    pub cryptogram: Option<Zeroizing<String>>,
    /// The electronic commerce indicator.
    pub eci: Option<String>,
}

impl TokenService {
    /// Reads an account. Settings: `generate_token_url`, `fetch_token_url`, `delete_token_url`, `check_token_status_url`,
    /// `token_eligibility_url` (optional), `key_id` and `service_public_key`. Credentials: `api_key` and `private_key`, which
    /// opens what the service answers. Keys are in PEM.
    ///
    /// # Errors
    /// [`SettingsError`] with the member that cannot be used.
    pub fn parse(settings: &str, credentials: &str) -> Result<Self, SettingsError> {
        let configuration = Box::new(Configuration::read(settings, credentials)?);
        Ok(Self { configuration })
    }

    /// Where it calls.
    pub fn urls(&self) -> Vec<&Url> {
        let configuration = &self.configuration;
        [
            &configuration.generate,
            &configuration.fetch,
            &configuration.delete,
            &configuration.check,
        ]
        .into_iter()
        .chain(&configuration.eligibility)
        .collect()
    }

    async fn post<A: DeserializeOwned>(
        &self,
        http: &Http,
        url: &Url,
        content: &impl Serialize,
        length: usize,
    ) -> Result<A, Fault> {
        let body = json(content, length)?;
        self.call(http, Method::POST, url.clone(), Some(body)).await
    }

    async fn call<A: DeserializeOwned>(
        &self,
        http: &Http,
        method: Method,
        url: Url,
        body: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<A, Fault> {
        let request = Request {
            method,
            url,
            headers: vec![(AUTHORIZATION, self.configuration.api_key.clone())],
            body: body.map(|body| ("application/json", body)),
        };
        let reply = http.send(request).await?;
        read(&reply.body)
    }

    /// Hyperswitch writes the card as JSON, and that text once more, as a JSON string.
    fn sealed(&self, card: &CardDetails) -> Result<String, Fault> {
        let data = CardData {
            card_number: &card.number,
            exp_month: &card.exp_month,
            exp_year: &card.exp_year,
        };
        let once = json(&data, 0)?;
        let text = str::from_utf8(&once).map_err(|_| misconfigured())?;
        let twice = json(&text, once.len())?;
        self.configuration
            .sealer
            .seal(&twice)
            .map_err(|_| misconfigured())
    }
}

impl NetworkTokenProvider for TokenService {
    async fn make(&self, http: &Http, order: &NetworkTokenOrder) -> Result<NetworkToken, Fault> {
        let card_data = self.sealed(&order.card)?;
        let content = Generate {
            service: SERVICE,
            card_data: &card_data,
            order_data: OrderData {
                consent_id: &order.reference,
                customer_id: &order.customer_id,
            },
            should_send_token: true,
            key_id: &self.configuration.key_id,
        };
        let answer: Sealed = self
            .post(
                http,
                &self.configuration.generate,
                &content,
                card_data.len(),
            )
            .await?;
        let opened = self.configuration.opener.open(&answer.payload);
        made(
            read(&opened.map_err(|_| unexpected())?)?,
            &order.card.number,
        )
    }

    async fn fetch(
        &self,
        http: &Http,
        customer_id: &str,
        requestor_reference: &str,
    ) -> Result<FetchedNetworkToken, Fault> {
        let content = NamedToken {
            card_reference: requestor_reference,
            customer_id,
        };
        fetched(
            self.post(http, &self.configuration.fetch, &content, 0)
                .await?,
        )
    }

    async fn check(
        &self,
        http: &Http,
        customer_id: &str,
        requestor_reference: &str,
    ) -> Result<NetworkTokenState, Fault> {
        let content = NamedTokenForState {
            card_reference: requestor_reference,
            customer_id,
        };
        let answer: Checked = self
            .post(http, &self.configuration.check, &content, 0)
            .await?;
        state(&answer.payload)
    }

    async fn delete(
        &self,
        http: &Http,
        customer_id: &str,
        requestor_reference: &str,
    ) -> Result<(), Fault> {
        let content = NamedToken {
            card_reference: requestor_reference,
            customer_id,
        };
        match self
            .post(http, &self.configuration.delete, &content, 0)
            .await
        {
            Ok(Deleted { status }) if status == SUCCESS => Ok(()),
            Ok(Deleted { .. }) => Err(unexpected()),
            // An earlier try has deleted it.
            Err(Fault {
                status: Some(404 | 410),
                ..
            }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    async fn is_eligible(&self, http: &Http, card_bin: &str) -> Result<bool, Fault> {
        let url = eligibility_url(self.configuration.eligibility.as_ref(), card_bin)?;
        let answer: Eligibility = self.call(http, Method::GET, url, None).await?;
        Ok(answer.tokenize_support)
    }
}

fn eligibility_url(base: Option<&Url>, card_bin: &str) -> Result<Url, Fault> {
    let mut url = base.cloned().ok_or_else(misconfigured)?;
    // More digits than an issuer's do not belong into a URL.
    if !(6..=8).contains(&card_bin.len()) || !card_bin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::new(FaultKind::Refused));
    }
    url.path_segments_mut()
        .map_err(|()| misconfigured())?
        .pop_if_empty()
        .push(card_bin);
    url.set_query(Some("options.check_tokenize_support=true"));
    Ok(url)
}

fn made(answer: Generated, card_number: &str) -> Result<NetworkToken, Fault> {
    let (exp_month, exp_year) = expiry(&answer.token_expiry_month, &answer.token_expiry_year)?;
    let token = NetworkToken {
        last_four: last_four(&answer.token, &answer.token_last_four)?,
        token: token_number(&answer.token)?,
        requestor_reference: text(answer.card_reference)?,
        exp_month,
        exp_year,
        isin: answer.token_isin.map(text).transpose()?,
        par: answer.par.map(text).transpose()?,
        card_brand: answer.card_brand.map(text).transpose()?,
        status: status(&answer.token_status)?,
    };
    let texts = [&token.isin, &token.par, &token.card_brand];
    let mentions = [&*token.token, &token.requestor_reference]
        .into_iter()
        .chain(texts.into_iter().flatten())
        .any(|text| mentions(text, card_number));
    if mentions {
        return Err(unexpected());
    }
    Ok(token)
}

fn fetched(answer: Fetched) -> Result<FetchedNetworkToken, Fault> {
    let details = &answer.token_details;
    let (exp_month, exp_year) = expiry(&details.exp_month, &details.exp_year)?;
    let cryptogram = answer.authentication_details.cryptogram;
    if cryptogram.as_ref().is_some_and(|text| !is_plain(text)) {
        return Err(unexpected());
    }
    Ok(FetchedNetworkToken {
        token: token_number(&answer.authentication_details.token)?,
        exp_month,
        exp_year,
        cryptogram,
        eci: answer.eci.map(text).transpose()?,
    })
}

fn state(answer: &State) -> Result<NetworkTokenState, Fault> {
    let expiry = match (&answer.token_expiry_month, &answer.token_expiry_year) {
        (Some(month), Some(year)) => Some(expiry(month, year)?),
        _ => None,
    };
    let (exp_month, exp_year) = expiry.unzip();
    Ok(NetworkTokenState {
        status: status(&answer.token_status)?,
        exp_month,
        exp_year,
    })
}

/// A network token has the form of a card number, with its check digit, so that it passes where one does.
fn token_number(token: &str) -> Result<Zeroizing<String>, Fault> {
    let number = CardNumber::parse(token).map_err(|_| unexpected())?;
    Ok(Zeroizing::new(number.expose().to_owned()))
}

fn last_four(token: &str, claimed: &str) -> Result<String, Fault> {
    if claimed.len() != 4 || !token.ends_with(claimed) {
        return Err(unexpected());
    }
    Ok(claimed.to_owned())
}

/// Month and year with two and four digits.
fn expiry(month: &str, year: &str) -> Result<(String, String), Fault> {
    let expiry = CardExpiry::parse_any(month, year).map_err(|_| unexpected())?;
    let good_through = expiry.year_month();
    Ok((
        format!("{:02}", good_through.month),
        format!("{:04}", good_through.year),
    ))
}

fn status(name: &str) -> Result<NetworkTokenStatusName, Fault> {
    NetworkTokenStatusName::from_name(&name.to_ascii_uppercase()).ok_or_else(unexpected)
}

fn text(text: String) -> Result<String, Fault> {
    Some(text)
        .filter(|text| is_plain(text))
        .ok_or_else(unexpected)
}

fn is_plain(text: &str) -> bool {
    (1..=LONGEST_TEXT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether the digits of a text have the card number in them.
fn mentions(text: &str, card_number: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit);
    let mut kept = Zeroizing::new(String::with_capacity(text.len()));
    kept.extend(digits);
    kept.contains(card_number)
}

/// JSON in a buffer of final capacity: one that grew would leave a copy in freed memory. `length` is that of long contents.
fn json(content: &impl Serialize, length: usize) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut json = Zeroizing::new(Vec::with_capacity(2 * length + JSON_AROUND));
    serde_json::to_writer(&mut *json, content).map_err(|_| misconfigured())?;
    Ok(json)
}

/// Reads an answer. What is escaped in it lies in a buffer of the reader for a moment, which nobody can wipe: no number is.
fn read<A: DeserializeOwned>(answer: &[u8]) -> Result<A, Fault> {
    serde_json::from_slice(answer).map_err(|_| unexpected())
}

fn unexpected() -> Fault {
    Fault::new(FaultKind::UnexpectedAnswer)
}

fn misconfigured() -> Fault {
    Fault::new(FaultKind::Misconfigured)
}
