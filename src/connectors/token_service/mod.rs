//! A token service that speaks Hyperswitch's protocol: the card goes there in a JWE, and the token comes back in one.
//!
//! The protocol is that of `crates/router/src/core/payment_methods/network_tokenization.rs` of juspay/hyperswitch. Unlike
//! Hyperswitch, which makes a new consent id for each try, the vault always sends the same one. A service that heeds it makes one
//! token, however often the vault tries.

mod account;
mod answers;
mod jwe;
mod messages;

use ::http::Method;
use ::http::header::AUTHORIZATION;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use vault_core::ids::CustomerId;
use zeroize::Zeroizing;

use self::account::Configuration;
use self::messages::{
    CardData, Checked, Deleted, Eligibility, Generate, NamedToken, NamedTokenForState, OrderData,
    Sealed,
};
use super::fault::{Fault, FaultKind};
use super::http::{self, Http, Request};
use super::network_token::{
    FetchedNetworkToken, NetworkToken, NetworkTokenCheck, NetworkTokenOrder, NetworkTokenProvider,
};
use super::provider::CardDetails;
use super::settings::SettingsError;

/// What the service is to make.
const SERVICE: &str = "NETWORK_TOKEN";
/// What it says of a deletion that went well.
const SUCCESS: &str = "SUCCESS";

/// An account at a token service.
pub struct TokenService {
    configuration: Box<Configuration>,
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
    ) -> Result<A, Fault> {
        let body = json(content)?;
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
        read(&reply.body).map_err(|fault| fault.with_status(reply.status))
    }

    /// Hyperswitch writes the card as JSON, and that text once more, as a JSON string.
    fn sealed(&self, card: &CardDetails) -> Result<String, Fault> {
        let data = CardData {
            card_number: &card.number,
            exp_month: &card.exp_month,
            exp_year: &card.exp_year,
        };
        let once = json(&data)?;
        let text = str::from_utf8(&once).map_err(|_| misconfigured())?;
        let twice = json(&text)?;
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
            .post(http, &self.configuration.generate, &content)
            .await?;
        let opened = self.configuration.opener.open(&answer.payload);
        let made = read(&opened.map_err(|_| Fault::unexpected())?)?;
        answers::made(made, &order.card.number)
    }

    async fn fetch(
        &self,
        http: &Http,
        customer_id: &CustomerId,
        requestor_reference: &str,
    ) -> Result<FetchedNetworkToken, Fault> {
        let content = NamedToken {
            card_reference: requestor_reference,
            customer_id,
        };
        let answer = self.post(http, &self.configuration.fetch, &content);
        answers::fetched(answer.await?)
    }

    async fn check(
        &self,
        http: &Http,
        customer_id: &CustomerId,
        requestor_reference: &str,
    ) -> Result<NetworkTokenCheck, Fault> {
        let content = NamedTokenForState {
            card_reference: requestor_reference,
            customer_id,
        };
        let answer: Checked = self.post(http, &self.configuration.check, &content).await?;
        answers::check(&answer.payload)
    }

    async fn delete(
        &self,
        http: &Http,
        customer_id: &CustomerId,
        requestor_reference: &str,
    ) -> Result<(), Fault> {
        let content = NamedToken {
            card_reference: requestor_reference,
            customer_id,
        };
        match self.post(http, &self.configuration.delete, &content).await {
            Ok(Deleted { status }) if status == SUCCESS => Ok(()),
            Ok(Deleted { .. }) => Err(Fault::unexpected()),
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
    // A URL must not have more digits than those of the issuer, because others log URLs.
    if !(6..=8).contains(&card_bin.len()) || !card_bin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::new(FaultKind::Refused));
    }
    url.path_segments_mut()
        .map_err(|()| misconfigured())?
        .pop_if_empty()
        .push(card_bin);
    url.query_pairs_mut()
        .append_pair("options.check_tokenize_support", "true");
    Ok(url)
}

fn json(content: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, Fault> {
    http::json(content).ok_or_else(misconfigured)
}

/// Reads an answer. The parser copies texts with escapes into a buffer that nobody can wipe, but no number needs an escape.
fn read<A: DeserializeOwned>(answer: &[u8]) -> Result<A, Fault> {
    serde_json::from_slice(answer).map_err(|_| Fault::unexpected())
}

fn misconfigured() -> Fault {
    Fault::new(FaultKind::Misconfigured)
}
