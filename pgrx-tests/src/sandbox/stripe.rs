//! The part of Stripe's API that makes, attaches and detaches payment methods.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::cards;
use super::idempotency::Seen;
use super::provider::{Provider, with_token_spoiled};
use super::server::{Call, Reply};
use crate::random::alphanumerics;

type Parameters = BTreeMap<String, String>;

/// Which call it is.
#[derive(Clone, Copy)]
enum Place<'a> {
    PaymentMethods,
    Customers,
    Attach(&'a str),
    Detach(&'a str),
}

impl Place<'_> {
    fn name(self) -> &'static str {
        match self {
            Place::PaymentMethods => "POST /v1/payment_methods",
            Place::Customers => "POST /v1/customers",
            Place::Attach(_) => "POST /v1/payment_methods/{id}/attach",
            Place::Detach(_) => "POST /v1/payment_methods/{id}/detach",
        }
    }

    /// Whether the call takes this parameter.
    fn takes(self, parameter: &str) -> bool {
        let metadata = parameter.starts_with("metadata[");
        match self {
            Place::PaymentMethods => {
                metadata
                    || parameter.starts_with("billing_details[")
                    || [
                        "type",
                        "card[number]",
                        "card[exp_month]",
                        "card[exp_year]",
                        "card[cvc]",
                    ]
                    .contains(&parameter)
            }
            Place::Customers => metadata || ["name", "email", "description"].contains(&parameter),
            Place::Attach(_) => parameter == "customer",
            Place::Detach(_) => false,
        }
    }
}

/// A refusal, and the violation for which it stands.
struct Refusal {
    status: u16,
    kind: &'static str,
    code: &'static str,
    message: &'static str,
    violation: bool,
}

impl Refusal {
    /// The vault should not have sent this.
    fn of(status: u16, kind: &'static str, code: &'static str, message: &'static str) -> Refusal {
        Refusal {
            status,
            kind,
            code,
            message,
            violation: true,
        }
    }

    fn request(code: &'static str, message: &'static str) -> Refusal {
        Refusal::of(400, "invalid_request_error", code, message)
    }

    fn reply(&self) -> Reply {
        let error = json!({"type": self.kind, "code": self.code, "message": self.message});
        Reply::json(self.status, &json!({"error": error}))
    }
}

/// Answers a call below `/v1/`.
pub fn answer(provider: &mut Provider, call: &Call, behaviour: &Behaviour) -> Reply {
    let Some(place) = place(call) else {
        provider.violations.note("/v1", "there is no such call");
        let message = "Unrecognized request URL";
        return Refusal::of(404, "invalid_request_error", "", message).reply();
    };
    provider.count_call(place.name());
    let reply = match carry_out_once(provider, place, call) {
        Ok(reply) => reply,
        Err(refusal) => {
            if refusal.violation {
                provider.violations.note(place.name(), refusal.message);
            }
            refusal.reply()
        }
    };
    match place {
        Place::PaymentMethods if reply.status == 200 => {
            with_token_spoiled(reply, behaviour, "id", card_number(call))
        }
        _ => reply,
    }
}

/// The card number of a call that has one.
pub fn card_number(call: &Call) -> Option<String> {
    form_urlencoded::parse(&call.body)
        .find(|(name, _)| name == "card[number]")
        .map(|(_, number)| number.into_owned())
}

fn place(call: &Call) -> Option<Place<'_>> {
    let segments: Vec<_> = call.path.trim_start_matches('/').split('/').collect();
    match (&call.method, segments.as_slice()) {
        (&Method::POST, ["v1", "payment_methods"]) => Some(Place::PaymentMethods),
        (&Method::POST, ["v1", "customers"]) => Some(Place::Customers),
        (&Method::POST, ["v1", "payment_methods", id, "attach"]) => Some(Place::Attach(id)),
        (&Method::POST, ["v1", "payment_methods", id, "detach"]) => Some(Place::Detach(id)),
        _ => None,
    }
}

/// As Stripe does, results are kept under the idempotency key from the moment that the call begins: refusals, too.
fn carry_out_once(provider: &mut Provider, place: Place, call: &Call) -> Result<Reply, Refusal> {
    authorize(provider, call)?;
    let parameters = parameters(place, call)?;
    let key = match call.header("idempotency-key") {
        Some(key) if (1..=255).contains(&key.len()) => key,
        _ => {
            return Err(Refusal::request(
                "",
                "there is no one Idempotency-Key of 1 to 255 characters",
            ));
        }
    };
    let repeated = (&call.path, &parameters);
    match provider.kept.look_up(key, &repeated) {
        Seen::Before(reply) => {
            let mut reply = reply.clone();
            reply
                .headers
                .push(("idempotent-replayed", "true".to_owned()));
            return Ok(reply);
        }
        Seen::Otherwise => {
            let message = "the idempotency key was used for another call";
            return Err(Refusal::of(400, "idempotency_error", "", message));
        }
        Seen::Never => {}
    }
    let result = carry_out(provider, place, &parameters, key);
    let reply = result.as_ref().map_or_else(Refusal::reply, Reply::clone);
    provider.kept.keep(key.to_owned(), &repeated, reply);
    result
}

fn authorize(provider: &Provider, call: &Call) -> Result<(), Refusal> {
    let key = &provider.secret_key;
    let basic = format!("Basic {}", STANDARD.encode(format!("{key}:")));
    let given = call.header("authorization").unwrap_or_default();
    if given != format!("Bearer {key}") && given != basic {
        let message = "the secret key is missing or wrong";
        return Err(Refusal::of(401, "invalid_request_error", "", message));
    }
    let version = call.header("stripe-version").unwrap_or_default();
    let date = version.split('.').next().unwrap_or_default();
    if date.parse::<jiff::civil::Date>().is_err() {
        return Err(Refusal::request(
            "",
            "there is no Stripe-Version that begins with a date",
        ));
    }
    Ok(())
}

fn parameters(place: Place, call: &Call) -> Result<Parameters, Refusal> {
    if !call.query.is_empty() {
        return Err(Refusal::request("", "parameters stand in the URL"));
    }
    if !call.body.is_empty() && call.content_type() != "application/x-www-form-urlencoded" {
        return Err(Refusal::request("", "the body is not form-encoded"));
    }
    if std::str::from_utf8(&call.body).is_err() {
        return Err(Refusal::request("", "the body is not UTF-8"));
    }
    let mut parameters = Parameters::new();
    for (name, value) in form_urlencoded::parse(&call.body) {
        if !place.takes(&name) {
            return Err(Refusal::request(
                "parameter_unknown",
                "it has an unknown parameter",
            ));
        }
        if parameters
            .insert(name.into_owned(), value.into_owned())
            .is_some()
        {
            return Err(Refusal::request("", "it has a parameter twice"));
        }
    }
    Ok(parameters)
}

fn carry_out(
    provider: &mut Provider,
    place: Place,
    parameters: &Parameters,
    key: &str,
) -> Result<Reply, Refusal> {
    let body = match place {
        Place::PaymentMethods => make_payment_method(provider, parameters, key)?,
        Place::Customers => make_customer(provider, parameters)?,
        Place::Attach(id) => attach(provider, id, parameters)?,
        Place::Detach(id) => detach(provider, id)?,
    };
    Ok(Reply::json(200, &body))
}

fn make_payment_method(
    provider: &mut Provider,
    parameters: &Parameters,
    key: &str,
) -> Result<Value, Refusal> {
    let text = |name: &str| parameters.get(name).map_or("", String::as_str);
    if text("type") != "card" {
        return Err(Refusal::request(
            "parameter_missing",
            "the type is not card",
        ));
    }
    if parameters.contains_key("card[cvc]") {
        return Err(Refusal::request("", "a security code was sent"));
    }
    let (number, month, year) = (
        text("card[number]"),
        text("card[exp_month]"),
        text("card[exp_year]"),
    );
    if let Some(problem) = cards::problem(number, month, year) {
        return Err(Refusal::of(
            402,
            "card_error",
            code(problem),
            problem.text(),
        ));
    }
    let id = format!("pm_{}", alphanumerics(24));
    provider.keep_token(&id, None, key);
    Ok(json!({
        "id": id,
        "object": "payment_method",
        "billing_details": {"name": parameters.get("billing_details[name]")},
        "card": {
            "brand": cards::brand(number),
            "exp_month": month.parse::<u8>().ok(),
            "exp_year": year.parse::<u16>().ok(),
            "last4": cards::last_four(number),
        },
        "customer": null,
        "livemode": false,
        "type": "card",
    }))
}

fn code(problem: cards::Problem) -> &'static str {
    match problem {
        cards::Problem::Number => "incorrect_number",
        cards::Problem::Month => "invalid_expiry_month",
        cards::Problem::Year => "invalid_expiry_year",
        cards::Problem::Expired => "expired_card",
    }
}

/// Stripe itself would make a second customer of a second call under another key. Here the vault's own id, which it writes
/// into the metadata, must not come twice.
fn make_customer(provider: &mut Provider, parameters: &Parameters) -> Result<Value, Refusal> {
    let id = format!("cus_{}", alphanumerics(14));
    let vault_id = parameters.get("metadata[vault_customer_id]").unwrap_or(&id);
    if provider.customers.contains_key(vault_id) {
        provider
            .violations
            .note(Place::Customers.name(), "the customer is there already");
    }
    provider.customers.insert(vault_id.clone(), id.clone());
    Ok(json!({"id": id, "object": "customer", "livemode": false}))
}

fn attach(provider: &mut Provider, id: &str, parameters: &Parameters) -> Result<Value, Refusal> {
    let Some(customer) = parameters.get("customer") else {
        return Err(Refusal::request(
            "parameter_missing",
            "there is no customer",
        ));
    };
    if !provider.customers.values().any(|known| known == customer) {
        return Err(Refusal::of(
            404,
            "invalid_request_error",
            "resource_missing",
            "the customer is unknown",
        ));
    }
    match provider.tokens.get(id) {
        None => Err(Refusal::of(
            404,
            "invalid_request_error",
            "resource_missing",
            "the payment method is unknown",
        )),
        Some(Some(_)) => Err(Refusal::request(
            "",
            "the payment method is attached already",
        )),
        Some(None) => {
            provider.attach(id, customer);
            Ok(json!({"id": id, "object": "payment_method", "customer": customer, "type": "card"}))
        }
    }
}

/// A payment method that is gone, or was never attached, is refused, and no violation: one who does not know whether it was
/// detached tries again.
fn detach(provider: &mut Provider, id: &str) -> Result<Value, Refusal> {
    let refused = |status, message| {
        let refusal = Refusal::of(status, "invalid_request_error", "", message);
        Err(Refusal {
            violation: false,
            ..refusal
        })
    };
    match provider.tokens.get(id) {
        None => refused(404, "the payment method is unknown"),
        Some(None) => refused(400, "the payment method is not attached to a customer"),
        Some(Some(_)) => {
            provider.tokens.remove(id);
            provider.deleted += 1;
            Ok(json!({"id": id, "object": "payment_method", "customer": null, "type": "card"}))
        }
    }
}
