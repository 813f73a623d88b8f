//! Clients and keys that ask for more than their share.

use std::iter;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;
use vault_tests::http::{Answer, Request};
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::unknown_key;
use vault_tests::{Session, Stack, Tenant};

use crate::support::UNAUTHENTICATED;

#[track_caller]
fn is_too_many(answer: &Answer) -> bool {
    if answer.status == 429 {
        answer.refuses(429, "IR_90", "Too many requests");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    answer.status == 429
}

/// How many of `count` requests are too many. A few are sent at a time, so that they come faster than the limit even on a busy machine.
fn refused_of(count: usize, send: impl Fn() -> Answer + Sync) -> usize {
    let left = AtomicUsize::new(count);
    let refused_of_one = || {
        let next = || left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        iter::from_fn(|| next().ok())
            .filter(|_| is_too_many(&send()))
            .count()
    };
    thread::scope(|scope| {
        let senders = [(); 4].map(|()| scope.spawn(refused_of_one));
        senders
            .into_iter()
            .map(|sender| sender.join().unwrap())
            .sum()
    })
}

fn list() -> Request {
    Request::new("GET", "/v2/customers/list")
}

#[test]
fn requests_without_a_key_are_soon_too_many_for_their_address_and_for_nobody_else() {
    let tenant = Tenant::new();
    let stranger = tenant.client.clone();
    stranger
        .send(&list())
        .refuses(401, "IR_01", UNAUTHENTICATED);

    let refused = refused_of(400, || stranger.send(&list()));
    assert!((100..400).contains(&refused), "{refused}");
    // With a key, from the same address; and without one, from another.
    tenant.get("/v2/customers/list").ok();
    let another = tenant.stack.client();
    another.send(&list()).refuses(401, "IR_01", UNAUTHENTICATED);
}

#[test]
fn an_address_that_asks_too_often_is_refused_whatever_keys_it_shows() {
    let stack = PrivateStack::start_with(&[("VAULT_REQUESTS_PER_SECOND", "20")]);
    let (one, other) = (Tenant::within(&stack), Tenant::within(&stack));

    let wrong = || one.client.send(&list().header("api-key", unknown_key()));
    let refused = refused_of(200, wrong);
    assert!(refused > 0, "{refused}");
    // The right keys elsewhere are untouched.
    assert_eq!(refused_of(15, || other.get("/v2/customers/list")), 0);
    let elsewhere = stack.client();
    let request = one.request("GET", "/v2/customers/list");
    assert_eq!(refused_of(15, || elsewhere.send(&request)), 0);
}

#[test]
fn a_key_that_asks_too_often_is_refused_wherever_it_comes_from_and_however_it_is_sent() {
    let stack = PrivateStack::start_with(&[("VAULT_REQUESTS_PER_SECOND", "20")]);
    let (one, other) = (Tenant::within(&stack), Tenant::within(&stack));
    let bare = list().header("x-profile-id", &one.profile);
    // What looks like another key with each request, and is none.
    let beside_others = || {
        let parts = format!(
            "x={}, y= {} , api-key={}",
            unknown_key(),
            unknown_key(),
            one.key
        );
        let request = bare.clone().header("authorization", parts);
        stack.client().send(&request)
    };
    let refused = refused_of(300, beside_others);
    assert!(refused > 0, "{refused}");
    let ways = [
        bare.clone().header("api-key", &one.key),
        bare.clone().header("authorization", &one.key),
        bare.clone()
            .header("authorization", format!("api-key={}", one.key)),
        bare.clone().header("api-key", format!("{0}, {0}", one.key)),
        bare.clone()
            .header("api-key", &one.key)
            .header("api-key", &one.key),
    ];
    let next = AtomicUsize::new(0);
    let from_anywhere = || {
        let way = next.fetch_add(1, Relaxed) % ways.len();
        stack.client().send(&ways[way])
    };
    let refused = refused_of(300, from_anywhere);
    assert!(refused > 0, "{refused}");
    assert_eq!(refused_of(15, || other.get("/v2/customers/list")), 0);
}

#[test]
fn who_waits_for_a_lock_waits_no_longer_than_about_a_second() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let path = format!("/v2/customers/{customer}");
    let change = json!({"name": "Augusta Ada King"});
    let mut holder = tenant.sql();
    hold(&mut holder, &customer);

    let asked = Instant::now();
    let answer = tenant.put(&path, &change);
    answer.refuses(500, "HE_00", "Something went wrong");
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "{:?}",
        asked.elapsed()
    );

    holder.run("rollback").unwrap();
    assert_eq!(tenant.put(&path, &change).ok()["name"], change["name"]);
}

#[test]
fn a_key_whose_requests_wait_for_a_lock_leaves_connections_to_other_keys() {
    let stack = PrivateStack::start();
    let (greedy, other) = (Tenant::within(&stack), Tenant::within(&stack));
    let customer = greedy.customer();
    let mut holder = greedy.sql();
    hold(&mut holder, &customer);

    // For the first of them PostgREST makes its connections, which takes the machine's time.
    all_wait(&stack, &greedy, &customer, || ());
    let mut slowest = Duration::ZERO;
    let answers = all_wait(&stack, &greedy, &customer, || {
        let asked = Instant::now();
        other.get("/v2/customers/list").ok();
        slowest = slowest.max(asked.elapsed());
    });
    println!("the slowest answer to another key after {slowest:?}");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    assert!(answers.iter().any(is_too_many), "{answers:?}");
}

/// 80 clients change the customer at once by one key, each from an address of its own. Does something else again and again
/// until all have their answers.
fn all_wait(
    stack: &Stack,
    tenant: &Tenant,
    customer: &str,
    mut meanwhile: impl FnMut(),
) -> Vec<Answer> {
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..80)
            .map(|_| scope.spawn(|| change_from_anywhere(stack, tenant, customer)))
            .collect();
        while !waiting.iter().all(ScopedJoinHandle::is_finished) {
            meanwhile();
        }
        waiting
            .into_iter()
            .map(|call| call.join().unwrap())
            .collect()
    })
}

fn change_from_anywhere(stack: &Stack, tenant: &Tenant, customer: &str) -> Answer {
    let request = tenant
        .request("PUT", format!("/v2/customers/{customer}"))
        .json(&json!({"name": "Augusta Ada King"}));
    let answer = stack.client().send(&request);
    assert!([429, 500].contains(&answer.status), "{answer:?}");
    answer
}

/// Locks the customer's row until the session's transaction ends.
fn hold(session: &mut Session, customer: &str) {
    session.run("begin").unwrap();
    let change = json!({"name": "Ada Lovelace"});
    session
        .call("update_customer($1, $2)", &[&customer, &change])
        .unwrap();
}
