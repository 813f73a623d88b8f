//! The number of a profile's active payment methods.

use std::thread;
use std::time::Duration;

use serde_json::json;
use vault_tests::stack::PrivateStack;
use vault_tests::{Card, Tenant};

use super::{path, update_path};
use crate::support::equal_within;

fn total(tenant: &Tenant) -> i64 {
    let total = tenant.get("/v2/customers/total-payment-methods").ok();
    total["total_count"].as_i64().unwrap()
}

/// How many rows the number of the profile is the sum of.
fn summands(tenant: &Tenant) -> i64 {
    let sql = "select count(*) from vault.payment_method_counts where profile_id = $1";
    let mut superuser = tenant.stack.superuser();
    superuser.value(sql, &[&tenant.profile]).unwrap()
}

#[test]
fn a_payment_method_counts_while_it_is_active() {
    let tenant = Tenant::new();
    let (person, card) = (tenant.customer(), Card::new());
    let method = tenant.store(&card, &person);
    assert_eq!(total(&tenant), 1);
    let failed = json!({"acknowledgement_status": "failed"});

    assert_eq!(tenant.store(&card, &person), method);
    assert_eq!(total(&tenant), 1, "stored again");
    tenant.put(&update_path(&method), &failed).ok();
    assert_eq!(total(&tenant), 0, "inactive");
    tenant.put(&update_path(&method), &failed);
    assert_eq!(total(&tenant), 0, "still inactive");
    assert_eq!(tenant.store(&card, &person), method);
    assert_eq!(total(&tenant), 1, "active again");
    let name = json!({"payment_method_data": {"card": {"nick_name": "One"}}});
    tenant.put(&update_path(&method), &name).ok();
    assert_eq!(total(&tenant), 1, "updated");
    tenant.delete(&path(&method)).ok();
    assert_eq!(total(&tenant), 0, "deleted");
    assert_eq!(tenant.delete(&path(&method)).status, 400);
    assert_eq!(total(&tenant), 0, "still deleted");
}

#[test]
fn the_payment_methods_of_a_deleted_customer_no_longer_count() {
    let tenant = Tenant::new();
    let person = tenant.customer();
    let methods = [(); 3].map(|()| tenant.store(&Card::new(), &person));
    tenant.store(&Card::new(), &tenant.customer());
    tenant.delete(&path(&methods[0])).ok();
    let failed = json!({"acknowledgement_status": "failed"});
    tenant.put(&update_path(&methods[1]), &failed).ok();
    assert_eq!(total(&tenant), 2);

    tenant.delete(&format!("/v2/customers/{person}")).ok();

    assert_eq!(total(&tenant), 1);
}

#[test]
fn what_a_call_for_many_stores_counts() {
    let tenant = Tenant::new();
    let (person, card) = (tenant.customer(), Card::new());
    let cards = [card.clone(), Card::new(), card, Card::new()];
    let requests: Vec<_> = cards.iter().map(|card| card.create_for(&person)).collect();
    let mut sql = tenant.sql();
    let many = "select outcome from vault.create_payment_methods($1)";

    for _ in 0..2 {
        sql.execute(many, &[&requests.as_slice()]).unwrap();
        assert_eq!(total(&tenant), 3);
    }
}

#[test]
fn a_create_that_is_rolled_back_does_not_count() {
    let tenant = Tenant::new();
    let request = Card::new().create_for(&tenant.customer());
    let mut sql = tenant.sql();
    sql.run("begin; savepoint one").unwrap();
    sql.call("create_payment_method($1)", &[&request]).unwrap();
    sql.run("rollback to one; commit").unwrap();
    assert_eq!(total(&tenant), 0);
}

/// The worker adds up meanwhile.
#[test]
fn the_number_is_right_after_many_calls_at_once() {
    let tenant = Tenant::new();
    let stored: Vec<String> = thread::scope(|scope| {
        let client = || {
            let person = tenant.customer();
            let methods: Vec<_> = (0..40)
                .map(|_| tenant.store(&Card::new(), &person))
                .collect();
            for method in &methods[..10] {
                tenant.delete(&path(method)).ok();
            }
            methods
        };
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(client)).collect();
        let methods = clients.into_iter().map(|client| client.join().unwrap());
        methods.flatten().collect()
    });
    assert_eq!(stored.len(), 160);

    assert_eq!(total(&tenant), 120);
    let limit = Duration::from_secs(60);
    equal_within(limit, "one row is left", &1, || summands(&tenant));
    assert_eq!(total(&tenant), 120);
}

/// A plan for a table with many pages and one row may take the square of the time when the rows come.
#[test]
fn the_worker_adds_up_what_very_many_calls_have_counted() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let mut superuser = stack.superuser();
    for (rows, all) in [(50_000, 50_000), (100_000, 150_000)] {
        superuser
            .execute(
                "insert into vault.payment_method_counts (profile_id, active) select $1, 1 from generate_series(1, $2)",
                &[&tenant.profile, &rows],
            )
            .unwrap();
        let limit = Duration::from_secs(60);
        equal_within(limit, "one row is left", &1, || summands(&tenant));
        assert_eq!(total(&tenant), all);
        superuser
            .run("vacuum analyze vault.payment_method_counts")
            .unwrap();
    }
}
