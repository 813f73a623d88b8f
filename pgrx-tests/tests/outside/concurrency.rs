//! Many clients at once.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::customer;
use vault_tests::{Answer, Card, Request, Session, Tenant, random};

use crate::support::{CUSTOMER_REDACTED, NO_PAYMENT_METHOD, http_answers, soon_equal};

const CLIENTS: usize = 40;
const REQUESTS: usize = 200;

/// A vault whose calls over HTTP wait for a row, and for a slow disk, as long as nginx waits for an answer. With the usual limits, a
/// call that waits too long is answered with 500, and on a busy machine some do. No other test takes connections of its pool.
fn patient_stack() -> PrivateStack {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    for limit in ["lock_timeout", "statement_timeout"] {
        let unlimited = format!("alter role vault_authenticator set {limit} = 0");
        superuser.run(&unlimited).unwrap();
    }
    drop(superuser);
    stack.stop();
    stack.restart();
    http_answers(&Tenant::within(&stack));
    stack
}

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
    let stack = patient_stack();
    let tenant = Tenant::within(&stack);
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
    let stack = patient_stack();
    let tenant = Tenant::within(&stack);
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
    let stack = patient_stack();
    for _ in 0..5 {
        let tenant = Tenant::within(&stack);
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
    let stack = patient_stack();
    let tenant = Tenant::within(&stack);
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
    let stack = patient_stack();
    let tenant = Tenant::within(&stack);
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

/// Sends all requests at once; gives the answers in their order.
fn at_once(tenant: &Tenant, requests: &[Request]) -> Vec<Answer> {
    let start = Barrier::new(requests.len());
    thread::scope(|scope| {
        let clients: Vec<_> = requests
            .iter()
            .map(|request| {
                scope.spawn(|| {
                    start.wait();
                    tenant.send(request)
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    })
}

/// A tenant with a customer whose default is a stored card.
struct WithDefault {
    tenant: Tenant,
    customer: String,
    card: Card,
    method: String,
}

impl WithDefault {
    fn of(tenant: &Tenant) -> WithDefault {
        let customer = tenant.customer();
        let card = Card::new();
        let this = WithDefault {
            method: tenant.store(&card, &customer),
            tenant: tenant.clone(),
            customer,
            card,
        };
        tenant.send(&this.set_default()).ok();
        this
    }

    fn set_default(&self) -> Request {
        let path = format!(
            "/v2/customers/{}/payment-methods/{}/default",
            self.customer, self.method
        );
        self.tenant.request("POST", path)
    }

    fn delete_method(&self) -> Request {
        let path = format!("/v2/payment-methods/{}", self.method);
        self.tenant.request("DELETE", path)
    }

    fn delete_customer(&self) -> Request {
        let path = format!("/v2/customers/{}", self.customer);
        self.tenant.request("DELETE", path)
    }

    fn store_again(&self) -> Request {
        self.tenant
            .request("POST", "/v2/payment-methods")
            .json(&self.card.create_for(&self.customer))
    }

    /// The default as it lies in the table, and the number of methods that are not redacted.
    fn lies_in_the_tables(&self) -> (Option<String>, i64) {
        let rows = self
            .tenant
            .stack
            .superuser()
            .rows(
                "select default_payment_method_id,
                        (select count(*) from vault.payment_methods p
                         where p.customer_id = c.customer_id and (p.status <> 'redacted' or p.instrument is not null))
                 from vault.customers c where customer_id = $1",
                &[&self.customer],
            )
            .unwrap();
        (rows[0].get(0), rows[0].get(1))
    }
}

/// The answer is 200, or a refusal that the contract has for what is gone.
#[track_caller]
fn is_regular(answer: &Answer) {
    if answer.status != 200 {
        let (code, _) = answer.refusal();
        assert!(
            matches!(
                (answer.status, code.as_str()),
                (400, "IR_11") | (404, "HE_02")
            ),
            "{} {}",
            answer.status,
            answer.text
        );
    }
}

#[test]
fn deletes_of_a_customer_and_its_default_among_creates_leave_nothing_behind() {
    let stack = patient_stack();
    let tenant = Tenant::within(&stack);
    for round in 0..15 {
        let one = WithDefault::of(&tenant);
        let mut requests = vec![
            one.delete_method(),
            one.delete_customer(),
            one.store_again(),
            one.store_again(),
            one.delete_method(),
            one.set_default(),
        ];
        fastrand::shuffle(&mut requests);

        let answers = at_once(&tenant, &requests);

        answers.iter().for_each(is_regular);
        assert_eq!(one.lies_in_the_tables(), (None, 0), "round {round}");
        tenant
            .send(&one.delete_customer())
            .refuses(400, "IR_11", CUSTOMER_REDACTED);
    }
}

#[test]
fn a_default_that_is_set_while_its_method_is_deleted_does_not_stay() {
    let stack = patient_stack();
    let tenant = Tenant::within(&stack);
    for round in 0..15 {
        let one = WithDefault::of(&tenant);
        let mut requests = vec![
            one.set_default(),
            one.delete_method(),
            one.set_default(),
            one.set_default(),
        ];
        fastrand::shuffle(&mut requests);

        let answers = at_once(&tenant, &requests);

        answers.iter().for_each(is_regular);
        assert_eq!(one.lies_in_the_tables(), (None, 0), "round {round}");
        let customer = tenant.get(&format!("/v2/customers/{}", one.customer)).ok();
        assert_eq!(customer["default_payment_method_id"], Value::Null);
    }
}

/// How many sessions wait for a lock that the session with this process holds.
fn waiting_for(observer: &mut Session, pid: i32) -> i64 {
    let count =
        "select count(*) from pg_locks l where not l.granted and $1 = any(pg_blocking_pids(l.pid))";
    observer.value(count, &[&pid]).unwrap()
}

#[test]
fn a_create_waits_for_a_delete_of_the_same_card_and_then_stores_it_anew() {
    let tenant = Tenant::new();
    let one = WithDefault::of(&tenant);
    let mut sql = tenant.sql();
    let pid: i32 = sql.value("select pg_backend_pid()", &[]).unwrap();
    let mut observer = tenant.stack.superuser();
    sql.run("begin").unwrap();
    sql.call("delete_payment_method($1)", &[&one.method])
        .unwrap();

    let id = thread::scope(|scope| {
        let create = scope.spawn(|| tenant.send(&one.store_again()));
        // The delete may yet be rolled back.
        soon_equal("the create waits for the delete", &1, || {
            waiting_for(&mut observer, pid)
        });
        sql.run("commit").unwrap();
        create.join().unwrap().id()
    });

    assert_ne!(id, one.method);
    tenant.get(&format!("/v2/payment-methods/{id}")).ok();
    assert_eq!(one.lies_in_the_tables(), (None, 1));
}
