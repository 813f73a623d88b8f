//! The kind `stripe` against a fake of Stripe that others wrote: localstripe.

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use vault_tests::http::Client;
use vault_tests::sandbox::allowed_address;
use vault_tests::stack::{repository, variable};
use vault_tests::{Card, Request, Stack, Tenant, random};

use super::{create_connector, ended, order_at, path};
use crate::support::soon;

/// Runs as long as this value lives.
struct LocalStripe {
    program: Child,
    client: Client,
    key: String,
}

impl LocalStripe {
    fn start() -> LocalStripe {
        let server = allowed_address();
        let program = Command::new(variable("VAULT_LOCALSTRIPE"))
            .arg(repository("pgrx-tests/serve_localstripe.py"))
            .args([server.ip().to_string(), server.port().to_string()])
            .stdin(Stdio::piped())
            .spawn()
            .expect("localstripe can be run");
        let client = Client {
            server,
            address: random::address(),
        };
        let started = LocalStripe {
            program,
            client,
            key: format!("sk_test_{}", random::alphanumerics(24)),
        };
        soon("localstripe listens", || {
            std::net::TcpStream::connect(server).is_ok()
        });
        started
    }

    fn url(&self) -> String {
        format!("http://{}", self.client.server)
    }

    fn get(&self, path: &str) -> Value {
        let authorization = format!("Bearer {}", self.key);
        let request = Request::new("GET", path).header("Authorization", authorization);
        self.client.exchange(&request.bytes()).ok()
    }
}

impl Drop for LocalStripe {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[test]
fn localstripe_makes_attaches_and_detaches_a_payment_method() {
    let stripe = LocalStripe::start();
    let tenant = Tenant::within(&Stack::shared());
    let settings = json!({"api_base": stripe.url()});
    let connector = create_connector(
        &tenant.stack,
        &tenant.profile,
        "stripe",
        &settings,
        &stripe.key,
    )
    .unwrap();
    let customer = tenant.customer();
    let card = Card::new();
    let order = order_at(&connector, &customer, &card, "multi_use");
    let method = tenant.post("/v2/payment-methods", &order).id();
    let mut token = Value::Null;
    soon("there is a token", || {
        token = tenant.get(&path(&method)).ok()["connector_tokens"][0].clone();
        token != Value::Null
    });

    let at_stripe = format!("/v1/payment_methods/{}", token["token"].as_str().unwrap());
    let made = stripe.get(&at_stripe);
    assert_eq!(made["customer"], token["connector_customer_id"]);
    assert_eq!(made["card"]["last4"], card.last_four());
    assert_eq!(made["card"]["exp_year"].to_string(), card.year);
    let customers = stripe.get("/v1/customers");
    assert_eq!(
        customers["data"][0]["metadata"]["vault_customer_id"],
        customer
    );

    tenant.delete(&path(&method)).ok();
    let jobs = ended(&tenant.stack, &method);
    assert!(jobs.iter().all(|job| job.state == "done"), "{jobs:?}");
    assert_eq!(stripe.get(&at_stripe)["customer"], Value::Null);
}
