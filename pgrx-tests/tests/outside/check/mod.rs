//! `vault.check()`: nothing is wrong with a fresh vault, and each thing that can be wrong is found.

mod provoked;
mod settings;
mod states;

use vault_tests::stack::PrivateStack;
use vault_tests::{Session, Stack};

use crate::audit_months::wait_for_months;

/// A finding without its message and hint.
type Found = (String, String, String);

/// What `vault.check()` finds, as a role sees it in a new session.
fn findings(stack: &Stack, role: &str) -> Vec<Found> {
    let found = stack
        .session(role)
        .rows("select * from vault.check()", &[])
        .unwrap();
    let found: Vec<Vec<String>> = found
        .iter()
        .map(|row| (0..5).map(|column| row.get(column)).collect())
        .collect();
    for finding in &found {
        assert!(
            finding.iter().all(|text| !text.is_empty()),
            "a finding without an object, message or hint: {finding:?}"
        );
    }
    found
        .into_iter()
        .map(|mut finding| (finding.remove(0), finding.remove(0), finding.remove(0)))
        .collect()
}

fn found(name: &str, severity: &str, object: &str) -> Found {
    (name.to_owned(), severity.to_owned(), object.to_owned())
}

/// Runs statements one by one, because some of them may not stand in a transaction.
fn run(superuser: &mut Session, statements: &[&str]) {
    for statement in statements {
        superuser
            .run(statement)
            .unwrap_or_else(|refused| panic!("{statement}: {refused:?}"));
    }
}

#[test]
fn nothing_is_wrong_with_a_fresh_vault_and_administrators_and_auditors_may_ask() {
    let stack = PrivateStack::start();
    wait_for_months(&mut stack.superuser());
    for role in ["vault_dba", "vault_audit", "postgres"] {
        assert_eq!(findings(&stack, role), [], "{role}");
    }
    let refused = stack
        .session("vault_app")
        .rows("select * from vault.check()", &[])
        .unwrap_err();
    assert_eq!(refused.sqlstate, "42501");
    for part in ["state", "setting", "right", "object"] {
        let refused = stack
            .session("vault_dba")
            .rows(&format!("select * from vault.{part}_findings()"), &[])
            .unwrap_err();
        assert_eq!(refused.sqlstate, "42501", "{part}");
    }
}
