//! The vault's own roles, which nobody else may be: what is wrong with them is no installation, and is told.

use vault_tests::stack::PrivateStack;
use vault_tests::{Session, Stack};

use crate::support::soon;

/// What makes a role more than it should be, how it is called, and how it is put right.
const WRONG: [(&str, &str, &str); 12] = [
    (
        "grant vault_operator to somebody",
        "vault_operator has the member somebody",
        "REVOKE vault_operator FROM somebody",
    ),
    (
        "grant vault_worker to somebody",
        "vault_worker has the member somebody",
        "REVOKE vault_worker FROM somebody",
    ),
    (
        "grant vault_api to somebody",
        "vault_api has the member somebody",
        "REVOKE vault_api FROM somebody",
    ),
    (
        "grant vault_authenticator to somebody",
        "vault_authenticator has the member somebody",
        "REVOKE vault_authenticator FROM somebody",
    ),
    (
        "grant somebody to vault_operator",
        "vault_operator is a member of somebody",
        "REVOKE somebody FROM vault_operator",
    ),
    (
        "grant pg_read_server_files to vault_authenticator",
        "vault_authenticator is a member of pg_read_server_files",
        "REVOKE pg_read_server_files FROM vault_authenticator",
    ),
    (
        "alter role vault_operator bypassrls",
        "vault_operator has the attribute BYPASSRLS",
        "ALTER ROLE vault_operator NOBYPASSRLS",
    ),
    (
        "alter role vault_worker login",
        "vault_worker has the attribute LOGIN",
        "ALTER ROLE vault_worker NOLOGIN",
    ),
    (
        "alter role vault_authenticator createrole",
        "vault_authenticator has the attribute CREATEROLE",
        "ALTER ROLE vault_authenticator NOCREATEROLE",
    ),
    (
        "alter role vault_operator set search_path = public",
        "vault_operator has a setting of search_path",
        "ALTER ROLE vault_operator RESET search_path",
    ),
    (
        "alter role vault_api in database another set work_mem = '1MB'",
        "vault_api has a setting of work_mem",
        "ALTER ROLE vault_api IN DATABASE another RESET work_mem",
    ),
    (
        "alter role vault_authenticator set log_parameter_max_length = -1",
        "vault_authenticator has a setting of log_parameter_max_length",
        "ALTER ROLE vault_authenticator SET log_parameter_max_length = '0'",
    ),
];

fn findings(session: &mut Session) -> Vec<(String, String)> {
    session
        .rows(
            "select role_name || ' ' || finding, remedy from vault.role_findings()",
            &[],
        )
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect()
}

#[test]
fn nothing_is_wrong_after_an_installation() {
    assert_eq!(findings(&mut Stack::shared().session("vault_audit")), []);
}

#[test]
fn it_is_not_installed_where_somebody_else_may_be_one_of_its_roles() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    superuser.run("create database another").unwrap();
    superuser.run("create role somebody").unwrap();
    let mut another = stack.database("another").superuser();
    let mut admin = stack.session("vault_dba");
    for (change, finding, remedy) in WRONG {
        superuser.run(change).unwrap();
        let refused = another.run("create extension vault").unwrap_err();
        let message = format!("the role {finding}");
        assert_eq!(refused.pair(), ("42710", message.as_str()), "{change}");
        assert!(
            refused.rest.contains(&format!("{finding}: {remedy}")),
            "{refused:?}"
        );
        let found = [(finding.to_owned(), remedy.to_owned())];
        assert_eq!(findings(&mut admin), found, "{change}");

        superuser.run(remedy).unwrap();
        assert_eq!(findings(&mut admin), [], "{remedy}");
    }
    // PostgREST may log in by a password, and wait for as long as it likes.
    superuser
        .run("alter role vault_authenticator password 'a password'; alter role vault_authenticator set lock_timeout = '1s'")
        .unwrap();
    another.run("create extension vault").unwrap();
    assert_eq!(findings(&mut another), []);
}

#[test]
fn what_is_wrong_with_its_roles_is_told_at_the_next_start() {
    let stack = PrivateStack::start();
    let (change, finding, remedy) = WRONG[0];
    let mut superuser = stack.superuser();
    superuser
        .run("create role somebody login createrole")
        .unwrap();
    // PostgreSQL 15 lets a role with CREATEROLE do it. Later ones ask for the right to administer the other role.
    let tried = stack.session("somebody").run(change);
    if superuser.postgresql_version() >= 16 {
        assert_eq!(tried.unwrap_err().sqlstate, "42501");
        superuser.run(change).unwrap();
    } else {
        tried.unwrap();
    }
    drop(superuser);
    let logged = stack.log().len();
    stack.stop();
    stack.restart();
    soon("the finding is in the audit log", || {
        stack
            .session("vault_audit")
            .value::<bool>(
                "select exists (select from vault.audit_log where event = 'role.unsafe' and object_id = $1)",
                &[&finding],
            )
            .unwrap()
    });
    let log = stack.log().split_off(logged);
    let warning = format!("WARNING:  the role {finding}; to fix it: {remedy}");
    assert!(log.contains(&warning), "{log}");
}
