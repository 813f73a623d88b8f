//! What an API key opens.

use std::thread::sleep;
use std::time::Duration;

use vault_tests::ledger::{self, Kind};
use vault_tests::tenant::login_role;
use vault_tests::{Session, Tenant};

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

const AUTHENTICATE: &str = "select vault.authenticate($1, $2)";

/// A session that has been let in with the key.
fn that_knows(tenant: &Tenant, key: &str) -> Session {
    let role = login_role(&tenant.stack, &["vault_client"]);
    let mut session = tenant.stack.session(&role);
    session
        .execute(AUTHENTICATE, &[&key, &tenant.profile])
        .unwrap();
    session
}

#[track_caller]
fn is_refused(session: &mut Session, tenant: &Tenant, key: &str) {
    let refused = session.execute(AUTHENTICATE, &[&key, &tenant.profile]);
    assert_eq!(refused.unwrap_err().pair(), ("28000", UNAUTHENTICATED));
}

#[test]
fn a_session_that_knows_a_key_refuses_it_once_it_is_revoked_even_in_an_older_transaction() {
    let tenant = Tenant::new();
    for begin in ["begin", "begin isolation level repeatable read"] {
        let (id, key) = tenant.new_key(&[]);
        let mut session = that_knows(&tenant, &key);
        session.run(begin).unwrap();
        session
            .execute(AUTHENTICATE, &[&key, &tenant.profile])
            .unwrap();

        tenant
            .admin()
            .execute("select vault.revoke_api_key($1)", &[&id])
            .unwrap();

        is_refused(&mut session, &tenant, &key);
    }
}

#[test]
fn a_session_that_knows_a_key_refuses_it_once_it_has_expired() {
    let tenant = Tenant::new();
    let create = "select api_key \
        from vault.create_api_key($1, 'for a moment', '{}', now() + interval '10 seconds')";
    let role = login_role(&tenant.stack, &["vault_client"]);
    let mut session = tenant.stack.session(&role);
    let mut admin = tenant.admin();
    let key: String = admin.value(create, &[&tenant.merchant]).unwrap();
    let key = ledger::record(Kind::Key, key);
    session
        .execute(AUTHENTICATE, &[&key, &tenant.profile])
        .unwrap();
    sleep(Duration::from_secs(10));
    is_refused(&mut session, &tenant, &key);
}

#[test]
fn a_session_that_knows_a_key_and_another_profile_of_its_merchant_knows_no_profile_of_others() {
    let (a, b) = (Tenant::new(), Tenant::new());
    let mut session = that_knows(&a, &a.key);
    session
        .execute(AUTHENTICATE, &[&a.key, &a.sibling().profile])
        .unwrap();
    is_refused(&mut session, &b, &a.key);
}

#[test]
fn a_key_whose_making_was_rolled_back_opens_nothing() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    for (begin, rollback) in [
        ("begin", "rollback"),
        ("begin; savepoint made", "rollback to made; commit"),
    ] {
        superuser.run(begin).unwrap();
        let key: String = superuser
            .value(
                "select api_key from vault.create_api_key($1, 'undone')",
                &[&tenant.merchant],
            )
            .unwrap();
        let key = ledger::record(Kind::Key, key);
        superuser
            .execute(AUTHENTICATE, &[&key, &tenant.profile])
            .unwrap();
        superuser.run(rollback).unwrap();
        is_refused(&mut superuser, &tenant, &key);
    }
}
