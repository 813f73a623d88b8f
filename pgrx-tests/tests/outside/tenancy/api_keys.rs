//! What an API key opens.

use vault_tests::Tenant;
use vault_tests::tenant::login_role;

use super::Owner;
use crate::support::UNAUTHENTICATED;

#[test]
fn a_key_does_not_open_the_profile_of_another_merchant() {
    let (a, b) = (Tenant::new(), Owner::new());
    let own_key_and_their_profile = |path: &str| {
        let request = a
            .request("GET", path)
            .without("x-profile-id")
            .header("x-profile-id", &b.tenant.profile);
        a.stack.client().send(&request)
    };
    for path in [
        "/v2/customers/list".to_owned(),
        format!("/v2/customers/{}", b.customer),
        format!("/v2/payment-methods/{}", b.method),
    ] {
        own_key_and_their_profile(&path).refuses(401, "IR_01", UNAUTHENTICATED);
    }
    let role = login_role(&a.stack, &["vault_client"]);
    let refused = a.stack.session(&role).execute(
        "select vault.authenticate($1, $2)",
        &[&a.key, &b.tenant.profile],
    );
    assert_eq!(refused.unwrap_err().pair(), ("28000", UNAUTHENTICATED));
}

#[test]
fn an_api_key_that_may_reveal_does_not_make_a_role_that_may() {
    let b = Owner::new();
    let mut client = b.client();
    client.run("begin").unwrap();
    client
        .execute(
            "select vault.authenticate($1, $2)",
            &[&b.tenant.reveal_key, &b.tenant.profile],
        )
        .unwrap();
    let refused = client
        .call("retrieve_payment_method($1, true)", &[&b.method])
        .unwrap_err();
    assert_eq!(refused.sqlstate, "42501");
}

#[test]
fn a_revoked_key_is_refused_at_once() {
    let tenant = Tenant::new();
    let (id, key) = tenant.new_key(&[]);
    let request = tenant
        .request("GET", "/v2/customers/list")
        .without("api-key")
        .header("api-key", &key);
    tenant.send(&request).ok();

    tenant
        .admin()
        .execute("select vault.revoke_api_key($1)", &[&id])
        .unwrap();

    tenant
        .stack
        .client()
        .send(&request)
        .refuses(401, "IR_01", UNAUTHENTICATED);
}
