//! Every key is rotated while the shop is open, and while the server is killed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use vault_tests::processes::send_signal;
use vault_tests::stack::PrivateStack;
use vault_tests::{Card, Session, Tenant, random};

use crate::key_rotation::{
    REENCRYPT, destroy_retired, outdated, rotate_purpose, stopped_reencryption,
};
use crate::support::{http_answers, soon};

#[test]
fn rotation_of_every_key_under_load_fails_no_call_and_lets_no_duplicate_through() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    // The load is that of many keys: this one has no limit of card numbers.
    let tenant = Tenant {
        key: tenant.reveal_key.clone(),
        ..tenant
    };
    let person = tenant.customer();
    let new_root_key = format!("{}\n", random::digits(64));
    stack.restart_with_root_keys(&format!("{new_root_key}{}", stack.root_keys()));
    http_answers(&tenant);
    let known: Vec<Card> = (0..4).map(|_| Card::new()).collect();
    let methods: Vec<String> = known
        .iter()
        .map(|card| tenant.store(card, &person))
        .collect();
    let done = AtomicBool::new(false);
    let going_on = || !done.load(Ordering::Relaxed);
    let created = AtomicUsize::new(0);
    let further_creates = |count: usize| {
        let expected = created.load(Ordering::Relaxed) + count;
        soon("the clients go on", || {
            created.load(Ordering::Relaxed) >= expected
        });
    };
    let raced: Vec<Card> = (0..1000).map(|_| Card::new()).collect();
    let reader = tenant.role(&["vault_client", "vault_reveal"]);
    let mut admin = tenant.admin();

    let winners = thread::scope(|scope| {
        // Two who store the same new cards at the same time.
        let racers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let cards = raced.iter().take_while(|_| going_on());
                    cards
                        .map(|card| tenant.store(card, &person))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        for _ in 0..3 {
            scope.spawn(|| {
                while going_on() {
                    let card = Card::new();
                    let method = tenant.store(&card, &person);
                    assert_eq!(tenant.store(&card, &person), method);
                    created.fetch_add(1, Ordering::Relaxed);
                }
            });
            scope.spawn(|| {
                while going_on() {
                    for (card, method) in known.iter().zip(&methods) {
                        assert_eq!(&tenant.store(card, &person), method);
                    }
                }
            });
            scope.spawn(|| {
                let mut sql = tenant.stack.session(&reader);
                while going_on() {
                    for (card, method) in known.iter().zip(&methods) {
                        let revealed = sql
                            .call("retrieve_payment_method($1, true)", &[method])
                            .unwrap();
                        assert_eq!(
                            revealed["raw_payment_method_data"]["card"]["card_number"],
                            card.number
                        );
                        tenant.get(&format!("/v2/payment-methods/{method}")).ok();
                    }
                }
            });
        }
        let changes = scope.spawn(|| {
            let rewrapped: i64 = admin.value("select vault.rewrap_data_keys()", &[]).unwrap();
            assert!(
                rewrapped >= 2,
                "{rewrapped} keys were under the old root key"
            );
            for purpose in ["data", "index", "index", "data"] {
                further_creates(8);
                rotate_purpose(&mut admin, &tenant.profile, purpose);
                further_creates(2);
                admin
                    .execute(REENCRYPT, &[&tenant.profile, &10_i32])
                    .unwrap();
            }
        });
        let changed = changes.join();
        done.store(true, Ordering::Relaxed);
        changed.unwrap();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap())
            .collect::<Vec<_>>()
    });

    let both = winners[0].len().min(winners[1].len());
    assert!(both > 5, "only {both} races");
    assert_eq!(winners[0][..both], winners[1][..both]);

    let created = created.into_inner();
    assert!(created > 20, "only {created} creates");
    let list = tenant
        .get(&format!("/v2/customers/{person}/saved-payment-methods"))
        .ok();
    assert_eq!(
        list["customer_payment_methods"].as_array().unwrap().len(),
        created + known.len() + winners[0].len().max(winners[1].len())
    );
    // A create that began before the last rotation may have ended after its row was passed.
    admin
        .execute(REENCRYPT, &[&tenant.profile, &1000_i32])
        .unwrap();
    assert_eq!(outdated(&mut admin, &tenant.profile), 0);
    destroy_retired(&mut admin, &tenant.profile);
    drop(admin);
    stack.restart_with_root_keys(&new_root_key);
    http_answers(&tenant);
    let mut sql = tenant.revealing_sql();
    for method in list["customer_payment_methods"].as_array().unwrap() {
        sql.call(
            "retrieve_payment_method($1, true)",
            &[&method["id"].as_str()],
        )
        .unwrap();
    }
    for (card, method) in known.iter().zip(&methods) {
        assert_eq!(&tenant.store(card, &person), method);
    }
}

#[test]
fn a_crash_in_the_middle_of_a_rotation_under_load_loses_no_card_and_lets_no_duplicate_through() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let person = tenant.customer();
    let cards: Vec<Card> = (0..300).map(|_| Card::new()).collect();
    // What the vault has said yes to, however many asked.
    let stored: Mutex<Vec<(usize, String)>> = Mutex::default();
    let store = |sql: &mut Session, number: usize| {
        let create = cards[number].create_for(&person);
        let method = sql.call("create_payment_method($1)", &[&create]).unwrap();
        let id = method["id"].as_str().unwrap().to_owned();
        stored.lock().unwrap().push((number, id));
    };
    let role = tenant.role(&["vault_client", "vault_bulk"]);
    let mut sql = stack.session(&role);
    (0..60).for_each(|number| store(&mut sql, number));
    drop(sql);
    rotate_purpose(&mut tenant.admin(), &tenant.profile, "data");
    rotate_purpose(&mut tenant.admin(), &tenant.profile, "index");

    thread::scope(|scope| {
        let creators: Vec<_> = (0..2)
            .map(|creator| {
                let mut sql = stack.session(&role);
                let store = &store;
                // Old ones and new ones in turn, until the server is gone.
                let numbers = (60..300).flat_map(move |new| [new, (new + creator) % 60]);
                scope.spawn(move || numbers.for_each(|number| store(&mut sql, number)))
            })
            .collect();
        let lost = stopped_reencryption(&tenant, |pid| {
            // At once, because it may be done before all processes are found.
            send_signal("-STOP", &[&pid.to_string()]);
            stack.crash();
        });
        assert!(lost.is_err(), "the call is cut off with its connection");
        for creator in creators {
            assert!(creator.join().is_err(), "the load ended before the crash");
        }
    });
    stack.restart();

    let mut admin = tenant.admin();
    let left = outdated(&mut admin, &tenant.profile);
    assert!(left > 0, "the crash came too late");
    let stored = stored.into_inner().unwrap();
    let mut sql = stack.session(&role);
    let each_is_one = |sql: &mut Session| {
        for (number, id) in &stored {
            let create = cards[*number].create_for(&person);
            let again = sql.call("create_payment_method($1)", &[&create]).unwrap();
            assert_eq!(again["id"].as_str(), Some(id.as_str()));
        }
    };
    each_is_one(&mut sql);
    admin
        .execute(REENCRYPT, &[&tenant.profile, &7_i32])
        .unwrap();
    assert_eq!(outdated(&mut admin, &tenant.profile), 0);
    drop(sql);
    destroy_retired(&mut admin, &tenant.profile);
    each_is_one(&mut stack.session(&role));
}
