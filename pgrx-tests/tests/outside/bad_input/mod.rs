//! What no honest client sends. Each gets a refusal in our form, which repeats nothing of the request, and
//! leaves nothing behind.

mod bodies;
mod card_numbers;
mod headers;
mod paths;
mod texts;

use vault_tests::{Answer, Tenant};

/// Stands for a secret in a request: no answer may contain it.
const SECRET: &str = "Zq9Secret";

/// The refusals of bodies that are not the JSON which is asked for.
const NO_JSON: &str = r"Json deserialize error: .+ at line \d+ column \d+";

#[track_caller]
fn repeats_nothing(answer: &Answer) {
    assert!(
        !answer.text.contains(SECRET),
        "the answer repeats the request: {}",
        answer.text
    );
}

fn send_body(tenant: &Tenant, path: &str, body: impl AsRef<[u8]>) -> Answer {
    tenant.send(&tenant.request("POST", path).body(body))
}
