//! The sandbox of a payment service provider: a part of Stripe's API, and a JSON API of the usual form.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::behaviour::Behaviour;
use super::idempotency::Kept;
use super::server::{Call, Counterpart, Reply};
use super::violations::Violations;
use super::{json_tokens, stripe};

/// A provider with one account.
pub struct Provider {
    pub(super) secret_key: String,
    pub(super) violations: Violations,
    pub(super) kept: Kept<Reply>,
    /// Tokens that are there, with the customer that they are attached to.
    pub(super) tokens: HashMap<String, Option<String>>,
    /// The ids of customers, by the ids that the vault has for them.
    pub(super) customers: HashMap<String, String>,
    calls: BTreeMap<&'static str, u64>,
    made_by_reference: BTreeMap<String, u64>,
    attached: u64,
    pub(super) deleted: u64,
}

impl Provider {
    pub fn new(secret_key: &str) -> Provider {
        Provider {
            secret_key: secret_key.to_owned(),
            violations: Violations::default(),
            kept: Kept::default(),
            tokens: HashMap::new(),
            customers: HashMap::new(),
            calls: BTreeMap::new(),
            made_by_reference: BTreeMap::new(),
            attached: 0,
            deleted: 0,
        }
    }

    pub(super) fn count_call(&mut self, place: &'static str) {
        *self.calls.entry(place).or_default() += 1;
    }

    /// Notes a new token. `key` is its idempotency key; what stands before a colon is the reference of the vault's order.
    pub(super) fn keep_token(&mut self, token: &str, customer: Option<String>, key: &str) {
        let reference = key.split(':').next().unwrap_or_default();
        *self
            .made_by_reference
            .entry(reference.to_owned())
            .or_default() += 1;
        self.tokens.insert(token.to_owned(), customer);
    }

    pub(super) fn attach(&mut self, token: &str, customer: &str) {
        self.attached += 1;
        self.tokens
            .insert(token.to_owned(), Some(customer.to_owned()));
    }
}

impl Counterpart for Provider {
    fn answer(&mut self, call: &Call, behaviour: &Behaviour) -> Reply {
        if call.path.starts_with("/v1/") {
            stripe::answer(self, call, behaviour)
        } else {
            json_tokens::answer(self, call, behaviour)
        }
    }

    fn card_number(&self, call: &Call) -> Option<String> {
        stripe::card_number(call).or_else(|| json_tokens::card_number(call))
    }

    fn error(&self, message: &str) -> Value {
        json!({"error": {"type": "card_error", "code": "card_declined", "message": message}})
    }

    fn state(&self) -> Map<String, Value> {
        let state = json!({
            "violations": self.violations.all(),
            "calls": self.calls,
            "tokens_made": self.made_by_reference.values().sum::<u64>(),
            "tokens_by_reference": self.made_by_reference,
            "attached": self.attached,
            "deleted": self.deleted,
            "customers": self.customers.len(),
        });
        match state {
            Value::Object(state) => state,
            _ => Map::new(),
        }
    }
}

/// The answer to an order of a token as the behaviour has it. `member` is the token's.
pub(super) fn with_token_spoiled(
    reply: Reply,
    behaviour: &Behaviour,
    member: &str,
    number: Option<String>,
) -> Reply {
    let body = serde_json::from_slice(&reply.body);
    let Ok(Value::Object(mut body)) = body else {
        return reply;
    };
    if behaviour.without_token {
        body.remove(member);
    }
    if behaviour.card_as_token {
        body.insert(member.to_owned(), number.into());
    }
    Reply {
        body: Value::Object(body).to_string().into_bytes(),
        ..reply
    }
}
