//! Workers and servers that are killed: what was answered is not lost, and no order makes two tokens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use vault_tests::sandbox::SandboxProvider;
use vault_tests::stack::PrivateStack;
use vault_tests::{Card, Stack};

use super::{Shop, assert_one_token_per_order, audited, store_many};
use crate::support::{equal_within, soon, soon_equal};

const ORDERS: usize = 1000;

const SETTINGS: &str = "vault.connector_timeout = '1s'
vault.token_job_backoff = '20ms'
vault.token_job_attempts = 100";

/// A way to end the worker, or the server with it.
type Kill = fn(&PrivateStack);

/// The process that carries out jobs, if there is one.
fn worker(stack: &Stack) -> Option<i32> {
    let rows = stack.superuser().rows(
        "select pid from pg_stat_activity where backend_type = 'vault tokens' and datname = current_database()",
        &[],
    );
    rows.unwrap().first().map(|row| row.get(0))
}

fn worker_waited_for(stack: &Stack) -> i32 {
    let mut pid = None;
    soon("there is a worker", || {
        pid = worker(stack);
        pid.is_some()
    });
    pid.unwrap()
}

/// Kills the worker without a warning; the server then ends all sessions, and recovers.
fn kill_worker(stack: &PrivateStack) {
    stack.kill_backend(worker_waited_for(stack));
    stack.wait();
}

fn terminate_worker(stack: &PrivateStack) {
    let pid = worker_waited_for(stack);
    stack
        .superuser()
        .rows("select pg_terminate_backend($1)", &[&pid])
        .unwrap();
    soon("there is another worker", || {
        worker(stack).is_some_and(|new| new != pid)
    });
}

fn restart_at_once(stack: &PrivateStack) {
    stack.crash();
    stack.restart();
}

/// Misbehaves in one way after another, until it is told to stop.
fn misbehave(provider: &SandboxProvider, done: &AtomicBool) {
    let ways = [
        json!({"status": 503, "probability": 0.4}),
        json!({"hang_up": "before", "probability": 0.4}),
        json!({"status": 500, "carried_out": true, "probability": 0.4}),
        json!({"hang_up": "middle", "probability": 0.4}),
        json!({"nonsense": true, "probability": 0.4}),
        json!({"delay_ms": 300, "probability": 0.5}),
        json!({"status": 429, "probability": 0.4}),
        json!({"hang": true, "probability": 0.05}),
        json!({"without_token": true, "probability": 0.4}),
    ];
    for way in ways.iter().cycle() {
        if done.load(Ordering::Relaxed) {
            return;
        }
        provider.behave(way);
        // It waits for nothing: this is how long one way of misbehaving lasts.
        thread::sleep(Duration::from_millis(200));
    }
}

/// Ends the misbehaviour when it is dropped.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn count_done(stack: &Stack, shop: &Shop) -> i64 {
    stack
        .superuser()
        .value(
            "select count(*) from vault.jobs where connector_id = $1 and state = 'done'",
            &[&shop.connector],
        )
        .unwrap()
}

/// Waits until that many jobs are done, or none is left to do.
fn wait_for_done(stack: &Stack, shop: &Shop, count: i64) {
    let limit = Duration::from_secs(120);
    equal_within(limit, "the jobs are done", &count, || {
        count_done(stack, shop).min(count)
    });
}

/// The tokens of a profile's payment methods, by SQL.
fn tokens_of(shop: &Shop) -> Vec<Value> {
    let mut sql = shop.tenant.sql();
    let list = sql
        .call("list_payment_methods($1)", &[&shop.customer])
        .unwrap();
    let methods = list["customer_payment_methods"]
        .as_array()
        .unwrap_or_else(|| list.as_array().unwrap());
    methods
        .iter()
        .map(|method| method["connector_tokens"].clone())
        .collect()
}

/// A worker that starts waits for no client that holds what an earlier one has sent.
fn waits_for_nobody(stack: &PrivateStack, shop: &Shop) {
    let other = Shop::within(stack);
    other.provider.behave(&json!({"hang": true}));
    let method = other.store("single_use");
    soon_equal("it is sent", &1, || {
        other.provider.state()["requests"].clone()
    });
    let mut sql = other.tenant.sql();
    sql.run("begin").unwrap();
    sql.call("delete_payment_method($1)", &[&method]).unwrap();
    terminate_worker(stack);
    let method = shop.store("single_use");
    shop.token(&method);
    sql.run("commit").unwrap();
}

/// Commits that do not wait for the disk, as the owner of a database can have them: what they wrote is lost in a crash.
const ASYNCHRONOUS: &str = "synchronous_commit = off
wal_writer_delay = '10s'
vault.connector_timeout = '20s'";

/// The row in the audit log outlives a crash of the server, whatever `synchronous_commit` says.
fn sends_no_card_before_it_is_on_record(stack: &PrivateStack) {
    stack.restart_with_settings(ASYNCHRONOUS);
    let shop = Shop::within(stack);
    shop.provider.behave(&json!({"hang": true}));
    let method = shop.store("single_use");
    soon_equal("the card has arrived", &1, || {
        shop.provider.state()["requests"].clone()
    });
    stack.crash();
    shop.provider.behave_well();
    stack.restart();
    stack.wait();
    soon("the token is there", || {
        shop.tenant.get(&super::path(&method)).status == 200 && !shop.tokens(&method).is_empty()
    });
    assert_eq!(shop.provider.state()["requests"], 2);
    assert_eq!(audited(stack, "payment_method.send", &method), 2);
}

#[test]
fn a_thousand_orders_among_faults_and_kills_make_a_thousand_tokens() {
    let stack = PrivateStack::start();
    stack.restart_with_settings(SETTINGS);
    let shop = Shop::within(&stack);

    waits_for_nobody(&stack, &shop);

    // What was answered is not lost, however soon the server is killed.
    let card = Card::new();
    let method = shop.store_card(&card, "single_use");
    restart_at_once(&stack);
    stack.wait();
    soon("the token is there", || {
        shop.tenant.get(&super::path(&method)).status == 200 && !shop.tokens(&method).is_empty()
    });
    shop.has_one_token_per_order();

    let shop = Shop::of(shop.tenant.clone());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| misbehave(&shop.provider, &done));
        // Also when something goes wrong here, for the scope waits for its threads.
        let _end = End(&done);
        store_many(&shop, ORDERS / 2, "single_use");
        store_many(&shop, ORDERS / 2, "multi_use");
        for (jobs, kill) in [
            (50, kill_worker as Kill),
            (200, terminate_worker),
            (350, kill_worker),
            (500, restart_at_once),
            (650, kill_worker),
        ] {
            wait_for_done(&stack, &shop, jobs);
            kill(&stack);
        }
        wait_for_done(&stack, &shop, 900);
    });
    shop.provider.behave_well();
    wait_for_done(&stack, &shop, i64::try_from(ORDERS).unwrap());

    let state = shop.provider.state();
    assert_one_token_per_order(&state);
    assert_eq!(state["tokens_made"], json!(ORDERS));
    assert_eq!(state["customers"], 1);
    let tokens = tokens_of(&shop);
    assert_eq!(tokens.len(), ORDERS);
    assert!(
        tokens
            .iter()
            .all(|tokens| tokens.as_array().map(Vec::len) == Some(1))
    );
    let mut names: Vec<&str> = tokens
        .iter()
        .map(|tokens| tokens[0]["token"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ORDERS);

    sends_no_card_before_it_is_on_record(&stack);
}
