//! Whoever is refused again and again fills neither the audit log nor what it is kept in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use vault_tests::stack::PrivateStack;
use vault_tests::tenant::{customer, unknown_key};
use vault_tests::{Card, Session, Stack, Tenant};

use crate::support::{soon, soon_equal};

/// What one session is refused while others reveal, at the least.
const REFUSALS: i64 = 600_000;

/// How many of them one call makes.
const BATCH: i64 = 20_000;

/// How often others reveal meanwhile, in each of two ways.
const REVEALS: usize = 50;

/// A function that is refused as often as one says.
const FLOOD: &str = "
    create function public.flood(value text, times bigint) returns void language plpgsql as $$
    declare
        card vault.card_number := value;
    begin
        for i in 1 .. times loop
            begin
                perform vault.decrypt(card);
            exception when insufficient_privilege then null;
            end;
        end loop;
    end $$";

/// How many rows of the log there are where the condition holds for `value`, and how many refusals they stand for.
fn merged(stack: &Stack, condition: &str, value: &str) -> (i64, i64) {
    let count = format!(
        "select count(*), coalesce(sum(occurrences), 0)::bigint from vault.audit_log where {condition}"
    );
    let rows = stack.superuser().rows(&count, &[&value]).unwrap();
    (rows[0].get(0), rows[0].get(1))
}

#[test]
fn a_hundred_reveals_are_on_record_while_another_session_is_refused_600_000_times() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    stack.superuser().run(FLOOD).unwrap();
    let (flooder, revealer) = (
        tenant.role(&["vault_client"]),
        tenant.role(&["vault_client", "vault_reveal"]),
    );
    let card = Card::new();
    let mut sql = stack.session(&revealer);
    let sealed: String = sql
        .value("select vault.card_number($1::text)::text", &[&card.number])
        .unwrap();
    let person = sql.call("create_customer($1)", &[&customer()]).unwrap();
    let create = card.create_for(person["id"].as_str().unwrap());
    let method = sql.call("create_payment_method($1)", &[&create]).unwrap();
    let method = method["id"].as_str().unwrap();

    let all_revealed = AtomicBool::new(false);
    let refusals = thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut sql = stack.session(&flooder);
            let mut refusals = 0;
            while refusals < REFUSALS || !all_revealed.load(Ordering::Relaxed) {
                sql.execute("select public.flood($1, $2)", &[&sealed, &BATCH])
                    .unwrap();
                refusals += BATCH;
            }
            refusals
        });
        soon("the flood is on record", || {
            merged(&stack, "actor = $1", &flooder).0 > 0
        });
        for _ in 0..REVEALS {
            let number: String = sql
                .value(
                    "select vault.decrypt($1::text::vault.card_number)",
                    &[&sealed],
                )
                .unwrap();
            assert_eq!(number, card.number);
            sql.run("begin").unwrap();
            sql.call("retrieve_payment_method($1, true)", &[&method])
                .unwrap();
            sql.run("rollback").unwrap();
        }
        all_revealed.store(true, Ordering::Relaxed);
        flood.join().unwrap()
    });
    // What waits for its minute to end is written when the server stops.
    stack.stop();
    stack.restart();

    let reveals = |object: &str| {
        let reveals = "actor = $1 and outcome = 'success' and event ~ 'reveal'";
        merged(
            &stack,
            &format!("{reveals} and object_id = '{object}'"),
            &revealer,
        )
    };
    let all = i64::try_from(REVEALS).unwrap();
    assert_eq!(reveals("first value"), (all, all));
    assert_eq!(reveals("1 values"), (all, all));
    assert_eq!(reveals(method), (all, all));
    let (rows, stands_for) = merged(&stack, "outcome = 'refused' and actor = $1", &flooder);
    assert_eq!(stands_for, refusals);
    // One at once, one a minute, and one when the server stops.
    assert!((2..10).contains(&rows), "{rows} rows");
    let lost = merged(&stack, "event = 'audit.lost' and actor <> $1", "");
    assert_eq!(lost, (0, 0));
}

#[test]
fn requests_without_a_key_or_with_many_unknown_ones_make_few_rows_that_count_them_all() {
    // As many as nginx takes without a key in one burst.
    const REQUESTS: i64 = 100;
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let [without, unknown] = [(); 2].map(|()| stack.client());
    for _ in 0..REQUESTS {
        let list = tenant
            .request("GET", "/v2/customers/list")
            .without("api-key");
        assert_eq!(without.send(&list).status, 401);
        let list = list.header("api-key", unknown_key());
        assert_eq!(unknown.send(&list).status, 401);
    }
    stack.stop();
    stack.restart();

    let failures = |condition: &str, address: String| {
        let of_address = "event = 'authentication' and client_address = $1";
        merged(&stack, &format!("{of_address} and {condition}"), &address)
    };
    let (rows, requests) = failures("object_id is null", without.address.to_string());
    assert_eq!(requests, REQUESTS);
    assert!((1..10).contains(&rows), "{rows} rows without a key");
    let (rows, requests) = failures("object_id is not null", unknown.address.to_string());
    assert_eq!(requests, REQUESTS);
    assert!((2..15).contains(&rows), "{rows} rows with unknown keys");
    let (_, various) = failures("object_id = 'various'", unknown.address.to_string());
    assert!(various > REQUESTS / 2, "{various} of various keys");
}

#[test]
fn the_first_and_the_last_of_merged_refusals_are_on_record_with_their_times() {
    let tenant = Tenant::new();
    let role = tenant.role(&["vault_client"]);
    let mut sql = tenant.stack.session(&role);
    let refused = "do $$ begin perform vault.use_cvc('12345_pm_x'); exception when insufficient_privilege then null; end $$";
    let began: String = sql.value("select clock_timestamp()::text", &[]).unwrap();
    sql.run("begin").unwrap();
    for _ in 0..5 {
        sql.run(refused).unwrap();
    }
    soon("a row stands for them", || {
        merged(&tenant.stack, "actor = $1", &role).0 > 0
    });
    let holds: bool = tenant
        .stack
        .superuser()
        .value(
            "select bool_and(case occurrences when 1 then first_occurred_at is null
                             else first_occurred_at between $2::text::timestamptz and occurred_at end)
             from vault.audit_log where actor = $1",
            &[&role, &began],
        )
        .unwrap();
    assert!(holds);
}

/// Creates, and gives the card's fingerprint away.
fn create(sql: &mut Session, customer: &str) {
    let card = Card::new().create_for(customer);
    sql.call("create_payment_method($1)", &[&card]).unwrap();
}

#[test]
fn creates_that_are_rolled_back_are_on_record_with_their_number() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    for (begin, end, created) in [
        ("begin", "rollback", 3),
        (
            "begin; savepoint inner_one",
            "rollback to inner_one; commit",
            2,
        ),
        (
            "begin; savepoint inner_one; savepoint innermost",
            "release innermost; rollback to inner_one; commit",
            2,
        ),
        ("begin; savepoint inner_one", "release inner_one; commit", 0),
    ] {
        let role = tenant.role(&["vault_client"]);
        let mut sql = tenant.stack.session(&role);
        sql.run(begin).unwrap();
        for _ in 0..created.max(1) {
            create(&mut sql, &customer);
        }
        sql.run(end).unwrap();

        let of_role = "event = 'payment_method.create' and actor = $1 and outcome";
        if created == 0 {
            let done = merged(&tenant.stack, &format!("{of_role} = 'success'"), &role);
            assert_eq!(done, (1, 1));
        } else {
            soon_equal("the creates are on record", &(1, created), || {
                let rolled_back = format!("{of_role} = 'rolled back'");
                merged(&tenant.stack, &rolled_back, &role)
            });
        }
        assert_eq!(
            merged(&tenant.stack, "actor = $1", &role).0,
            1,
            "after {end}"
        );
    }
}

#[test]
fn what_waits_for_a_dropped_database_is_given_up_and_one_without_a_worker_takes_no_place() {
    let stack = PrivateStack::start();
    for name in ["unserved", "doomed"] {
        let mut superuser = stack.superuser();
        superuser.run(&format!("create database {name}")).unwrap();
        let database = stack.database(name);
        database.superuser().run("create extension vault").unwrap();
    }
    stack.restart_with_settings("vault.databases = 'vault, doomed'");
    let mut superuser = stack.superuser();
    soon("the worker of the other database runs", || {
        superuser
            .value("select count(*) = 1 from pg_stat_activity where backend_type = 'vault worker' and datname = 'doomed'", &[])
            .unwrap()
    });

    // 100 refusals that would take a place each, were they kept.
    let unserved = refused_in(&stack, "unserved", 100);
    assert_eq!(
        unserved.matches("not put on record").count(),
        1,
        "{unserved}"
    );
    superuser.run("drop database unserved").unwrap();

    superuser
        .run("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'doomed'")
        .unwrap();
    soon("the workers of the other database have ended", || {
        superuser
            .value(
                "select count(*) = 0 from pg_stat_activity where datname = 'doomed'",
                &[],
            )
            .unwrap()
    });
    let served = refused_in(&stack, "doomed", 7);
    assert_eq!(served, "");
    superuser.run("drop database doomed").unwrap();
    soon("the other worker gives the rows up", || {
        stack
            .log()
            .contains("audit rows of databases without a vault that were given up: 7")
    });
    assert_eq!(stack.log().matches("were given up").count(), 1);
}

/// Has as many authentications refused there; gives the warnings.
fn refused_in(stack: &Stack, database: &str, refusals: usize) -> String {
    let mut sql = stack.database(database).superuser();
    for _ in 0..refusals {
        let refused = sql.execute("select vault.authenticate($1, 'x')", &[&unknown_key()]);
        assert_eq!(refused.unwrap_err().sqlstate, "28000");
    }
    let notices = sql.notices().into_iter();
    notices.map(|notice| notice.message).collect()
}
