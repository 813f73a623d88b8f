//! No setting that a client can name chooses its profile.

use serde_json::json;
use vault_tests::Session;
use vault_tests::tenant::login_role;

use super::Owner;
use crate::support::NO_CUSTOMER;

/// Every name a client can set: the server's, the vault's, what PostgREST sets, and what others would have used.
fn settings(superuser: &mut Session) -> Vec<String> {
    let known = superuser.rows("select name from pg_settings", &[]).unwrap();
    let invented = [
        "vault.profile_id",
        "vault.profile",
        "vault.current_profile",
        "vault.tenant",
        "vault.merchant_id",
        "vault.api_key",
        "vault.role",
        "app.profile_id",
        "app.current_profile",
        "app.tenant_id",
        "request.headers",
        "request.jwt.claims",
        "request.jwt.claim.role",
        "request.header.x-profile-id",
        "request.header.api-key",
        "request.profile_id",
        "request.method",
        "request.path",
        "role",
        "session_authorization",
    ];
    let names: Vec<String> = known.iter().map(|row| row.get(0)).collect();
    names
        .into_iter()
        .chain(invented.map(str::to_owned))
        .collect()
}

#[test]
fn a_client_that_sets_everything_it_can_name_acts_for_nobody() {
    let b = Owner::new();
    let names = settings(&mut b.tenant.stack.superuser());
    assert!(names.len() > 300, "the server has settings");
    let mut client = b.tenant.stack.session(&login_role(
        &b.tenant.stack,
        &["vault_client", "vault_reveal"],
    ));
    let headers =
        json!({"x-profile-id": b.tenant.profile, "x-vault-customer-id": b.customer}).to_string();

    let mut set = 0;
    for name in &names {
        for value in [&b.tenant.profile, &headers] {
            set += usize::from(
                client
                    .execute("select set_config($1, $2, false)", &[name, value])
                    .is_ok(),
            );
        }
    }

    assert!(set > 15, "only {set} settings could be set");
    client
        .run("set search_path to default; set role none")
        .unwrap();
    assert_eq!(
        client
            .value::<Option<String>>("select vault.current_profile()", &[])
            .unwrap(),
        None
    );
    for (operation, id) in [
        ("retrieve_customer($1)", &b.customer),
        ("retrieve_payment_method($1, true)", &b.method),
    ] {
        assert_eq!(
            client.call(operation, &[id]).unwrap_err().sqlstate,
            "28000",
            "{operation}"
        );
    }
    assert_eq!(
        client.call("list_customers()", &[]).unwrap_err().sqlstate,
        "28000"
    );
    assert_eq!(
        client
            .value::<String>("select vault.encrypt('x'::text)::text", &[])
            .unwrap_err()
            .sqlstate,
        "28000"
    );
}

#[test]
fn a_bound_role_that_sets_everything_it_can_name_stays_with_its_profile() {
    let b = Owner::new();
    let a = Owner::of(b.tenant.sibling());
    let names = settings(&mut b.tenant.stack.superuser());
    let mut role = a.tenant.sql();

    for name in &names {
        let _ = role.execute(
            "select set_config($1, $2, false)",
            &[name, &b.tenant.profile],
        );
    }

    let profile: Option<String> = role.value("select vault.current_profile()", &[]).unwrap();
    assert_eq!(profile.as_deref(), Some(a.tenant.profile.as_str()));
    assert_eq!(
        role.call("retrieve_customer($1)", &[&b.customer])
            .unwrap_err()
            .pair(),
        ("P0002", NO_CUSTOMER)
    );
    assert_eq!(
        role.call("retrieve_customer($1)", &[&a.customer]).unwrap()["id"],
        a.customer
    );
}
