//! Connectors: accounts at others, the tokens that they make of cards, and the jobs by which it happens. Each test has sandboxes
//! of its own, which it may have misbehave.

mod accounts;
mod crashes;
mod deletion;
mod faults;
mod jobs;
mod keys;
mod localstripe;
mod network_tokens;
mod restores;
mod tokens;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;

use serde_json::{Value, json};
use vault_tests::ledger::{Kind, record};
use vault_tests::sandbox::{SandboxProvider, SandboxTokenService, allowed_address};
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::ADMIN;
use vault_tests::{Answer, Card, Refused, Session, Stack, Tenant};

use crate::support::{http_answers, soon};

/// Each part of a connector's answer is awaited for three seconds, and jobs are tried again at once, three times in all. Every
/// statement is logged.
const HURRIED: &str = "vault.connector_timeout = '3s'
vault.token_job_backoff = '20ms'
vault.token_job_attempts = 3
log_statement = 'all'
log_min_error_statement = error";

/// A stack for what would hold up the tests of the shared one. It ends with the tests' process.
static HURRIED_STACK: LazyLock<PrivateStack> = LazyLock::new(|| {
    let stack = PrivateStack::start();
    stack.restart_with_settings(HURRIED);
    stack
});

pub const NO_CONNECTOR: &str = "Merchant connector account does not exist in our records";

/// A provider's sandbox that accounts of any stack may name. Its secret key must not be found anywhere afterwards.
pub fn provider() -> SandboxProvider {
    let executable = env!("CARGO_BIN_EXE_sandbox-provider");
    let provider = SandboxProvider::start_at(executable, allowed_address());
    record(Kind::Key, provider.secret_key.as_str());
    provider
}

/// A token service's sandbox, in the same way.
pub fn token_service() -> SandboxTokenService {
    let executable = env!("CARGO_BIN_EXE_sandbox-token-service");
    let directory = env!("CARGO_TARGET_TMPDIR");
    let service = SandboxTokenService::start_at(executable, directory, allowed_address());
    record(
        Kind::Key,
        service.credentials()["api_key"].as_str().unwrap(),
    );
    service
}

/// Makes an account and gives its id.
pub fn create_connector(
    stack: &Stack,
    owner: &str,
    kind: &str,
    settings: &Value,
    credentials: &str,
) -> Result<String, Refused> {
    stack.session(ADMIN).value(
        "select vault.create_connector($1, $2, 'Account', $3, $4)",
        &[&owner, &kind, settings, &credentials],
    )
}

/// A profile with an account at a provider that is its own, and a customer.
struct Shop {
    tenant: Tenant,
    provider: SandboxProvider,
    connector: String,
    customer: String,
}

impl Shop {
    fn new() -> Shop {
        Shop::within(&Stack::shared())
    }

    fn within(stack: &Stack) -> Shop {
        let tenant = Tenant::within(stack);
        http_answers(&tenant);
        Shop::of(tenant)
    }

    fn of(tenant: Tenant) -> Shop {
        let provider = provider();
        let (settings, key) = (provider.stripe_settings(), &provider.secret_key);
        let connector =
            create_connector(&tenant.stack, &tenant.profile, "stripe", &settings, key).unwrap();
        Shop {
            customer: tenant.customer(),
            tenant,
            provider,
            connector,
        }
    }

    /// A request to store the card and to have a token made of it.
    fn order(&self, card: &Card, token_type: &str) -> Value {
        order_at(&self.connector, &self.customer, card, token_type)
    }

    /// Stores a new card, has a token made of it, and gives the payment method's id.
    #[track_caller]
    fn store(&self, token_type: &str) -> String {
        self.store_card(&Card::new(), token_type)
    }

    #[track_caller]
    fn store_card(&self, card: &Card, token_type: &str) -> String {
        self.tenant
            .post("/v2/payment-methods", &self.order(card, token_type))
            .id()
    }

    #[track_caller]
    fn get(&self, method: &str) -> Answer {
        self.tenant.get(&path(method))
    }

    /// The tokens of a payment method, none if it has none.
    #[track_caller]
    fn tokens(&self, method: &str) -> Vec<Value> {
        let body = self.get(method).ok();
        body["connector_tokens"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Waits for a payment method's first token.
    #[track_caller]
    fn token(&self, method: &str) -> Value {
        let mut tokens = Vec::new();
        soon("there is a token", || {
            tokens = self.tokens(method);
            !tokens.is_empty()
        });
        tokens.remove(0)
    }

    /// All jobs of a payment method.
    fn jobs(&self, method: &str) -> Vec<Job> {
        jobs_of(&self.tenant.stack, method)
    }

    /// Waits until no job of the payment method is under way or waits, and gives them.
    #[track_caller]
    fn ended(&self, method: &str) -> Vec<Job> {
        ended(&self.tenant.stack, method)
    }

    /// Waits for the end of the only job of the payment method.
    #[track_caller]
    fn ended_job(&self, method: &str) -> Job {
        let mut jobs = self.ended(method);
        assert_eq!(jobs.len(), 1, "{jobs:?}");
        jobs.remove(0)
    }

    #[track_caller]
    fn admin(&self, call: &str, parameter: &str) {
        let call = format!("select vault.{call}($1)");
        self.tenant.admin().execute(&call, &[&parameter]).unwrap();
    }

    /// The number that an administrator's call gives.
    #[track_caller]
    fn admin_value(&self, call: &str) -> i64 {
        let call = format!("select vault.{call}");
        self.tenant.admin().value(&call, &[]).unwrap()
    }

    /// The state of the provider's books: every order made one token, and nothing was sent that should not have been.
    #[track_caller]
    fn has_one_token_per_order(&self) {
        assert_one_token_per_order(&self.provider.state());
    }
}

#[track_caller]
fn assert_one_token_per_order(state: &Value) {
    let orders = state["tokens_by_reference"].as_object().unwrap();
    assert!(orders.values().all(|tokens| *tokens == json!(1)), "{state}");
    assert_eq!(state["tokens_made"], json!(orders.len()));
    assert_eq!(state["violations"], json!([]));
}

fn order_at(connector: &str, customer: &str, card: &Card, token_type: &str) -> Value {
    let mut order = card.create_for(customer);
    order["psp_tokenization"] = json!({"tokenization_type": token_type, "connector_id": connector});
    order
}

fn path(method: &str) -> String {
    format!("/v2/payment-methods/{method}")
}

/// A row of `vault.token_jobs`.
#[derive(Clone, Debug, PartialEq)]
struct Job {
    id: String,
    action: String,
    state: String,
    attempts: i32,
    error: Option<String>,
    error_status: Option<i32>,
}

impl Job {
    fn has_ended(&self) -> bool {
        self.state != "waiting" && self.state != "sent"
    }

    /// State, and kind and status of the last error.
    fn outcome(&self) -> (&str, Option<&str>, Option<i32>) {
        (&self.state, self.error.as_deref(), self.error_status)
    }
}

fn jobs_of(stack: &Stack, method: &str) -> Vec<Job> {
    let rows = stack.session(ADMIN).rows(
        "select job_id, action, state, attempts, error, error_status from vault.token_jobs
         where payment_method_id = $1 order by created_at, job_id",
        &[&method],
    );
    rows.unwrap()
        .iter()
        .map(|row| Job {
            id: row.get(0),
            action: row.get(1),
            state: row.get(2),
            attempts: row.get(3),
            error: row.get(4),
            error_status: row.get(5),
        })
        .collect()
}

#[track_caller]
fn ended(stack: &Stack, method: &str) -> Vec<Job> {
    let mut jobs = Vec::new();
    soon("the jobs have ended", || {
        jobs = jobs_of(stack, method);
        jobs.iter().all(Job::has_ended)
    });
    jobs
}

/// How often an event is in the audit log, of this profile or of none, with this object.
fn audited(stack: &Stack, event: &str, object: &str) -> i64 {
    stack
        .session("vault_audit")
        .value(
            "select count(*) from vault.audit_log where event = $1 and object_id = $2",
            &[&event, &object],
        )
        .unwrap()
}

/// Stores many new cards in one transaction, each with an order of a token, and gives the payment methods' ids.
fn store_many(shop: &Shop, count: usize, token_type: &str) -> Vec<String> {
    let orders: Vec<Value> = (0..count)
        .map(|_| shop.order(&Card::new(), token_type))
        .collect();
    shop.tenant
        .revealing_sql()
        .rows(
            "select vault.create_payment_method(o) ->> 'id' from unnest($1::jsonb[]) o",
            &[&orders],
        )
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// An address where nobody listens, of those that accounts may call.
fn deserted() -> SocketAddr {
    let mut address = allowed_address();
    address.set_ip(Ipv4Addr::new(127, 127, 255, fastrand::u8(1..=254)).into());
    address
}

/// Whether a statement is refused to a role for want of rights.
#[track_caller]
fn is_denied(session: &mut Session, statement: &str) {
    let refused = session.run(statement).unwrap_err();
    assert_eq!(
        refused.sqlstate, "42501",
        "{statement}: {}",
        refused.message
    );
}
