//! The tables under the functions.

use serde_json::json;
use vault_tests::tenant::login_role;
use vault_tests::{Session, Tenant};

use super::{Owner, as_api};
use crate::support::tables;

/// Every kind of role that logs in, or is reached by logging in.
fn everybody(tenant: &Tenant) -> Vec<(&'static str, Session)> {
    let stack = &tenant.stack;
    vec![
        ("a stranger", stack.session(&login_role(stack, &[]))),
        (
            "a client without a profile",
            stack.session(&login_role(stack, &["vault_client"])),
        ),
        ("a bound client", tenant.sql()),
        ("a bound client who may reveal", tenant.revealing_sql()),
        ("an administrator", stack.session("vault_dba")),
        ("an auditor", stack.session("vault_audit")),
        ("the API's login", stack.session("vault_authenticator")),
        ("the API", as_api(stack, &json!({}))),
    ]
}

#[test]
fn nobody_reads_or_writes_a_table_directly() {
    let tenant = Tenant::new();
    let tables = tables(&mut tenant.stack.superuser());
    // The BIN table is for who loads it, what holds no card data for the administrator, the log for the auditor.
    let given = |who: &str, table: &str, verb: &str| match (who, table) {
        ("an administrator", "card_bins") => true,
        ("an administrator", "merchants" | "profiles" | "role_bindings") => verb == "select",
        ("an auditor", "audit_log") => verb == "select",
        _ => false,
    };
    for (who, mut session) in everybody(&tenant) {
        for table in &tables {
            let statements = [
                (
                    "select",
                    format!("select t::text from vault.{table} t limit 0"),
                ),
                (
                    "insert",
                    format!("insert into vault.{table} default values"),
                ),
                (
                    "update",
                    format!(
                        "update vault.{table} set {} where false",
                        assignment(&tenant, table)
                    ),
                ),
                ("delete", format!("delete from vault.{table} where false")),
                ("truncate", format!("truncate vault.{table}")),
                ("copy", format!("copy vault.{table} to stdout")),
            ];
            for (verb, statement) in statements
                .iter()
                .filter(|(verb, _)| !given(who, table, verb))
            {
                let answer = if *verb == "copy" && given(who, table, "select") {
                    continue;
                } else {
                    session.run(statement)
                };
                assert_eq!(
                    answer.unwrap_err().sqlstate,
                    "42501",
                    "{who}: {verb} {statement}"
                );
            }
        }
    }
}

/// An assignment of a table's first column to itself.
fn assignment(tenant: &Tenant, table: &str) -> String {
    tenant
        .stack
        .superuser()
        .value(
            "select format('%I = %1$I', attname) from pg_attribute where attrelid = ('vault.' || $1)::regclass and attnum = 1",
            &[&table],
        )
        .unwrap()
}

#[test]
fn the_operator_itself_sees_only_the_profile_that_is_acted_for() {
    let b = Owner::new();
    let mut superuser = b.tenant.stack.superuser();
    superuser.run("set role vault_operator").unwrap();
    for table in [
        "customers",
        "payment_methods",
        "data_keys",
        "connector_tokens",
    ] {
        let rows: i64 = superuser
            .value(&format!("select count(*) from vault.{table}"), &[])
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[test]
fn api_keys_lie_in_no_table() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    for table in tables(&mut superuser) {
        for key in [&tenant.key, &tenant.reveal_key] {
            let found: i64 = superuser
                .value(
                    &format!("select count(*) from vault.{table} t where strpos(t::text, $1) > 0"),
                    &[key],
                )
                .unwrap();
            assert_eq!(found, 0, "{table}");
        }
    }
}
