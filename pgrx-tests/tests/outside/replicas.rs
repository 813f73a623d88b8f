//! A standby answers the reads of the HTTP interface, and takes the primary's place.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::{ADMIN, customer, unknown_key};
use vault_tests::{Answer, Card, Request, Stack, Tenant, random};

use crate::lockout::{FAILURES, guess};
use crate::support::{NO_PAYMENT_METHOD, long_unwritten, soon, soon_equal};

/// A tenant with a customer who has a card without a CVC, and the requests that read them.
struct Shop {
    tenant: Tenant,
    reference: String,
    customer: String,
    method: String,
}

impl Shop {
    fn within(stack: &Stack) -> Shop {
        let tenant = Tenant::within(stack);
        let reference = random::name("ref");
        let mut person = customer();
        person["merchant_reference_id"] = json!(reference);
        let customer = tenant.post("/v2/customers", &person).id();
        let mut card = Card::new().create_for(&customer);
        card["payment_method_data"]["card"]
            .as_object_mut()
            .unwrap()
            .remove("card_cvc");
        let method = tenant.post("/v2/payment-methods", &card).id();
        long_unwritten(stack, &method);
        Shop {
            tenant,
            reference,
            customer,
            method,
        }
    }

    fn reads(&self) -> Vec<Request> {
        [
            "/v2/customers/list".to_owned(),
            "/v2/customers/list_with_count?limit=5".to_owned(),
            "/v2/customers/total-payment-methods".to_owned(),
            self.customer_path(),
            format!("/v2/customers/reference/{}", self.reference),
            format!("/v2/customers/{}/saved-payment-methods", self.customer),
            self.method_path(),
        ]
        .into_iter()
        .map(|path| self.tenant.request("GET", path))
        .collect()
    }

    fn writes(&self) -> Vec<Request> {
        let reveal = format!("{}?fetch_raw_detail=true", self.method_path());
        vec![
            self.tenant
                .request("POST", "/v2/payment-methods")
                .json(&Card::new().create_for(&self.customer)),
            self.tenant
                .request("PUT", self.customer_path())
                .json(&json!({"name": "New"})),
            self.tenant.revealing("GET", &reveal),
            self.tenant.request("DELETE", self.method_path()),
        ]
    }

    fn customer_path(&self) -> String {
        format!("/v2/customers/{}", self.customer)
    }

    fn method_path(&self) -> String {
        format!("/v2/payment-methods/{}", self.method)
    }

    /// A list of customers that is asked for with this API key.
    fn list_with(&self, key: &str) -> Request {
        self.tenant
            .request("GET", "/v2/customers/list")
            .without("api-key")
            .header("api-key", key)
    }

    fn name(&self, header: Option<&str>) -> Value {
        let request = self.tenant.request("GET", self.customer_path());
        let request = match header {
            Some(value) => request.header("x-read-from", value),
            None => request,
        };
        self.tenant.send(&request).ok()["name"].clone()
    }
}

/// Waits until the standby has everything that the primary has.
fn caught_up(primary: &Stack, standby: &Stack) {
    let written: String = primary
        .superuser()
        .value("select pg_current_wal_flush_lsn()::text", &[])
        .unwrap();
    let mut observer = standby.superuser();
    soon("the standby has everything", || {
        let replayed = "select pg_last_wal_replay_lsn() >= $1::text::pg_lsn";
        observer.value(replayed, &[&written]).unwrap()
    });
}

/// That the vault does not do this now, and may do it later.
#[track_caller]
fn is_unavailable(answer: &Answer) {
    answer.refuses(503, "HE_00", "Something went wrong");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
}

#[test]
fn without_the_primary_a_replica_answers_every_read_and_no_write() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let standby = stack.standby();
    let reads = shop.reads();
    let before: Vec<Value> = reads.iter().map(|r| shop.tenant.send(r).ok()).collect();
    caught_up(&stack, &standby);

    stack.stop();

    for (read, before) in reads.iter().zip(&before) {
        assert_eq!(&shop.tenant.send(read).ok(), before, "{read:?}");
    }
    for write in shop.writes() {
        is_unavailable(&shop.tenant.send(&write));
    }
    let fresh = shop
        .tenant
        .request("GET", shop.customer_path())
        .header("x-read-from", "primary");
    is_unavailable(&shop.tenant.send(&fresh));
    stack.restart();
    soon_equal("the primary answers again", &200, || {
        shop.tenant.send(&shop.writes()[0]).status
    });
}

#[test]
fn what_neither_replica_nor_primary_has_is_refused_in_our_form() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let _standby = stack.standby();
    stack.kill_postgrest();

    shop.tenant
        .get("/v2/customers/12345_cus_0")
        .refuses(502, "HE_00", "Something went wrong");
    shop.tenant.get(&shop.customer_path()).ok();
}

#[test]
fn limits_hold_for_reads_of_replicas_as_well() {
    let stack = PrivateStack::start_with(&[("VAULT_REQUESTS_PER_SECOND", "20")]);
    let shop = Shop::within(&stack);
    let _standby = stack.standby();

    let ask = || -> Vec<u16> {
        let answers = (0..50).map(|_| shop.tenant.get(&shop.customer_path()));
        answers.map(|answer| answer.status).collect()
    };
    let statuses: Vec<u16> = thread::scope(|scope| {
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        let answered = clients.into_iter().map(|client| client.join().unwrap());
        answered.flatten().collect()
    });

    assert!(statuses.iter().all(|status| [200, 429].contains(status)));
    assert!(statuses.contains(&429));
}

#[test]
fn nobody_asks_for_the_way_to_the_replicas_itself() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let _standby = stack.standby();
    for path in [
        "/from-replicas",
        "/v2/payment-methods/..%2F..%2Ffrom-replicas",
    ] {
        let answer = shop.tenant.get(path);
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[test]
fn without_the_replica_the_primary_answers_everything() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    drop(stack.standby());

    for request in shop.reads().into_iter().chain(shop.writes()) {
        shop.tenant.send(&request).ok();
    }
}

#[test]
fn what_a_replica_does_not_have_yet_comes_from_the_primary() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let standby = stack.standby();
    caught_up(&stack, &standby);
    let old = shop.name(None);
    standby
        .superuser()
        .run("select pg_wal_replay_pause()")
        .unwrap();

    let customer = shop.tenant.customer();
    shop.tenant.get(&format!("/v2/customers/{customer}")).ok();
    let new = json!("Jane Roe");
    shop.tenant
        .put(&shop.customer_path(), &json!({"name": new}))
        .ok();
    assert_eq!(shop.name(None), old, "the replica answers");
    assert_eq!(shop.name(Some("primary")), new);

    standby
        .superuser()
        .run("select pg_wal_replay_resume()")
        .unwrap();
    soon_equal("the replica has the new name", &new, || shop.name(None));
}

#[test]
fn a_cvc_that_only_the_primary_has_shows_through_replicas() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let standby = stack.standby();
    let method = shop.tenant.store(&Card::new(), &shop.customer);
    caught_up(&stack, &standby);

    let path = format!("/v2/payment-methods/{method}");
    let body = shop.tenant.get(&path).ok();

    assert_eq!(body["card_cvc_token_storage"]["is_stored"], true);
    let role = shop.tenant.role(&["vault_client"]);
    caught_up(&stack, &standby);
    let refused = standby
        .session(&role)
        .call("retrieve_payment_method($1)", &[&method])
        .unwrap_err();
    assert_eq!(
        refused.pair(),
        (
            "25006",
            "a standby cannot tell yet whether a CVC is kept for this payment method"
        )
    );
    assert!(refused.rest.contains("Call the primary"), "{refused:?}");
}

#[test]
fn what_a_replica_refuses_is_refused_and_recorded_by_the_primary() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let standby = stack.standby();
    let (key_id, key) = shop.tenant.new_key(&[]);
    caught_up(&stack, &standby);
    shop.tenant.send(&shop.list_with(&key)).ok();

    let id = "read-by-a-stranger";
    let stranger = shop.list_with(&unknown_key()).header("x-request-id", id);
    let answer = shop.tenant.send(&stranger);
    assert_eq!(
        (answer.status, answer.header("x-request-id")),
        (401, Some(id))
    );
    shop.tenant
        .admin()
        .execute("select vault.revoke_api_key($1)", &[&key_id])
        .unwrap();
    caught_up(&stack, &standby);
    assert_eq!(shop.tenant.send(&shop.list_with(&key)).status, 401);
    shop.tenant
        .get("/v2/payment-methods/12345_pm_0")
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);

    // Equal refusals of a minute become one row. The worker writes what it has before the server stops.
    stack.stop();
    stack.restart();
    let recorded =
        "select sum(occurrences)::bigint from vault.audit_log where event = 'authentication'";
    let recorded: i64 = stack.session("vault_audit").value(recorded, &[]).unwrap();
    assert_eq!(recorded, 2, "the stranger, and the revoked key");
}

#[test]
fn guesses_of_a_key_by_reads_lock_it_on_the_replica_as_well() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let standby = stack.standby();
    caught_up(&stack, &standby);
    let attacker = stack.client();

    for _ in 0..FAILURES {
        assert_eq!(
            attacker
                .send(&shop.list_with(&guess(&shop.tenant.key)))
                .status,
            401
        );
    }

    // Nobody ends a lock there without a row in the audit log, which a standby cannot write.
    let mut admin = standby.session(ADMIN);
    let refused = admin.run("select vault.clear_lockouts()").unwrap_err();
    assert_eq!(refused.sqlstate, "25006");
    assert_eq!(attacker.send(&shop.list_with(&shop.tenant.key)).status, 401);
    shop.tenant.send(&shop.list_with(&shop.tenant.key)).ok();
}

/// Its slot keeps WAL on the primary, which has other uses for its disk.
#[test]
fn a_standby_that_is_away_too_long_does_not_fill_the_disk_and_is_copied_anew() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    drop(stack.standby());
    let mut superuser = stack.superuser();
    let kept: String = superuser.value("show max_slot_wal_keep_size", &[]).unwrap();
    assert_eq!(kept, "10GB");
    superuser
        .run("alter system set max_slot_wal_keep_size = '16MB'")
        .unwrap();
    superuser.run("select pg_reload_conf()").unwrap();
    soon_equal("WAL is no longer kept", &"lost".to_owned(), || {
        superuser
            .run("select pg_logical_emit_message(false, 'test', repeat('-', 40000000)); checkpoint")
            .unwrap();
        let status = "select wal_status from pg_replication_slots where slot_name = 'replica'";
        superuser.value::<String>(status, &[]).unwrap()
    });
    for request in shop.reads().into_iter().chain(shop.writes()) {
        shop.tenant.send(&request).ok();
    }

    fs::remove_dir_all(stack.state.join("replica")).unwrap();
    let standby = stack.standby();

    caught_up(&stack, &standby);
    let there = "select count(*) from vault.payment_methods where profile_id = $1";
    let profile = &shop.tenant.profile;
    assert_eq!(
        standby.superuser().value::<i64>(there, &[profile]).unwrap(),
        2
    );
}

#[test]
fn a_standby_that_is_promoted_under_load_serves_at_once_and_has_what_it_had_acknowledged() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let standby = stack.standby();
    let mut superuser = stack.superuser();
    superuser
        .run("alter system set synchronous_standby_names = '*'")
        .unwrap();
    superuser.run("select pg_reload_conf()").unwrap();
    drop(superuser);
    let path = format!("/v2/payment-methods/{}", shop.method);
    let volatile = json!({
        "payment_method_type": "card",
        "storage_type": "volatile",
        "payment_method_data": Card::new().data(),
    });
    let volatile = shop.tenant.post("/v2/payment-methods", &volatile).id();
    let promoted = AtomicBool::new(false);
    let acknowledged: Mutex<Vec<(String, Card)>> = Mutex::default();
    let create = || {
        let card = Card::new();
        let answer = shop
            .tenant
            .post("/v2/payment-methods", &card.create_for(&shop.customer));
        if answer.status == 200 {
            acknowledged.lock().unwrap().push((answer.id(), card));
        }
        answer.status
    };

    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !promoted.load(Ordering::Relaxed) {
                    create();
                    shop.tenant.get(&path).ok();
                }
            });
        }
        soon("there are creates to lose", || {
            acknowledged.lock().unwrap().len() > 40
        });
        stack.crash();
        standby.superuser().run("select pg_promote()").unwrap();
        soon_equal("the new primary takes creates", &200, create);
        promoted.store(true, Ordering::Relaxed);
    });

    let acknowledged = acknowledged.into_inner().unwrap();
    for (id, card) in &acknowledged {
        let request = shop.tenant.revealing(
            "GET",
            &format!("/v2/payment-methods/{id}?fetch_raw_detail=true"),
        );
        let body = shop.tenant.send(&request).ok();
        assert_eq!(
            body["raw_payment_method_data"]["card"]["card_number"],
            card.number
        );
    }
    // What was never written to WAL is gone, and reads as gone.
    let (first, _) = &acknowledged[0];
    let body = shop
        .tenant
        .get(&format!("/v2/payment-methods/{first}"))
        .ok();
    assert_eq!(body["card_cvc_token_storage"]["is_stored"], false);
    shop.tenant
        .get(&format!("/v2/payment-methods/{volatile}"))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
}
