//! What must not last: CVCs and volatile payment methods.

use std::path::Path;
use std::sync::Barrier;
use std::thread;

use aho_corasick::AhoCorasick;
use serde_json::{Value, json};
use vault_tests::forms::forms;
use vault_tests::server_files;
use vault_tests::stack::PrivateStack;
use vault_tests::{Card, Session, Tenant};
use walkdir::WalkDir;

use crate::support::{NO_PAYMENT_METHOD, PAYMENT_METHOD_ID, TIME, has_form, soon_equal};

const NO_CVC: &str = "Card CVC does not exist in our records";
const NO_REVEAL: &str = "The API key does not carry the `reveal` scope";

fn volatile(card: &Card) -> Value {
    json!({
        "payment_method_type": "card",
        "storage_type": "volatile",
        "payment_method_data": card.data(),
    })
}

fn path(id: &str) -> String {
    format!("/v2/payment-methods/{id}")
}

fn use_cvc(sql: &mut Session, id: &str) -> Result<String, (String, String)> {
    sql.value("select vault.use_cvc($1)", &[&id])
        .map_err(|refused| (refused.sqlstate, refused.message))
}

fn refused<T>(sqlstate: &str, message: &str) -> Result<T, (String, String)> {
    Err((sqlstate.to_owned(), message.to_owned()))
}

fn rows(superuser: &mut Session, profile: &str) -> i64 {
    superuser
        .value(
            "select (select count(*) from vault.cvcs where profile_id = $1)
                  + (select count(*) from vault.volatile_payment_methods where profile_id = $1)",
            &[&profile],
        )
        .unwrap()
}

#[test]
fn a_volatile_method_is_created_read_and_deleted_over_http() {
    let tenant = Tenant::new();
    let card = Card::new();
    let created = tenant.post("/v2/payment-methods", &volatile(&card)).ok();
    let id = created["id"].as_str().unwrap();
    has_form(&created["id"], PAYMENT_METHOD_ID);
    has_form(&created["card_cvc_token_storage"]["expires_at"], TIME);
    assert_eq!(created["storage_type"], "volatile");
    assert_eq!(created["customer_id"], Value::Null);

    assert_eq!(tenant.get(&path(id)).ok(), created);
    let details = tenant.get(&format!("{}/details", path(id))).ok();
    assert_eq!(details["storage_type"], "volatile");
    let reveal = format!("{}?fetch_raw_detail=true", path(id));
    tenant.get(&reveal).refuses(403, "IR_19", NO_REVEAL);
    let revealed = tenant.send(&tenant.revealing("GET", &reveal)).ok();
    assert_eq!(
        revealed["raw_payment_method_data"]["card"]["card_number"],
        card.number
    );

    let total = tenant.get("/v2/customers/total-payment-methods").ok();
    assert_eq!(total, json!({"total_count": 0}));
    let update = format!("{}/update-saved-payment-method", path(id));
    tenant
        .put(&update, &json!({}))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
    assert_eq!(tenant.delete(&path(id)).ok(), json!({"id": id}));
    for answer in [tenant.get(&path(id)), tenant.delete(&path(id))] {
        answer.refuses(404, "HE_02", NO_PAYMENT_METHOD);
    }
    assert_eq!(rows(&mut tenant.stack.superuser(), &tenant.profile), 0);
}

#[test]
fn another_profile_reaches_neither_a_volatile_method_nor_a_cvc() {
    let tenant = Tenant::new();
    let id = tenant
        .post("/v2/payment-methods", &volatile(&Card::new()))
        .id();
    let sibling = tenant.sibling();
    for answer in [sibling.get(&path(&id)), sibling.delete(&path(&id))] {
        answer.refuses(404, "HE_02", NO_PAYMENT_METHOD);
    }
    assert_eq!(
        use_cvc(&mut sibling.revealing_sql(), &id),
        refused("P0002", NO_CVC)
    );
    tenant.get(&path(&id)).ok();
}

#[test]
fn a_cvc_is_for_roles_that_may_reveal_and_every_use_is_on_record() {
    let tenant = Tenant::new();
    let card = Card::new();
    let id = tenant.store(&card, &tenant.customer());
    assert_eq!(use_cvc(&mut tenant.sql(), &id), refused("42501", NO_REVEAL));
    let mut sql = tenant.revealing_sql();
    assert_eq!(use_cvc(&mut sql, &id), Ok(card.cvc));
    assert_eq!(use_cvc(&mut sql, &id), refused("P0002", NO_CVC));
    assert_eq!(
        tenant.get(&path(&id)).ok()["card_cvc_token_storage"],
        json!({"is_stored": false, "expires_at": null})
    );

    let mut superuser = tenant.stack.superuser();
    soon_equal("both uses in the audit log", &"refused success", || {
        let outcomes: String = superuser
            .value(
                "select coalesce(string_agg(outcome, ' ' order by outcome), '') from vault.audit_log
                 where event = 'payment_method.use_cvc' and object_id = $1",
                &[&id],
            )
            .unwrap();
        outcomes
    });
}

#[test]
fn of_many_who_want_a_cvc_at_once_one_gets_it() {
    const SESSIONS: usize = 8;
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    let start = Barrier::new(SESSIONS);
    let given = thread::scope(|scope| {
        let sessions: Vec<_> = (0..SESSIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut sql = tenant.revealing_sql();
                    start.wait();
                    use_cvc(&mut sql, &id)
                })
            })
            .collect();
        sessions
            .into_iter()
            .map(|session| session.join().unwrap())
            .filter(Result::is_ok)
            .count()
    });
    assert_eq!(given, 1);
}

#[test]
fn a_cvc_that_was_given_is_gone_though_its_use_is_rolled_back_and_a_newer_one_stays() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let card = Card::new();
    let id = tenant.store(&card, &customer);
    let (mut sql, mut superuser) = (tenant.revealing_sql(), tenant.stack.superuser());
    let mut use_and_roll_back = |id: &str| {
        sql.run("begin").unwrap();
        sql.value::<String>("select vault.use_cvc($1)", &[&id])
            .unwrap();
        sql.run("rollback").unwrap();
    };
    use_and_roll_back(&id);
    soon_equal("the CVC is deleted", &0, || {
        rows(&mut superuser, &tenant.profile)
    });

    let last = tenant.store(&Card::new(), &customer);
    assert_eq!(tenant.store(&card, &customer), id);
    use_and_roll_back(&id);
    assert_eq!(tenant.store(&card, &customer), id);
    // The worker takes what is left to it in turn.
    use_and_roll_back(&last);
    soon_equal("the CVC that was given last is deleted", &1, || {
        rows(&mut superuser, &tenant.profile)
    });
    assert!(use_cvc(&mut tenant.revealing_sql(), &id).is_ok());
    let uses = "select count(*) from vault.audit_log where profile_id = $1 and event = 'payment_method.use_cvc'";
    assert_eq!(superuser.value::<i64>(uses, &[&tenant.profile]), Ok(4));
}

#[test]
fn a_cvc_that_was_given_is_deleted_when_whoever_holds_its_row_lets_go() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    let (mut sql, mut superuser) = (tenant.revealing_sql(), tenant.stack.superuser());
    sql.run(&format!(
        "begin;
         do $$ begin
             begin perform vault.use_cvc('{id}'); raise exception 'undone';
             exception when raise_exception then end;
             perform vault.delete_payment_method('{id}');
         end $$"
    ))
    .unwrap();
    // The worker's round passes the row over, and writes this refusal at its end.
    let refused = tenant
        .sql()
        .call("retrieve_payment_method($1, true)", &[&id]);
    assert_eq!(refused.unwrap_err().sqlstate, "42501");
    let written =
        "select count(*) from vault.audit_log where profile_id = $1 and outcome = 'refused'";
    soon_equal("the worker has had a round", &Ok(1), || {
        superuser.value::<i64>(written, &[&tenant.profile])
    });
    sql.run("rollback").unwrap();
    soon_equal("the CVC is deleted", &0, || {
        rows(&mut superuser, &tenant.profile)
    });
}

#[test]
fn the_worker_deletes_what_has_expired_and_tells_what_it_does() {
    let tenant = Tenant::new();
    tenant.store(&Card::new(), &tenant.customer());
    let id = tenant
        .post("/v2/payment-methods", &volatile(&Card::new()))
        .id();
    let mut superuser = tenant.stack.superuser();
    assert_eq!(rows(&mut superuser, &tenant.profile), 3);
    for table in ["cvcs", "volatile_payment_methods"] {
        superuser
            .execute(
                &format!("update vault.{table} set expires_at = now() where profile_id = $1"),
                &[&tenant.profile],
            )
            .unwrap();
    }
    tenant
        .get(&path(&id))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
    soon_equal("no row is left", &0, || {
        rows(&mut superuser, &tenant.profile)
    });
    let activity: String = superuser
        .value(
            "select query from pg_stat_activity where backend_type = 'vault worker'",
            &[],
        )
        .unwrap();
    assert!(activity.starts_with("vault: "), "{activity}");
}

#[test]
fn a_row_that_somebody_has_locked_keeps_no_other_from_being_deleted() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let locked = tenant.store(&Card::new(), &customer);
    tenant.store(&Card::new(), &customer);
    let mut superuser = tenant.stack.superuser();
    let mut holder = tenant.stack.superuser();
    holder.run("begin").unwrap();
    holder
        .rows(
            "select from vault.cvcs where payment_method_id = $1 for update",
            &[&locked],
        )
        .unwrap();
    superuser
        .execute(
            "update vault.cvcs set expires_at = now() where profile_id = $1 and payment_method_id <> $2",
            &[&tenant.profile, &locked],
        )
        .unwrap();
    soon_equal("the other row is gone", &1, || {
        rows(&mut superuser, &tenant.profile)
    });
    holder.run("rollback").unwrap();
}

#[test]
fn nothing_volatile_outlives_its_server() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let role = tenant.role(&["vault_client", "vault_reveal"]);
    let customer = tenant.customer();
    for end in [PrivateStack::crash, PrivateStack::stop] {
        let mut sql = stack.session(&role);
        let create = "create_payment_method($1)";
        let card = Card::new().create_for(&customer);
        let persistent = sql.call(create, &[&card]).unwrap();
        assert_eq!(persistent["card_cvc_token_storage"]["is_stored"], true);
        let volatile = sql.call(create, &[&volatile(&Card::new())]).unwrap();
        let (persistent, volatile) = (
            persistent["id"].as_str().unwrap(),
            volatile["id"].as_str().unwrap(),
        );
        assert_eq!(rows(&mut stack.superuser(), &tenant.profile), 3);
        drop(sql);

        end(&stack);
        stack.restart();

        let mut sql = stack.session(&role);
        let read = sql
            .call("retrieve_payment_method($1)", &[&persistent])
            .unwrap();
        assert_eq!(
            read["card_cvc_token_storage"],
            json!({"is_stored": false, "expires_at": null})
        );
        assert_eq!(use_cvc(&mut sql, persistent), refused("P0002", NO_CVC));
        assert_eq!(use_cvc(&mut sql, volatile), refused("P0002", NO_CVC));
        for operation in ["retrieve_payment_method($1)", "delete_payment_method($1)"] {
            let gone = sql.call(operation, &[&volatile]).unwrap_err();
            assert_eq!(gone.pair(), ("P0002", NO_PAYMENT_METHOD));
        }
        soon_equal("no row is left", &0, || {
            rows(&mut stack.superuser(), &tenant.profile)
        });
    }
}

/// The nonces of envelopes: no two have the same.
fn nonces(superuser: &mut Session, select: &str) -> Vec<Vec<u8>> {
    let rows = superuser.rows(select, &[]).unwrap();
    assert!(!rows.is_empty());
    rows.iter()
        .map(|row| row.get::<_, Vec<u8>>(0)[5..29].to_vec())
        .collect()
}

/// How many of the patterns are found somewhere below a directory.
fn found_below(directory: &Path, patterns: &[Vec<u8>]) -> usize {
    let search = AhoCorasick::new(patterns).unwrap();
    let mut found = vec![false; patterns.len()];
    for entry in WalkDir::new(directory) {
        let entry = entry.unwrap();
        // The server may remove a file meanwhile.
        let Ok(bytes) = server_files::read(entry.path()) else {
            continue;
        };
        for hit in search.find_iter(&bytes) {
            found[hit.pattern().as_usize()] = true;
        }
    }
    found.into_iter().filter(|found| *found).count()
}

#[test]
fn nothing_volatile_is_in_the_wal_or_in_a_base_backup() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let customer = tenant.customer();
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let (stored, volatile_card) = (Card::new(), Card::new());
        tenant.store(&stored, &customer);
        tenant
            .post("/v2/payment-methods", &volatile(&volatile_card))
            .id();
        numbers.extend([stored, volatile_card].map(|card| forms(&card.number)));
    }
    let numbers = numbers.concat();
    let mut superuser = stack.superuser();
    for table in ["cvcs", "volatile_payment_methods"] {
        superuser.run(&format!("analyze vault.{table}")).unwrap();
    }
    let logged = nonces(
        &mut superuser,
        "select instrument from vault.payment_methods",
    );
    let volatile = nonces(
        &mut superuser,
        "select code from vault.cvcs union all select instrument from vault.volatile_payment_methods
         union all select summary from vault.volatile_payment_methods",
    );
    assert_eq!((logged.len(), volatile.len()), (3, 12));

    drop(superuser);

    let wal = stack.state.join("data/pg_wal");
    assert_eq!(found_below(&wal, &logged), 3);
    assert_eq!(found_below(&wal, &volatile), 0);

    // What is unlogged is written to its file when the server stops.
    stack.stop();
    assert_eq!(found_below(&stack.state.join("data/base"), &volatile), 12);
    stack.restart();
    let backup = stack.state.join("backup");
    stack.base_backup(&backup);
    assert_eq!(found_below(&backup, &logged), 3);
    for place in [&wal, &backup] {
        assert_eq!(found_below(place, &volatile), 0);
        assert_eq!(found_below(place, &numbers), 0);
    }
}
