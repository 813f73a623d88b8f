//! Clients that create payment methods over HTTP, and remember what was acknowledged.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use vault_tests::{Card, Tenant};

use crate::nodes::Node;

const CLIENTS_OF_A_PROFILE: usize = 2;

/// How many payment methods of each profile are created before what happens, and after it.
const ENOUGH: usize = 50;

/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The clients of one profile.
pub struct Clients {
    pub node: usize,
    pub tenant: Tenant,
    person: String,
    acknowledged: Mutex<Vec<(String, Card)>>,
    successes: AtomicUsize,
    /// Status and text of each failure.
    pub failures: Mutex<Vec<String>>,
}

impl Clients {
    pub fn of(node: &Node, tenant: Tenant) -> Clients {
        Clients {
            node: node.number,
            person: tenant.customer(),
            tenant,
            acknowledged: Mutex::default(),
            successes: AtomicUsize::new(0),
            failures: Mutex::default(),
        }
    }

    fn create_until(&self, is_over: &AtomicBool) {
        while !is_over.load(Ordering::Relaxed) {
            let card = Card::new();
            let request = card.create_for(&self.person);
            let answer = self.tenant.post("/v2/payment-methods", &request);
            if answer.status == 200 {
                let method = (answer.id(), card);
                self.acknowledged.lock().unwrap().push(method);
                self.successes.fetch_add(1, Ordering::Relaxed);
            } else {
                let failure = format!("{} {}", answer.status, answer.text);
                self.failures.lock().unwrap().push(failure);
                // What follows is answered by the same server, which is not to be busy with refusals.
                thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// Waits until there are enough further successes.
    pub fn succeed(&self) {
        let before = self.successes.load(Ordering::Relaxed);
        let end = Instant::now() + PATIENCE;
        while self.successes.load(Ordering::Relaxed) < before + ENOUGH {
            let failures = self.failures.lock().unwrap();
            let last = failures.last().cloned();
            drop(failures);
            assert!(
                Instant::now() < end,
                "node {} does not answer: {last:?}",
                self.node
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Every payment method that was acknowledged is there, in full.
    pub fn have_lost_nothing(&self) {
        let acknowledged = self.acknowledged.lock().unwrap();
        let tenant = &self.tenant;
        for (method, card) in acknowledged.iter() {
            let path = format!("/v2/payment-methods/{method}?fetch_raw_detail=true");
            let body = tenant.send(&tenant.revealing("GET", &path)).ok();
            assert_eq!(
                body["raw_payment_method_data"]["card"]["card_number"],
                card.number
            );
        }
    }
}

/// Ends the load also when a check fails, or the scope of its threads would never end.
pub struct Ending<'a>(pub &'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs all clients for as long as something happens to the nodes.
pub fn during(all: &[Clients], what_happens: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _ending = Ending(&is_over);
        for clients in all {
            for _ in 0..CLIENTS_OF_A_PROFILE {
                scope.spawn(|| clients.create_until(&is_over));
            }
        }
        all.iter().for_each(Clients::succeed);
        what_happens();
        all.iter().for_each(Clients::succeed);
    });
}
