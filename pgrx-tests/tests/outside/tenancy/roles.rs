//! What the roles of the API, of administrators and of applications cannot do.

use serde_json::{Value, json};
use vault_tests::sql::Parameter;
use vault_tests::{Tenant, random};

use super::{Owner, as_api};
use crate::support::UNAUTHENTICATED;

#[test]
fn the_apis_role_in_psql_needs_a_key_like_everybody() {
    let b = Owner::new();
    let a = Tenant::new();
    let call = |headers: Value, function: &str| -> Value {
        as_api(&b.tenant.stack, &headers)
            .value(&format!("select vault_api.{function}($1)"), &[&&b""[..]])
            .unwrap()
    };
    let headers = |key: Option<&str>| {
        json!({
            "x-profile-id": b.tenant.profile, "x-vault-customer-id": b.customer, "api-key": key,
            "x-vault-payment-method-id": b.method, "x-vault-client-address": random::address().to_string(),
        })
    };
    for function in [
        "retrieve_customer",
        "list_customers",
        "retrieve_payment_method",
        "delete_payment_method",
    ] {
        for key in [None, Some(a.key.as_str()), Some("dev_x")] {
            let refused = call(headers(key), function);
            assert_eq!(
                refused["error"]["message"], UNAUTHENTICATED,
                "{function} with {key:?}"
            );
        }
    }
    assert_eq!(
        call(headers(Some(&b.tenant.key)), "retrieve_customer")["id"],
        b.customer
    );
}

#[test]
fn the_apis_login_can_become_nothing_else_and_call_nothing_else() {
    let b = Owner::new();
    let mut login = b.tenant.stack.session("vault_authenticator");
    for role in [
        "vault_client",
        "vault_reveal",
        "vault_admin",
        "vault_auditor",
        "vault_operator",
        "postgres",
    ] {
        assert_eq!(
            login.run(&format!("set role {role}")).unwrap_err().sqlstate,
            "42501",
            "{role}"
        );
    }
    // Without `set role` it may not even call the API: it does not inherit.
    let refused = login
        .value::<Value>("select vault_api.list_customers('')", &[])
        .unwrap_err();
    assert_eq!(refused.sqlstate, "42501");

    let mut api = as_api(&b.tenant.stack, &json!({}));
    let calls: [(&str, Vec<Parameter>); 4] = [
        (
            "select vault.retrieve_customer($1)::text",
            vec![&b.customer],
        ),
        (
            "select vault.authenticate($1, $2)::text",
            vec![&b.tenant.key, &b.tenant.profile],
        ),
        ("select vault.create_merchant('m')", vec![]),
        ("select count(*)::text from vault.audit_log", vec![]),
    ];
    for (statement, parameters) in calls {
        assert_eq!(
            api.rows(statement, &parameters).unwrap_err().sqlstate,
            "42501",
            "{statement}"
        );
    }
}

#[test]
fn administrators_and_auditors_reach_no_card_data() {
    let b = Owner::new();
    for role in ["vault_dba", "vault_audit"] {
        let mut session = b.tenant.stack.session(role);
        for operation in [
            "retrieve_payment_method($1, true)",
            "retrieve_customer($1)",
            "list_payment_methods($1)",
        ] {
            assert_eq!(
                session.call(operation, &[&b.method]).unwrap_err().sqlstate,
                "42501",
                "{role}: {operation}"
            );
        }
        let refused = session.execute(
            "select vault.authenticate($1, $2)",
            &[&b.tenant.key, &b.tenant.profile],
        );
        assert_eq!(refused.unwrap_err().sqlstate, "42501", "{role}");
    }
}

#[test]
fn an_application_role_cannot_administer() {
    let tenant = Tenant::new();
    let mut role = tenant.revealing_sql();
    let calls: [(&str, Vec<Parameter>); 7] = [
        ("select vault.create_merchant('m')", vec![]),
        (
            "select vault.create_profile($1, 'p')",
            vec![&tenant.merchant],
        ),
        (
            "select api_key from vault.create_api_key($1, 'k', '{reveal}')",
            vec![&tenant.merchant],
        ),
        ("select vault.revoke_api_key('dev_x')::text", vec![]),
        (
            "select vault.bind_role(current_user, $1)::text",
            vec![&tenant.profile],
        ),
        ("select vault.unbind_role(current_user)::text", vec![]),
        ("select vault.clear_lockouts()::text", vec![]),
    ];
    for (statement, parameters) in calls {
        assert_eq!(
            role.rows(statement, &parameters).unwrap_err().sqlstate,
            "42501",
            "{statement}"
        );
    }
}
