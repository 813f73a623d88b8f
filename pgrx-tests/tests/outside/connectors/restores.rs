//! Root keys that are replaced, and databases that are restored: accounts, tokens and jobs go on.

use serde_json::{Value, json};
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::ADMIN;
use vault_tests::{Card, Stack, random};

use super::{Shop, create_connector};
use crate::backup::Backup;
use crate::support::{soon, soon_equal};

fn credentials(stack: &Stack, connector: &str) -> Vec<u8> {
    stack
        .superuser()
        .value(
            "select credentials from vault.connector_accounts where connector_id = $1",
            &[&connector],
        )
        .unwrap()
}

fn no_row_is_forged(stack: &Stack) {
    let forged: i64 = stack
        .session(ADMIN)
        .value("select count(*) from vault.forged_rows()", &[])
        .unwrap();
    assert_eq!(forged, 0);
}

/// Every job's next try is now.
fn hurry(stack: &Stack) {
    stack
        .superuser()
        .run("update vault.jobs set next_try_at = now() where state = 'waiting'")
        .unwrap();
}

#[test]
fn a_new_root_key_and_a_restored_dump_keep_accounts_tokens_and_jobs() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let (profile, settings) = (&shop.tenant.profile, shop.provider.stripe_settings());
    let key = &shop.provider.secret_key;
    let disabled = create_connector(&stack, profile, "stripe", &settings, key).unwrap();
    shop.admin("disable_connector", &disabled);
    let made = shop.store("multi_use");
    let token = shop.token(&made);
    shop.provider
        .behave(&json!({"status": 503, "retry_after": 3600}));
    let waiting: Vec<String> = (0..2).map(|_| shop.store("multi_use")).collect();
    for method in &waiting {
        soon("its first try is over", || {
            shop.jobs(method)[0].error.is_some()
        });
    }

    // The root key is replaced, and the old one goes.
    let sealed = [&shop.connector, &disabled].map(|id| credentials(&stack, id));
    let new_key = format!("{}\n", random::digits(64));
    stack.restart_with_root_keys(&format!("{new_key}{}", stack.root_keys()));
    shop.admin_value("rewrap_data_keys()");
    let resealed = [&shop.connector, &disabled].map(|id| credentials(&stack, id));
    assert!(sealed.iter().zip(&resealed).all(|(old, new)| old != new));
    stack.restart_with_root_keys(&new_key);
    no_row_is_forged(&stack);
    shop.provider.behave_well();
    hurry(&stack);
    let at_sql = |method: &str| -> Value {
        let role = shop.tenant.role(&["vault_client"]);
        let mut sql = stack.session(&role);
        sql.call("retrieve_payment_method($1)", &[&method]).unwrap()["connector_tokens"].clone()
    };
    for method in &waiting {
        soon("its token is made", || at_sql(method) != Value::Null);
    }
    assert_eq!(at_sql(&made), json!([token]));
    shop.admin("enable_connector", &disabled);

    // One more waits, and is in the dump; so is the order of a deletion.
    shop.provider
        .behave(&json!({"status": 503, "retry_after": 3600}));
    let mut sql = shop.tenant.sql();
    let create = shop.order(&Card::new(), "multi_use");
    let last = sql.call("create_payment_method($1)", &[&create]).unwrap();
    let last = last["id"].as_str().unwrap();
    sql.call("delete_payment_method($1)", &[&waiting[0]])
        .unwrap();
    drop(sql);
    soon("the first try is over", || {
        shop.jobs(last)[0].error.is_some()
    });
    Backup::of(&stack).restore_into_a_new_cluster(&stack);
    no_row_is_forged(&stack);
    let before = shop.provider.state()["tokens_made"].clone();
    shop.provider.behave_well();
    hurry(&stack);
    soon("its token is made", || at_sql(last) != Value::Null);
    assert_eq!(at_sql(&made), json!([token]));
    soon_equal("the token of the deleted method is deleted", &1, || {
        shop.provider.state()["deleted"].clone()
    });
    assert_eq!(
        shop.provider.state()["tokens_made"],
        before.as_u64().unwrap() + 1
    );
    assert_eq!(shop.provider.state()["customers"], 1);
    shop.has_one_token_per_order();

    // A host that is struck off the list is not called any more.
    let requests = shop.provider.state()["requests"].clone();
    let named: String = stack
        .superuser()
        .value("select current_setting('vault.connector_hosts')", &[])
        .unwrap();
    stack.restart_with_settings("vault.connector_hosts = 'api.stripe.com'");
    let struck_off = shop
        .tenant
        .sql()
        .call(
            "create_payment_method($1)",
            &[&shop.order(&Card::new(), "multi_use")],
        )
        .unwrap();
    let struck_off = struck_off["id"].as_str().unwrap();
    let job = shop.ended_job(struck_off);
    assert_eq!(job.outcome(), ("failed", Some("host_not_allowed"), None));
    assert_eq!(shop.provider.state()["requests"], requests);
    stack.restart_with_settings(&format!("vault.connector_hosts = '{named}'"));
    shop.admin("retry_token_job", &job.id);
    soon("its token is made", || at_sql(struck_off) != Value::Null);

    // With another root key the vault is sealed: nothing is sent.
    let requests = shop.provider.state()["requests"].clone();
    stack.restart_with_root_keys(&format!("{}\n", random::digits(64)));
    hurry(&stack);
    assert_eq!(shop.provider.state()["requests"], requests);
}
