//! Headers.

use serde_json::json;
use vault_tests::Tenant;

use crate::support::{UNAUTHENTICATED, UUID_V7, has_form, soon_equal};

#[test]
fn headers_that_the_edge_sets_itself_cannot_be_forged() {
    let tenant = Tenant::new();
    let (mine, other) = (tenant.customer(), tenant.customer());
    let request = tenant
        .request("GET", format!("/v2/customers/{mine}"))
        .header("x-vault-customer-id", &other)
        .header("X-Vault-Payment-Method-Id", "12345_pm_x")
        .header("x-vault-merchant-reference-id", "x")
        .header("x_vault_customer_id", &other)
        .header("x-vault-query", "fetch_raw_detail=true")
        .header("x-vault-client-address", "10.1.2.3")
        .header("x-forwarded-for", "10.1.2.3")
        .header("forwarded", "for=10.1.2.3")
        .header("x-request-id", "forged-headers-test");
    assert_eq!(tenant.send(&request).id(), mine);

    let address = tenant.stack.client();
    let refused = request
        .without("api-key")
        .header("api-key", vault_tests::tenant::unknown_key());
    address
        .send(&refused)
        .refuses(401, "IR_01", UNAUTHENTICATED);
    let mut auditor = tenant.stack.session("vault_audit");
    soon_equal("the audit log names the true address", &1, || {
        let seen: i64 = auditor
            .value(
                "select count(*) from vault.audit_log where host(client_address::text::inet) = $1",
                &[&address.address.to_string()],
            )
            .unwrap();
        seen
    });
}

#[test]
fn doubled_headers_choose_nothing() {
    let tenant = Tenant::new();
    let other = tenant.sibling();
    let doubled = tenant
        .request("GET", "/v2/customers/list")
        .header("x-profile-id", &other.profile);
    tenant
        .send(&doubled)
        .refuses(422, "IR_06", "`X-Profile-Id` header is invalid");
    let doubled = tenant
        .request("GET", "/v2/customers/list")
        .header("api-key", &tenant.reveal_key);
    tenant.send(&doubled).refuses(401, "IR_01", UNAUTHENTICATED);
}

#[test]
fn invalid_bytes_in_headers_are_refused() {
    let tenant = Tenant::new();
    let list = || tenant.request("GET", "/v2/customers/list");
    let profile = list()
        .without("x-profile-id")
        .header("x-profile-id", b"\xff\xfe");
    tenant
        .send(&profile)
        .refuses(422, "IR_06", "`X-Profile-Id` header is invalid");
    let key = list().without("api-key").header("api-key", b"\xff\xfe");
    tenant
        .stack
        .client()
        .send(&key)
        .refuses(401, "IR_01", UNAUTHENTICATED);
    let answer = tenant.send(&list().header("x-request-id", b"\xff\xfe"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    has_form(&json!(answer.header("x-request-id").unwrap()), UUID_V7);
}

#[test]
fn a_request_id_of_ten_kilobytes_is_not_echoed() {
    let tenant = Tenant::new();
    let answer = tenant.send(
        &tenant
            .request("GET", "/v2/customers/list")
            .header("x-request-id", "a".repeat(10_240)),
    );
    has_form(&json!(answer.header("x-request-id").unwrap()), UUID_V7);
    if answer.status != 200 {
        answer.refuses(answer.status, "IR_06", "Invalid request");
        assert!([400, 431].contains(&answer.status), "{}", answer.status);
    }
}
