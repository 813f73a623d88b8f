//! A merchant with a profile and API keys, made for one test.

use serde_json::{Value, json};

use crate::http::{Answer, Client, Request};
use crate::ledger::{self, Kind};
use crate::sql::Session;
use crate::stack::Stack;
use crate::{Card, random};

/// The role that administers the vault in every stack.
pub const ADMIN: &str = "vault_dba";

/// One merchant, one profile, two keys, and an address to send from.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub stack: Stack,
    pub client: Client,
    pub merchant: String,
    pub profile: String,
    /// Without scopes.
    pub key: String,
    /// With the `reveal` scope.
    pub reveal_key: String,
}

impl Tenant {
    /// A tenant of the shared stack.
    pub fn new() -> Tenant {
        Tenant::within(&Stack::shared())
    }

    pub fn within(stack: &Stack) -> Tenant {
        let mut admin = stack.session(ADMIN);
        let merchant: String = admin
            .value("select vault.create_merchant($1)", &[&random::name("shop")])
            .unwrap();
        let profile = create_profile(&mut admin, &merchant);
        let key = create_key(&mut admin, &merchant, &[]).1;
        let reveal_key = create_key(&mut admin, &merchant, &["reveal"]).1;
        Tenant {
            stack: stack.clone(),
            client: stack.client(),
            merchant,
            profile,
            key,
            reveal_key,
        }
    }

    /// Another profile of the same merchant, reached by the same keys.
    pub fn sibling(&self) -> Tenant {
        let profile = create_profile(&mut self.admin(), &self.merchant);
        Tenant {
            profile,
            ..self.clone()
        }
    }

    /// The administrator's session.
    pub fn admin(&self) -> Session {
        self.stack.session(ADMIN)
    }

    /// Another API key: its id and the key.
    pub fn new_key(&self, scopes: &[&str]) -> (String, String) {
        create_key(&mut self.admin(), &self.merchant, scopes)
    }

    /// A request with this tenant's key and profile.
    pub fn request(&self, verb: &str, path: impl AsRef<[u8]>) -> Request {
        Request::new(verb, path)
            .header("x-profile-id", &self.profile)
            .header("api-key", &self.key)
    }

    /// The same with the key that may see full numbers.
    pub fn revealing(&self, verb: &str, path: &str) -> Request {
        self.request(verb, path)
            .without("api-key")
            .header("api-key", &self.reveal_key)
    }

    #[track_caller]
    pub fn send(&self, request: &Request) -> Answer {
        self.client.send(request)
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send(&self.request("GET", path))
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&self.request("POST", path).json(body))
    }

    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(&self.request("PUT", path).json(body))
    }

    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.send(&self.request("DELETE", path))
    }

    /// Makes a customer and gives its id.
    #[track_caller]
    pub fn customer(&self) -> String {
        self.post("/v2/customers", &customer()).id()
    }

    /// Stores a card and gives the payment method's id.
    #[track_caller]
    pub fn store(&self, card: &Card, customer: &str) -> String {
        self.post("/v2/payment-methods", &card.create_for(customer))
            .id()
    }

    /// A session of a fresh login role that is bound to the profile and may call the operations.
    pub fn sql(&self) -> Session {
        self.stack.session(&self.role(&["vault_client"]))
    }

    /// The same for a role that may also see full numbers.
    pub fn revealing_sql(&self) -> Session {
        self.stack
            .session(&self.role(&["vault_client", "vault_reveal"]))
    }

    /// A fresh login role, member of `memberships`, bound to the profile.
    pub fn role(&self, memberships: &[&str]) -> String {
        let role = login_role(&self.stack, memberships);
        self.admin()
            .execute("select vault.bind_role($1, $2)", &[&role, &self.profile])
            .unwrap();
        role
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Tenant::new()
    }
}

/// A fresh login role that is bound to no profile.
pub fn login_role(stack: &Stack, memberships: &[&str]) -> String {
    let role = random::name("app");
    let grants: String = memberships
        .iter()
        .map(|group| format!("grant {group} to {role};"))
        .collect();
    stack
        .superuser()
        .run(&format!("create role {role} login; {grants}"))
        .unwrap();
    role
}

/// A request for a customer, with nothing that could be left out.
pub fn customer() -> Value {
    json!({"name": "Ada Byron", "email": "ada@example.com"})
}

/// An API key of the right form that the vault never gave out.
pub fn unknown_key() -> String {
    ledger::record(Kind::Key, format!("dev_{}", random::alphanumerics(64)))
}

fn create_profile(admin: &mut Session, merchant: &str) -> String {
    admin
        .value(
            "select vault.create_profile($1, $2)",
            &[&merchant, &random::name("till")],
        )
        .unwrap()
}

fn create_key(admin: &mut Session, merchant: &str, scopes: &[&str]) -> (String, String) {
    let rows = admin
        .rows(
            "select key_id, api_key from vault.create_api_key($1, $2, $3)",
            &[&merchant, &random::name("key"), &scopes],
        )
        .unwrap();
    (
        rows[0].get("key_id"),
        ledger::record(Kind::Key, rows[0].get::<_, String>("api_key")),
    )
}
