//! MACs and the root key: its rotation, its loss.

use vault_tests::stack::PrivateStack;
use vault_tests::tenant::ADMIN;
use vault_tests::{Session, Stack, Tenant, random};

use super::{Planted, is_listed, is_told_of, is_unknown, opens};
use crate::support::http_answers;

/// Which root keys the MACs of the tables name, and how many rows each.
fn root_keys_of_macs(stack: &Stack) -> Vec<(Option<Vec<u8>>, i64)> {
    stack
        .superuser()
        .rows(
            "select substr(mac, 1, 8), count(*) from (
                 select mac from vault.merchants union all select mac from vault.profiles
                 union all select mac from vault.api_keys union all select mac from vault.role_bindings) m
             group by 1 order by 1",
            &[],
        )
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect()
}

fn bound(stack: &Stack, role: &str) -> Result<serde_json::Value, vault_tests::Refused> {
    stack.session(role).call("list_customers()", &[])
}

#[test]
fn a_new_root_key_vouches_for_what_the_old_one_did_and_for_nothing_else() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let role = tenant.role(&["vault_client"]);
    let customer = tenant.customer();
    let planted = Planted::new();
    stack
        .superuser()
        .run("alter table vault.api_keys alter mac drop not null")
        .unwrap();
    planted.plant(&tenant, "null");
    is_unknown(&tenant, &planted.key);
    is_told_of(&stack, "api_keys", &planted.key_id);
    let before = root_keys_of_macs(&stack);
    assert_eq!(before.len(), 2, "one root key, and none: {before:?}");

    let (old, new) = (stack.root_keys(), format!("{}\n", random::digits(64)));
    stack.restart_with_root_keys(&format!("{new}{old}"));
    connected(&tenant);
    opens(&tenant, &tenant.key);
    bound(&stack, &role).unwrap();
    assert_eq!(root_keys_of_macs(&stack), before);
    let mut admin: Session = stack.session(ADMIN);
    admin
        .execute("select vault.rewrap_data_keys()", &[])
        .unwrap();
    let notices = admin.notices();
    assert!(
        notices.iter().any(
            |notice| notice.message == "1 row was not written by the vault, and stays as it is"
        ),
        "{notices:?}"
    );
    drop(admin);
    let after = root_keys_of_macs(&stack);
    assert_eq!(after.len(), 2, "{after:?}");
    assert!(
        before
            .iter()
            .all(|(key, _)| key.is_none() || !after.iter().any(|(other, _)| other == key))
    );

    stack.restart_with_root_keys(&new);
    connected(&tenant);
    opens(&tenant, &tenant.key);
    assert_eq!(tenant.get(&format!("/v2/customers/{customer}")).status, 200);
    bound(&stack, &role).unwrap();
    let (revoked, revoked_key) = tenant.new_key(&[]);
    tenant
        .admin()
        .execute("select vault.revoke_api_key($1)", &[&revoked])
        .unwrap();
    is_unknown(&tenant, &revoked_key);
    is_unknown(&tenant, &planted.key);
    is_listed(&stack, "api_keys", &planted.key_id);
}

#[test]
fn without_the_root_key_that_vouches_for_a_row_the_vault_is_sealed() {
    const SEALED: (&str, &str) = (
        "55000",
        "vault is sealed: the root key is not the one this database was sealed with",
    );
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let (key_id, _) = tenant.new_key(&[]);
    let role = tenant.role(&["vault_client"]);
    stack.restart_with_root_keys(&format!("{}\n", random::digits(64)));

    assert_eq!(bound(&stack, &role).unwrap_err().pair(), SEALED);
    let mut admin = stack.session(ADMIN);
    for (call, argument) in [
        ("create_merchant($1)", "another"),
        ("create_profile($1, 'another')", &tenant.merchant),
        ("create_api_key($1, 'another')", &tenant.merchant),
        ("revoke_api_key($1)", &key_id),
        ("bind_role('vault_app', $1)", &tenant.profile),
    ] {
        let refused = admin.execute(&format!("select vault.{call}"), &[&argument]);
        assert_eq!(refused.unwrap_err().pair(), SEALED, "{call}");
    }
    let reason: String = admin
        .value(
            "select reason from vault.forged_rows() where row_id = $1",
            &[&key_id],
        )
        .unwrap();
    assert_eq!(reason, "the server lacks the root key that made its MAC");
    // Nobody is told of a forgery: there is none.
    let events: i64 = stack
        .superuser()
        .value(
            "select count(*) from vault.audit_log where event = 'row.forged'",
            &[],
        )
        .unwrap();
    assert_eq!(events, 0);
}

fn connected(tenant: &Tenant) {
    http_answers(tenant);
}
