//! What the vault has acknowledged outlives a crash of its database.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;
use vault_tests::card::misread;
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::customer;
use vault_tests::{Card, Tenant};

use crate::support::soon;

#[test]
fn what_was_acknowledged_survives_a_crash_and_what_was_refused_is_not_there() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let person = tenant.customer();
    let crashed = AtomicBool::new(false);
    let acknowledged: Mutex<Vec<(String, Card)>> = Mutex::default();

    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !crashed.load(Ordering::Relaxed) {
                    let good = Card::new();
                    let answer = tenant.post("/v2/payment-methods", &good.create_for(&person));
                    if answer.status == 200 {
                        acknowledged.lock().unwrap().push((answer.id(), good));
                    }
                    let bad = Card {
                        number: misread(&Card::new().number),
                        ..Card::new()
                    };
                    let refused = tenant.post("/v2/payment-methods", &bad.create_for(&person));
                    assert_ne!(refused.status, 200);
                }
            });
        }
        soon("there are creates to lose", || {
            acknowledged.lock().unwrap().len() > 40
        });
        stack.crash();
        crashed.store(true, Ordering::Relaxed);
    });
    stack.restart();

    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(
        acknowledged.len() > 20,
        "only {} creates before the crash",
        acknowledged.len()
    );
    let mut sql = stack.session(&tenant.role(&["vault_client", "vault_reveal"]));
    for (id, card) in &acknowledged {
        let body = sql
            .call("retrieve_payment_method($1, true)", &[id])
            .unwrap();
        assert_eq!(
            body["raw_payment_method_data"]["card"]["card_number"],
            card.number
        );
    }
    // Up to one create for each client was committed but not yet answered when the crash came.
    let mut superuser = stack.superuser();
    let stored: BTreeSet<String> = superuser
        .rows("select payment_method_id from vault.payment_methods", &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(
        stored.len() <= acknowledged.len() + 8,
        "{} stored, {} acknowledged",
        stored.len(),
        acknowledged.len()
    );
    let audited: i64 = superuser
        .value(
            "select count(*) from vault.audit_log where event = 'payment_method.create'",
            &[],
        )
        .unwrap();
    assert_eq!(
        usize::try_from(audited).unwrap(),
        stored.len(),
        "one row of the log for each"
    );
}

#[test]
fn deletes_survive_a_crash() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let person = tenant.post("/v2/customers", &customer()).id();
    let method = tenant.store(&Card::new(), &person);
    tenant.delete(&format!("/v2/payment-methods/{method}")).ok();

    stack.crash();
    stack.restart();

    let mut sql = stack.session(&tenant.role(&["vault_client"]));
    assert_eq!(
        sql.call("retrieve_payment_method($1)", &[&method])
            .unwrap_err()
            .sqlstate,
        "P0002"
    );
    assert_eq!(
        sql.call("list_payment_methods($1)", &[&person]).unwrap(),
        json!({"customer_payment_methods": []})
    );
}
