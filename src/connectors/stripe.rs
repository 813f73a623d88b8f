//! Stripe's API: a payment method for a card, attached to a customer if it is to be used again.

use http::Method;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use url::Url;
use zeroize::Zeroizing;

use super::answer::{self, Pointer};
use super::fault::{Fault, FaultKind};
use super::http::{self as calls, Http, Reply, Request};
use super::provider::{CardDetails, MadeToken, PaymentProvider, TokenOrder, TokenUse};
use super::settings::{self, Members, SettingsError};

/// The version of Stripe's API that this file speaks. Without this header, Stripe takes the version that the account is set to.
const VERSION: HeaderValue = HeaderValue::from_static("2026-04-22.dahlia");

const VERSION_HEADER: HeaderName = HeaderName::from_static("stripe-version");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const API_BASE: &str = "https://api.stripe.com";

/// An account at Stripe.
pub struct Stripe {
    api_base: Url,
    /// With `Bearer` before it.
    authorization: HeaderValue,
}

impl Stripe {
    /// Reads `{"api_base": "https://api.stripe.com"}`, whose one member can be left out, and a secret or restricted key.
    ///
    /// # Errors
    /// [`SettingsError`] when they are something else.
    pub fn parse(settings: &str, credentials: &str) -> Result<Self, SettingsError> {
        let mut members = Members::parse(settings)?;
        let api_base = members.text("api_base")?;
        members.end()?;
        let api_base = settings::parse_url("api_base", api_base.as_deref().unwrap_or(API_BASE))?;
        if api_base.query().is_some() {
            return Err(SettingsError("api_base must have no query".to_owned()));
        }
        Ok(Self {
            api_base,
            authorization: parse_key(credentials)?,
        })
    }

    /// The URL that all calls begin with.
    pub fn urls(&self) -> Vec<&Url> {
        vec![&self.api_base]
    }

    async fn make_payment_method(
        &self,
        http: &Http,
        order: &TokenOrder,
    ) -> Result<Zeroizing<String>, Fault> {
        let CardDetails {
            number,
            exp_month,
            exp_year,
            holder_name,
        } = &order.card;
        let mut form: Vec<(&str, &str)> = vec![
            ("type", "card"),
            ("card[number]", number),
            ("card[exp_month]", exp_month),
            ("card[exp_year]", exp_year),
        ];
        if let Some(name) = holder_name {
            form.push(("billing_details[name]", name));
        }
        let key = format!("{}:pm", order.reference);
        let reply = self.post(http, &["payment_methods"], &key, &form).await?;
        id(&reply, order)
    }

    /// The idempotency key belongs to the customer and not to the order, so that two orders of one customer make one customer.
    async fn make_customer(&self, http: &Http, order: &TokenOrder) -> Result<String, Fault> {
        let key = format!("vault-customer:{}", order.customer_id);
        let form = [("metadata[vault_customer_id]", order.customer_id.as_str())];
        let reply = self.post(http, &["customers"], &key, &form).await?;
        Ok(id(&reply, order)?.to_string())
    }

    async fn attach(
        &self,
        http: &Http,
        order: &TokenOrder,
        token: &str,
        customer: &str,
    ) -> Result<(), Fault> {
        let key = format!("{}:attach", order.reference);
        let path = ["payment_methods", token, "attach"];
        let reply = self
            .post(http, &path, &key, &[("customer", customer)])
            .await?;
        if *id(&reply, order)? == token {
            Ok(())
        } else {
            Err(Fault::new(FaultKind::UnexpectedAnswer).with_status(reply.status))
        }
    }

    async fn post(
        &self,
        http: &Http,
        path: &[&str],
        idempotency_key: &str,
        form: &[(&str, &str)],
    ) -> Result<Reply, Fault> {
        let idempotency_key = calls::secret_header(idempotency_key);
        let request = Request {
            method: Method::POST,
            url: self.url(path)?,
            headers: vec![
                (AUTHORIZATION, self.authorization.clone()),
                (VERSION_HEADER, VERSION),
                (
                    IDEMPOTENCY_KEY,
                    idempotency_key.ok_or(Fault::new(FaultKind::Misconfigured))?,
                ),
            ],
            body: Some(calls::form(form)),
        };
        http.send(request).await
    }

    fn url(&self, path: &[&str]) -> Result<Url, Fault> {
        let mut url = self.api_base.clone();
        url.path_segments_mut()
            .map_err(|()| Fault::new(FaultKind::Misconfigured))?
            .pop_if_empty()
            .push("v1")
            .extend(path);
        Ok(url)
    }
}

impl PaymentProvider for Stripe {
    async fn make_token(&self, http: &Http, order: &TokenOrder) -> Result<MadeToken, Fault> {
        let token = self.make_payment_method(http, order).await?;
        if order.token_use == TokenUse::Single {
            return Ok(MadeToken {
                token,
                connector_customer_id: None,
            });
        }
        let customer = match &order.connector_customer_id {
            Some(known) => known.clone(),
            None => self.make_customer(http, order).await?,
        };
        self.attach(http, order, &token, &customer).await?;
        Ok(MadeToken {
            token,
            connector_customer_id: Some(customer),
        })
    }

    /// Stripe keeps payment methods for ever. A detached one can never be used again.
    async fn delete_token(&self, http: &Http, token: &str, reference: &str) -> Result<(), Fault> {
        if !answer::is_id(token) {
            return Err(Fault::new(FaultKind::Misconfigured));
        }
        let key = format!("{reference}:detach");
        let path = ["payment_methods", token, "detach"];
        match self.post(http, &path, &key, &[]).await {
            Err(fault) if is_detached(fault) => Ok(()),
            other => other.map(drop),
        }
    }

    fn can_delete(&self) -> bool {
        true
    }
}

/// Stripe answers 400 when a payment method is attached to nobody, and 404 when there is none.
fn is_detached(fault: Fault) -> bool {
    fault.kind == FaultKind::Refused && matches!(fault.status, Some(400 | 404))
}

fn id(reply: &Reply, order: &TokenOrder) -> Result<Zeroizing<String>, Fault> {
    answer::id(&reply.body, &Pointer::to_member("id"), &order.card.number)
        .map_err(|fault| fault.with_status(reply.status))
}

fn parse_key(credentials: &str) -> Result<HeaderValue, SettingsError> {
    let complaint = "credentials must be one of Stripe's secret keys: sk_… or rk_…";
    let is_key = ["sk_", "rk_"]
        .iter()
        .any(|prefix| credentials.starts_with(prefix))
        && credentials.bytes().all(|byte| byte.is_ascii_graphic());
    let header = Zeroizing::new(["Bearer ", credentials].concat());
    calls::secret_header(&header)
        .filter(|_| is_key)
        .ok_or_else(|| SettingsError(complaint.to_owned()))
}
