//! The sandbox of a token service that speaks Hyperswitch's protocol.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use openssl::rand::rand_bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::behaviour::Behaviour;
use super::cards;
use super::idempotency::{Kept, Seen};
use super::jwe;
use super::keys::{Keys, write};
use super::server::{Call, Counterpart, Reply};
use super::violations::Violations;
use crate::card::{this_year, with_check_digit};
use crate::random::{alphanumerics, digits};

const GENERATE: &str = "POST /generate";
const FETCH: &str = "POST /fetch";
const STATUS: &str = "POST /status";
const DELETE: &str = "POST /delete";
const ELIGIBILITY: &str = "GET /eligibility/{bin}";

/// A token service with one client.
pub struct TokenService {
    api_key: String,
    key_id: String,
    keys: Keys,
    violations: Violations,
    /// Card references by consent.
    kept: Kept<String>,
    tokens: HashMap<String, Token>,
    calls: BTreeMap<&'static str, u64>,
    made_by_consent: BTreeMap<String, u64>,
    deleted: u64,
}

struct Token {
    customer_id: String,
    number: String,
    card_brand: &'static str,
    card_last_four: String,
    par: String,
    exp_month: &'static str,
    exp_year: String,
}

/// A refusal: status, and what was wrong.
struct Refusal {
    status: u16,
    message: &'static str,
    violation: bool,
}

impl Refusal {
    /// The vault should not have sent this.
    fn of(status: u16, message: &'static str) -> Refusal {
        Refusal {
            status,
            message,
            violation: true,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Generate {
    service: String,
    card_data: String,
    order_data: Consent,
    key_id: String,
    should_send_token: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Consent {
    consent_id: String,
    customer_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Card {
    card_number: String,
    exp_month: String,
    exp_year: String,
}

/// Of the calls for a token that is there. The status alone is asked for in camel case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    card_reference: String,
    customer_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NamedInCamelCase {
    card_reference: String,
    customer_id: String,
}

impl TokenService {
    /// A service at `address`, with its keys in `directory`. It writes there, in `settings.json` and `credentials.json`, how a
    /// vault is configured for it.
    ///
    /// # Errors
    /// When the directory cannot be read or written.
    pub fn new(
        api_key: &str,
        key_id: &str,
        directory: &Path,
        address: SocketAddr,
    ) -> io::Result<TokenService> {
        let keys = Keys::in_directory(directory)?;
        let pem = |name: &str| std::fs::read_to_string(directory.join(name));
        let url = |path: &str| format!("http://{address}{path}");
        let settings = json!({
            "generate_token_url": url("/generate"),
            "fetch_token_url": url("/fetch"),
            "delete_token_url": url("/delete"),
            "check_token_status_url": url("/status"),
            "token_eligibility_url": url("/eligibility"),
            "key_id": key_id,
            "service_public_key": pem("service_public.pem")?,
        });
        let credentials = json!({"api_key": api_key, "private_key": pem("vault_private.pem")?});
        write(
            &directory.join("settings.json"),
            settings.to_string().as_bytes(),
        )?;
        write(
            &directory.join("credentials.json"),
            credentials.to_string().as_bytes(),
        )?;
        Ok(TokenService {
            api_key: api_key.to_owned(),
            key_id: key_id.to_owned(),
            keys,
            violations: Violations::default(),
            kept: Kept::default(),
            tokens: HashMap::new(),
            calls: BTreeMap::new(),
            made_by_consent: BTreeMap::new(),
            deleted: 0,
        })
    }

    fn carry_out(
        &mut self,
        place: &'static str,
        call: &Call,
        behaviour: &Behaviour,
    ) -> Result<Value, Refusal> {
        if call.header("authorization") != Some(&self.api_key) {
            return Err(Refusal::of(401, "the API key is missing or wrong"));
        }
        match place {
            GENERATE => self.generate(body(call)?, call, behaviour),
            FETCH => {
                let Named {
                    card_reference,
                    customer_id,
                } = body(call)?;
                self.fetch(&card_reference, &customer_id)
            }
            DELETE => {
                let Named {
                    card_reference,
                    customer_id,
                } = body(call)?;
                self.delete(&card_reference, &customer_id)
            }
            STATUS => {
                let NamedInCamelCase {
                    card_reference,
                    customer_id,
                } = body(call)?;
                self.status(&card_reference, &customer_id, behaviour)
            }
            ELIGIBILITY => eligibility(call),
            _ => Err(Refusal::of(404, "there is no such call")),
        }
    }

    fn generate(
        &mut self,
        order: Generate,
        call: &Call,
        behaviour: &Behaviour,
    ) -> Result<Value, Refusal> {
        if order.service != "NETWORK_TOKEN"
            || !order.should_send_token
            || order.key_id != self.key_id
        {
            return Err(Refusal::of(
                400,
                "the service, the key id or shouldSendToken is wrong",
            ));
        }
        let consent = order.order_data;
        if consent.consent_id.is_empty() || consent.customer_id.is_empty() {
            return Err(Refusal::of(
                400,
                "the consent id or the customer id is empty",
            ));
        }
        let card = self.opened_card(&order.card_data)?;
        let reference = self.reference_of(consent, &card)?;
        let number = behaviour
            .card_as_token
            .then(|| self.card_number(call))
            .flatten();
        let payload = self.payload(&reference, behaviour, number)?;
        let sealed =
            jwe::seal(&payload.to_string(), &self.keys.vaults, &self.key_id).map_err(|_| {
                Refusal {
                    status: 500,
                    message: "the answer cannot be sealed",
                    violation: false,
                }
            })?;
        Ok(json!({"payload": sealed}))
    }

    /// The reference of the consent's token, which is made if there is none yet.
    fn reference_of(&mut self, consent: Consent, card: &Card) -> Result<String, Refusal> {
        let repeated = (
            &consent.customer_id,
            &card.card_number,
            &card.exp_month,
            &card.exp_year,
        );
        match self.kept.look_up(&consent.consent_id, &repeated) {
            Seen::Before(reference) => return Ok(reference.clone()),
            Seen::Otherwise => {
                return Err(Refusal::of(
                    409,
                    "the consent id was used for another card or customer",
                ));
            }
            Seen::Never => {}
        }
        let reference = alphanumerics(32);
        self.tokens
            .insert(reference.clone(), Token::of(card, &consent.customer_id));
        *self
            .made_by_consent
            .entry(consent.consent_id.clone())
            .or_default() += 1;
        self.kept
            .keep(consent.consent_id, &repeated, reference.clone());
        Ok(reference)
    }

    /// Hyperswitch writes the card as JSON, and that text once more as a JSON string.
    fn opened_card(&self, sealed: &str) -> Result<Card, Refusal> {
        let opened = jwe::open(sealed, &self.keys.own, &self.key_id)
            .map_err(|what| Refusal::of(400, what))?;
        let text: String = serde_json::from_slice(&opened)
            .map_err(|_| Refusal::of(400, "the content of the JWE is not a JSON string"))?;
        let card: Card = serde_json::from_str(&text).map_err(|_| {
            Refusal::of(
                400,
                "the content of the JWE is not just a number and an expiry",
            )
        })?;
        match cards::problem(&card.card_number, &card.exp_month, &card.exp_year) {
            Some(problem) => Err(Refusal::of(422, problem.text())),
            None => Ok(card),
        }
    }

    fn payload(
        &self,
        reference: &str,
        behaviour: &Behaviour,
        spoiled: Option<String>,
    ) -> Result<Value, Refusal> {
        // A token that was deleted does not come back by its consent.
        let token = self
            .tokens
            .get(reference)
            .ok_or(Refusal::of(410, "the token of this consent was deleted"))?;
        let mut payload = json!({
            "cardBrand": token.card_brand,
            "cardReference": reference,
            "correlationId": alphanumerics(20),
            "customerId": token.customer_id,
            "par": token.par,
            "token": spoiled.as_ref().unwrap_or(&token.number),
            "tokenExpiryMonth": token.exp_month,
            "tokenExpiryYear": token.exp_year,
            "tokenIsin": &token.number[..9],
            "tokenLastFour": cards::last_four(&token.number),
            "tokenStatus": behaviour.token_status.as_deref().unwrap_or("ACTIVE"),
        });
        if let (true, Some(members)) = (behaviour.without_token, payload.as_object_mut()) {
            members.remove("token");
        }
        Ok(payload)
    }

    fn fetch(&self, reference: &str, customer_id: &str) -> Result<Value, Refusal> {
        let token = self.token(reference, customer_id)?;
        Ok(json!({
            "authentication_details": {"cryptogram": cryptogram(), "token": token.number},
            "network": token.card_brand,
            "token_details": {"exp_month": token.exp_month, "exp_year": token.exp_year},
            "eci": "07",
            "card_type": "CREDIT",
            "issuer": null,
            "nickname": null,
            "card_details": {"par": token.par},
        }))
    }

    fn status(
        &self,
        reference: &str,
        customer_id: &str,
        behaviour: &Behaviour,
    ) -> Result<Value, Refusal> {
        let token = self.token(reference, customer_id)?;
        Ok(json!({"payload": {
            "tokenStatus": behaviour.token_status.as_deref().unwrap_or("ACTIVE"),
            "tokenExpiryMonth": token.exp_month,
            "tokenExpiryYear": token.exp_year,
            "cardLastFour": token.card_last_four,
            "tokenLastFour": cards::last_four(&token.number),
        }}))
    }

    fn delete(&mut self, reference: &str, customer_id: &str) -> Result<Value, Refusal> {
        self.token(reference, customer_id)?;
        self.tokens.remove(reference);
        self.deleted += 1;
        Ok(json!({"status": "SUCCESS"}))
    }

    /// A token that is not there is no violation: one who does not know whether it was deleted tries again.
    fn token(&self, reference: &str, customer_id: &str) -> Result<&Token, Refusal> {
        match self.tokens.get(reference) {
            None => Err(Refusal {
                status: 404,
                message: "the card reference is unknown",
                violation: false,
            }),
            Some(token) if token.customer_id != customer_id => {
                Err(Refusal::of(404, "the card reference is another customer's"))
            }
            Some(token) => Ok(token),
        }
    }
}

impl Token {
    fn of(card: &Card, customer_id: &str) -> Token {
        Token {
            customer_id: customer_id.to_owned(),
            number: with_check_digit(&format!("489537{}", digits(9))),
            card_brand: match cards::brand(&card.card_number) {
                "visa" => "VISA",
                "mastercard" => "MASTERCARD",
                "amex" => "AMEX",
                _ => "DISCOVER",
            },
            card_last_four: cards::last_four(&card.card_number).to_owned(),
            par: format!("V001{}", alphanumerics(25).to_uppercase()),
            exp_month: "12",
            exp_year: (this_year() + 4).to_string(),
        }
    }
}

impl Counterpart for TokenService {
    fn answer(&mut self, call: &Call, behaviour: &Behaviour) -> Reply {
        let place = place(call);
        *self.calls.entry(place).or_default() += 1;
        match self.carry_out(place, call, behaviour) {
            Ok(body) => Reply::json(200, &body),
            Err(refusal) => {
                if refusal.violation {
                    self.violations.note(place, refusal.message);
                }
                Reply::json(refusal.status, &self.error(refusal.message))
            }
        }
    }

    fn card_number(&self, call: &Call) -> Option<String> {
        let order: Generate = serde_json::from_slice(&call.body).ok()?;
        self.opened_card(&order.card_data)
            .ok()
            .map(|card| card.card_number)
    }

    fn error(&self, message: &str) -> Value {
        json!({"error_message": message, "error_info": {"code": "NT_00", "developer_message": message}})
    }

    fn state(&self) -> Map<String, Value> {
        let state = json!({
            "violations": self.violations.all(),
            "calls": self.calls,
            "tokens_made": self.made_by_consent.values().sum::<u64>(),
            "tokens_by_reference": self.made_by_consent,
            "deleted": self.deleted,
        });
        match state {
            Value::Object(state) => state,
            _ => Map::new(),
        }
    }
}

fn place(call: &Call) -> &'static str {
    match (&call.method, call.path.as_str()) {
        (&Method::POST, "/generate") => GENERATE,
        (&Method::POST, "/fetch") => FETCH,
        (&Method::POST, "/status") => STATUS,
        (&Method::POST, "/delete") => DELETE,
        (&Method::GET, path) if path.starts_with("/eligibility/") => ELIGIBILITY,
        _ => "elsewhere",
    }
}

fn body<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    if call.content_type() != "application/json" {
        return Err(Refusal::of(415, "the body is not labelled as JSON"));
    }
    serde_json::from_slice(&call.body)
        .map_err(|_| Refusal::of(400, "the body is not JSON of the agreed members"))
}

/// Visa's and Mastercard's cards can have tokens here.
fn eligibility(call: &Call) -> Result<Value, Refusal> {
    let bin = call.path.rsplit('/').next().unwrap_or_default();
    if !(6..=8).contains(&bin.len()) || !bin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::of(
            400,
            "the card's first digits are not six to eight",
        ));
    }
    if call.query != "options.check_tokenize_support=true" {
        return Err(Refusal::of(
            400,
            "the query is not options.check_tokenize_support=true",
        ));
    }
    let has_tokens = ["visa", "mastercard"].contains(&cards::brand(bin));
    Ok(json!({
        "id": bin,
        "object": "cardbin",
        "brand": cards::brand(bin),
        "type": "CREDIT",
        "country": null,
        "tokenize_support": has_tokens,
    }))
}

/// A new one each time, of the length that the networks use.
fn cryptogram() -> String {
    let mut bytes = [0; 20];
    // Without randomness it is of zeros, which a sandbox may have.
    let _ = rand_bytes(&mut bytes);
    STANDARD.encode(bytes)
}
