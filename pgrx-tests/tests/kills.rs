//! What docker/test and docker/test-failover need of a program: a load while they kill the database's server, and a look at what is
//! left afterwards.
//!
//! The servers do not belong to this program, so it waits for the kills. It says `load 1`, `load 2`, … when the vault answers
//! again and there is something to lose.

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vault_tests::tenant::customer;
use vault_tests::{Card, Tenant, random};

const CLIENTS: usize = 8;

/// How many payment methods make it worth while to kill.
const SOMETHING_TO_LOSE: usize = 200;

/// How long all kills may take. It only ends a run that hangs.
const PATIENCE: Duration = Duration::from_secs(600);

/// A payment method that the vault has acknowledged, and what may have become of it.
struct Method {
    id: String,
    card: Card,
    /// The name that was acknowledged last, and then the names of updates without an answer.
    names: Vec<Value>,
    /// Whether a delete was sent, and whether it was acknowledged.
    deleted: Option<bool>,
}

/// What the clients share.
#[derive(Default)]
struct Load {
    methods: Mutex<Vec<Method>>,
    /// Writes that were acknowledged since the last failure.
    since_failure: AtomicUsize,
    failures: AtomicUsize,
    outage: Mutex<Outage>,
    reads: AtomicUsize,
    failed_reads: AtomicUsize,
    is_over: AtomicBool,
}

/// For how long nobody could write.
#[derive(Default)]
struct Outage {
    last_success: Option<Instant>,
    longest: Duration,
}

impl Outage {
    fn end(&mut self) {
        let now = Instant::now();
        if let Some(last) = self.last_success.replace(now) {
            self.longest = self.longest.max(now - last);
        }
    }
}

impl Load {
    /// Notes whether a request was carried out.
    fn note(&self, status: u16) -> bool {
        if status == 200 {
            self.outage.lock().unwrap().end();
            self.since_failure.fetch_add(1, Ordering::Relaxed);
        } else {
            self.failures.fetch_add(1, Ordering::Relaxed);
            self.since_failure.store(0, Ordering::Relaxed);
        }
        status == 200
    }

    /// Reads the customer, creates payment methods, updates a half of them and deletes a quarter.
    fn run(&self, tenant: &Tenant, person: &str) {
        while !self.is_over.load(Ordering::Relaxed) {
            self.read(tenant, person);
            let card = Card::new();
            let answer = tenant.post("/v2/payment-methods", &card.create_for(person));
            if !self.note(answer.status) {
                continue;
            }
            let mut method = Method {
                id: answer.id(),
                card,
                names: vec![Value::Null],
                deleted: None,
            };
            if fastrand::bool() {
                self.update(tenant, &mut method);
            }
            if fastrand::u8(..4) == 0 {
                let path = format!("/v2/payment-methods/{}", method.id);
                method.deleted = Some(self.note(tenant.delete(&path).status));
            }
            self.methods.lock().unwrap().push(method);
        }
    }

    fn read(&self, tenant: &Tenant, person: &str) {
        let count = match tenant.get(&format!("/v2/customers/{person}")).status {
            200 => &self.reads,
            _ => &self.failed_reads,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn update(&self, tenant: &Tenant, method: &mut Method) {
        let name = json!(random::name("card"));
        let path = format!(
            "/v2/payment-methods/{}/update-saved-payment-method",
            method.id
        );
        let body = json!({"payment_method_data": {"card": {"nick_name": name}}});
        if self.note(tenant.put(&path, &body).status) {
            method.names.clear();
        }
        method.names.push(name);
    }

    /// Waits until there is something to lose: at once, or after further failures than those before. Gives the number of failures.
    fn wait(&self, failures_before: Option<usize>) -> usize {
        let end = Instant::now() + PATIENCE;
        loop {
            let failures = self.failures.load(Ordering::Relaxed);
            let answers = self.since_failure.load(Ordering::Relaxed) > SOMETHING_TO_LOSE;
            if answers && failures_before.is_none_or(|before| failures > before) {
                return failures;
            }
            assert!(Instant::now() < end, "the vault does not answer again");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn what_was_acknowledged_survives_kills() {
    let kills: usize = env::var("VAULT_KILLS").map_or(1, |kills| kills.parse().unwrap());
    let tenant = Tenant::new();
    let person = tenant.post("/v2/customers", &customer()).id();
    let load = Load::default();

    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| load.run(&tenant, &person));
        }
        let mut failures = None;
        for number in 1..=kills + 1 {
            failures = Some(load.wait(failures));
            println!("load {number}");
        }
        load.is_over.store(true, Ordering::Relaxed);
    });

    let failures = load.failures.into_inner();
    let methods = load.methods.into_inner().unwrap();
    for method in &methods {
        is_as_acknowledged(&tenant, method);
    }
    println!(
        "{kills} kills, {failures} writes without success, none for {:.0} seconds at the longest",
        load.outage.into_inner().unwrap().longest.as_secs_f64()
    );
    let failed_reads = load.failed_reads.into_inner();
    println!(
        "{} reads, and {failed_reads} without success",
        load.reads.into_inner()
    );
    // Where replicas answer reads, few of them fail.
    if let Ok(limit) = env::var("VAULT_FAILED_READS") {
        assert!(failed_reads <= limit.parse().unwrap());
    }
    println!("{} payment methods acknowledged, 0 lost", methods.len());
}

/// Checks that a payment method is there as its last answer said, or gone if a delete was sent.
#[track_caller]
fn is_as_acknowledged(tenant: &Tenant, method: &Method) {
    let path = format!("/v2/payment-methods/{}?fetch_raw_detail=true", method.id);
    let answer = tenant.send(&tenant.revealing("GET", &path));
    if answer.status == 404 {
        assert!(method.deleted.is_some(), "{} is lost", method.id);
        return;
    }
    let body = answer.ok();
    assert_ne!(method.deleted, Some(true), "{} is back", method.id);
    assert_eq!(
        body["raw_payment_method_data"]["card"]["card_number"],
        method.card.number
    );
    let name = &body["payment_method_data"]["card"]["nick_name"];
    assert!(method.names.contains(name), "{}: {name}", method.id);
}
