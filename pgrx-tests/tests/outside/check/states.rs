//! States of the whole server, each after a restart.

use std::time::Duration;

use vault_tests::stack::PrivateStack;
use vault_tests::{Tenant, random};

use super::{findings, found, run};
use crate::audit_months::wait_for_months;
use crate::support::{equal_within, soon_equal};

#[test]
fn a_server_that_cannot_use_its_keys_or_listens_in_clear_is_found() {
    let stack = PrivateStack::start();
    let (sealed, served) = (
        found("sealed", "critical", "vault.root_key_command"),
        found("not_preloaded", "critical", "shared_preload_libraries"),
    );
    stack.restart_with_settings("listen_addresses = '127.0.0.1, 0.0.0.0'");
    assert_eq!(
        findings(&stack, "vault_dba"),
        [found("network_in_clear", "critical", "listen_addresses")]
    );
    stack.restart_with_settings("listen_addresses = 'localhost'");
    assert_eq!(findings(&stack, "vault_dba"), []);

    let old = stack.root_keys();
    stack.restart_with_root_keys(&format!("{}\n", random::digits(64)));
    assert_eq!(findings(&stack, "vault_dba"), [sealed]);

    // The new root key has wrapped a key already, and the old one is gone too early.
    let new = format!("{}\n", random::digits(64));
    stack.restart_with_root_keys(&format!("{new}{old}"));
    Tenant::within(&stack);
    assert_eq!(findings(&stack, "vault_dba"), []);
    stack.restart_with_root_keys(&new);
    let found_then = findings(&stack, "vault_dba");
    assert!(
        found_then.contains(&found("keys_closed", "critical", "vault.data_keys")),
        "{found_then:?}"
    );
    assert!(
        found_then
            .iter()
            .all(|(name, ..)| ["keys_closed", "row_not_believed"].contains(&name.as_str())),
        "{found_then:?}"
    );
    stack.restart_with_root_keys(&format!("{new}{old}"));
    assert_eq!(findings(&stack, "vault_dba"), []);

    stack.restart_with_settings("shared_preload_libraries = 'pg_stat_statements'");
    assert_eq!(findings(&stack, "vault_dba"), [served]);
}

#[test]
fn processes_that_do_not_run_and_rows_that_wait_for_them_are_found() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    wait_for_months(&mut stack.superuser());
    stack.restart_with_settings("max_worker_processes = 0");
    assert_eq!(
        findings(&stack, "vault_dba"),
        [],
        "they may be about to start"
    );
    soon_equal("the refused attempt is counted", &401, || {
        let request = tenant
            .request("GET", "/v2/customers/list")
            .without("api-key");
        tenant.send(&request).status
    });
    let expected = vec![
        found("audit_rows_waiting", "critical", "vault.audit_log"),
        found("process_not_running", "critical", "vault tokens"),
        found("process_not_running", "critical", "vault vacuum"),
        found("process_not_running", "critical", "vault worker"),
    ];
    equal_within(
        Duration::from_secs(40),
        "nothing that should run does",
        &expected,
        || findings(&stack, "vault_dba"),
    );
    stack.restart_with_settings("max_worker_processes = 8");
    soon_equal("they run again", &Vec::new(), || {
        findings(&stack, "vault_dba")
    });
}

#[test]
fn a_cluster_without_checksums_is_found() {
    let stack = PrivateStack::start();
    stack.replace_cluster();
    stack.disable_checksums();
    let server = stack.database("postgres");
    run(&mut server.superuser(), &["create database vault"]);
    run(
        &mut stack.superuser(),
        &[
            "create extension vault",
            "create role vault_dba login in role vault_admin",
        ],
    );
    assert_eq!(
        findings(&stack, "vault_dba"),
        [found("damage_unnoticed", "warning", "data_checksums")]
    );
}
