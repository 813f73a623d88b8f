//! Settings of the server, of a role and of a database.

use vault_tests::stack::PrivateStack;

use super::{findings, found, run};
use crate::audit_months::wait_for_months;
use crate::support::soon_equal;

/// A setting of the server, a value that it should not have, and the finding.
const OF_THE_SERVER: [(&str, &str, &str, &str); 18] = [
    (
        "log_parameter_max_length",
        "-1",
        "parameters_logged",
        "critical",
    ),
    (
        "log_parameter_max_length_on_error",
        "10",
        "parameters_logged",
        "critical",
    ),
    ("debug_print_parse", "on", "statements_logged", "critical"),
    (
        "debug_print_rewritten",
        "on",
        "statements_logged",
        "critical",
    ),
    ("debug_print_plan", "on", "statements_logged", "critical"),
    ("log_statement", "ddl", "statements_logged", "warning"),
    (
        "log_min_duration_statement",
        "1h",
        "statements_logged",
        "warning",
    ),
    (
        "log_min_duration_sample",
        "1h",
        "statements_logged",
        "warning",
    ),
    (
        "log_transaction_sample_rate",
        "0.01",
        "statements_logged",
        "warning",
    ),
    (
        "log_min_error_statement",
        "error",
        "statements_logged",
        "warning",
    ),
    (
        "log_error_verbosity",
        "default",
        "statements_logged",
        "warning",
    ),
    (
        "pg_stat_statements.track_utility",
        "on",
        "statements_kept",
        "warning",
    ),
    ("fsync", "off", "not_durable", "critical"),
    ("full_page_writes", "off", "not_durable", "critical"),
    ("synchronous_commit", "off", "not_durable", "warning"),
    (
        "ignore_checksum_failure",
        "on",
        "damage_unnoticed",
        "warning",
    ),
    ("zero_damaged_pages", "on", "damage_unnoticed", "warning"),
    ("password_encryption", "md5", "weak_passwords", "warning"),
];

/// Settings of a role. Those of extensions are found whether or not the extension is there.
const OF_A_ROLE: [(&str, &str, &str, &str); 8] = [
    (
        "log_parameter_max_length",
        "100",
        "parameters_logged",
        "critical",
    ),
    (
        "pgaudit.log_parameter",
        "on",
        "parameters_logged",
        "critical",
    ),
    (
        "auto_explain.log_parameter_max_length",
        "100",
        "parameters_logged",
        "critical",
    ),
    (
        "auto_explain.log_min_duration",
        "0",
        "statements_logged",
        "warning",
    ),
    ("pgaudit.log", "write", "statements_logged", "warning"),
    ("pg_qualstats.enabled", "on", "statements_kept", "warning"),
    (
        "pg_stat_monitor.pgsm_normalized_query",
        "off",
        "statements_kept",
        "warning",
    ),
    ("synchronous_commit", "off", "not_durable", "warning"),
];

#[test]
fn settings_that_show_or_lose_data_are_found_and_the_hints_put_them_right() {
    let stack = PrivateStack::start();
    wait_for_months(&mut stack.superuser());
    let mut superuser = stack.superuser();
    let mut expected = Vec::new();
    for (setting, value, name, severity) in OF_THE_SERVER {
        let change = format!("alter system set {setting} = '{value}'");
        run(&mut superuser, &[&change]);
        expected.push(found(name, severity, setting));
    }
    for (setting, value, name, severity) in OF_A_ROLE {
        let change = format!("alter role vault_app set {setting} = '{value}'");
        run(&mut superuser, &[&change]);
        expected.push(found(
            name,
            severity,
            &format!("{setting} of role vault_app"),
        ));
    }
    expected
        .sort_by_key(|(name, severity, object)| (severity.clone(), name.clone(), object.clone()));
    run(&mut superuser, &["select pg_reload_conf()"]);
    soon_equal("all of them are found", &expected, || {
        findings(&stack, "vault_dba")
    });

    let hints = stack
        .session("vault_dba")
        .rows("select hint from vault.check()", &[]);
    for hint in hints.unwrap() {
        run(&mut superuser, &[hint.get(0)]);
    }
    run(&mut superuser, &["select pg_reload_conf()"]);
    soon_equal("all of them are right", &Vec::new(), || {
        findings(&stack, "vault_dba")
    });
}

#[test]
fn a_setting_counts_for_the_role_and_the_database_that_it_is_made_for() {
    let stack = PrivateStack::start();
    wait_for_months(&mut stack.superuser());
    let mut superuser = stack.superuser();
    for (statement, object) in [
        (
            "alter role vault_app in database vault set log_statement = 'all'",
            "log_statement of role vault_app in database vault",
        ),
        (
            "alter role all set log_statement = 'all'",
            "log_statement of all roles",
        ),
        (
            "alter database vault set log_statement = 'all'",
            "log_statement of all roles in database vault",
        ),
        // The session that asks has the setting itself, and it is found once all the same.
        (
            "alter role vault_dba set log_statement = 'all'",
            "log_statement of role vault_dba",
        ),
    ] {
        run(&mut superuser, &[statement]);
        assert_eq!(
            findings(&stack, "vault_dba"),
            [found("statements_logged", "warning", object)],
            "{statement}"
        );
        let undo = statement.replace("set log_statement = 'all'", "reset log_statement");
        run(&mut superuser, &[&undo]);
    }
    // What superusers do is no card data, and another database no business of this vault.
    run(
        &mut superuser,
        &[
            "create database another",
            "alter role postgres set log_statement = 'all'",
            "alter database another set log_statement = 'all'",
            "alter role vault_app in database another set log_statement = 'all'",
        ],
    );
    assert_eq!(findings(&stack, "vault_dba"), []);
    // A setting that the asking session has made for itself alone is not the server's.
    let mut session = stack.session("vault_dba");
    session.run("set synchronous_commit = off").unwrap();
    assert_eq!(
        session
            .rows("select * from vault.check()", &[])
            .unwrap()
            .len(),
        0
    );
}
