//! Requests that schemathesis makes from docs/openapi.json, valid ones and invalid ones. `make schemathesis` makes many more.

use std::process::Command;

use vault_tests::Tenant;
use vault_tests::stack::repository;

use crate::routes::with_token_service;

/// How many a call gets at most, in each phase.
const CASES: &str = "5";

#[test]
fn the_vault_takes_and_refuses_what_its_description_says() {
    let tenant = Tenant::new();
    let _service = with_token_service(&tenant);
    let output = Command::new(repository("pgrx-tests/openapi/run"))
        .args(["schemathesis", "--max-examples", CASES, "--no-color"])
        .env("VAULT_FEW_COUNTRIES", "yes")
        .env("VAULT_PROFILE_ID", &tenant.profile)
        .env("VAULT_REVEAL_API_KEY", &tenant.reveal_key)
        .output()
        .expect("the script can be run");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
