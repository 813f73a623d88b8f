//! Many clients at once.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;
use vault_tests::tenant::customer;
use vault_tests::{Answer, Card, Request, Tenant, random};

use crate::support::{CUSTOMER_REDACTED, NO_PAYMENT_METHOD};

const CLIENTS: usize = 40;
const REQUESTS: usize = 200;

/// Sends the request 200 times over forty connections at once.
fn storm(tenant: &Tenant, request: &Request) -> Vec<Answer> {
    let start = Barrier::new(CLIENTS);
    let sent = AtomicUsize::new(0);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let mut answers = Vec::new();
                    while sent.fetch_add(1, Ordering::Relaxed) < REQUESTS {
                        answers.push(tenant.send(request));
                    }
                    answers
                })
            })
            .collect();
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    })
}

#[test]
fn two_hundred_creates_of_one_card_make_one_payment_method() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let card = Card::new();

    let answers = storm(
        &tenant,
        &tenant
            .request("POST", "/v2/payment-methods")
            .json(&card.create_for(&customer)),
    );

    assert_eq!(answers.len(), REQUESTS);
    let ids: BTreeSet<String> = answers.iter().map(Answer::id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let list = tenant
        .get(&format!("/v2/customers/{customer}/saved-payment-methods"))
        .ok();
    assert_eq!(
        list["customer_payment_methods"].as_array().unwrap().len(),
        1
    );
    let rows: i64 = tenant
        .stack
        .superuser()
        .value(
            "select count(*) from vault.payment_methods where customer_id = $1",
            &[&customer],
        )
        .unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn two_hundred_creates_of_one_reference_make_one_customer_and_199_refusals() {
    let tenant = Tenant::new();
    let mut person = customer();
    person["merchant_reference_id"] = json!(random::name("ref"));

    let answers = storm(
        &tenant,
        &tenant.request("POST", "/v2/customers").json(&person),
    );

    let (made, refused): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((made.len(), refused.len()), (1, REQUESTS - 1));
    for answer in refused {
        answer.refuses(
            400,
            "IR_12",
            "Customer with the given `customer_id` already exists",
        );
    }
    let rows: i64 = tenant
        .stack
        .superuser()
        .value(
            "select count(*) from vault.customers where profile_id = $1",
            &[&tenant.profile],
        )
        .unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn a_customer_deleted_among_creates_keeps_no_payment_method() {
    for _ in 0..5 {
        let tenant = Tenant::new();
        let customer = tenant.customer();
        let start = Barrier::new(CLIENTS / 4 + 1);

        let answers: Vec<Answer> = thread::scope(|scope| {
            let creators: Vec<_> = (0..CLIENTS / 4)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        (0..3)
                            .map(|_| {
                                tenant
                                    .post("/v2/payment-methods", &Card::new().create_for(&customer))
                            })
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            start.wait();
            tenant.delete(&format!("/v2/customers/{customer}")).ok();
            creators
                .into_iter()
                .flat_map(|creator| creator.join().unwrap())
                .collect()
        });

        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.refuses(400, "IR_11", CUSTOMER_REDACTED);
        }
        for answer in answers.iter().filter(|answer| answer.status == 200) {
            tenant
                .get(&format!("/v2/payment-methods/{}", answer.id()))
                .refuses(404, "HE_02", NO_PAYMENT_METHOD);
        }
        let left: i64 = tenant
            .stack
            .superuser()
            .value(
                "select count(*) from vault.payment_methods where customer_id = $1 and (status <> 'redacted' or instrument is not null)",
                &[&customer],
            )
            .unwrap();
        assert_eq!(left, 0);
    }
}

#[test]
fn a_method_deleted_by_many_is_deleted_once() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());

    let answers = storm(
        &tenant,
        &tenant.request("DELETE", format!("/v2/payment-methods/{id}")),
    );

    assert_eq!(
        answers.iter().filter(|answer| answer.status == 200).count(),
        1
    );
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refuses(400, "IR_11", "Payment method has already been redacted");
    }
}

#[test]
fn updates_at_once_lose_no_member() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let path = format!("/v2/customers/{customer}");
    for round in 0..5 {
        let updates = [
            json!({"name": format!("Name {round}")}),
            json!({"phone": format!("{round}")}),
            json!({"description": format!("Description {round}")}),
            json!({"metadata": {"round": round}}),
        ];
        let start = Barrier::new(updates.len());
        thread::scope(|scope| {
            for update in &updates {
                scope.spawn(|| {
                    start.wait();
                    tenant.put(&path, update).ok();
                });
            }
        });
        let body = tenant.get(&path).ok();
        for update in &updates {
            for (name, value) in update.as_object().unwrap() {
                assert_eq!(&body[name], value, "{name} in round {round}");
            }
        }
    }
}
