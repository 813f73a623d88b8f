//! Keys are changed and destroyed while the vault is in use.

use std::thread;

use vault_tests::processes::send_signal;
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::{ADMIN, customer};
use vault_tests::{Card, Refused, Session, Stack, Tenant, random};

use crate::support::{soon, soon_equal};

pub const REENCRYPT: &str = "call vault.reencrypt($1, $2)";

fn rotate(admin: &mut Session, profile: &str) -> i32 {
    rotate_purpose(admin, profile, "data")
}

pub fn rotate_purpose(admin: &mut Session, profile: &str, purpose: &str) -> i32 {
    admin
        .value(
            "select vault.rotate_data_key($1, $2)",
            &[&profile, &purpose],
        )
        .unwrap()
}

/// How many values are under keys that are not current.
pub fn outdated(admin: &mut Session, profile: &str) -> i64 {
    admin
        .value(
            "select sum(values_count)::bigint from vault.keys where profile_id = $1 and state <> 'current'",
            &[&profile],
        )
        .unwrap()
}

/// Every key that is retired can go.
pub fn destroy_retired(admin: &mut Session, profile: &str) {
    let retired = admin
        .rows(
            "select purpose, version from vault.keys where profile_id = $1 and state = 'retired'",
            &[&profile],
        )
        .unwrap();
    assert!(!retired.is_empty());
    for key in retired {
        let (purpose, version): (String, i32) = (key.get(0), key.get(1));
        // As long as other transactions are older than the rotation, the key stays.
        soon("no transaction is left that may need the key", || {
            let destroyed = admin.execute(
                "select vault.destroy_data_key($1, $2, $3)",
                &[&profile, &purpose, &version],
            );
            match destroyed {
                Ok(_) => true,
                Err(refused) => {
                    assert!(
                        refused
                            .message
                            .starts_with("transactions that have used the key"),
                        "{refused:?}"
                    );
                    false
                }
            }
        });
    }
}

#[track_caller]
fn sealed(result: Result<serde_json::Value, Refused>) {
    let refused = result.unwrap_err();
    assert_eq!(refused.sqlstate, "55000", "{refused:?}");
    assert!(
        refused.message.starts_with("vault is sealed"),
        "{refused:?}"
    );
}

#[test]
fn a_create_that_has_waited_for_a_rotation_finds_what_was_stored_before_it() {
    let tenant = Tenant::new();
    let person = tenant.customer();
    let waiting = |number: i64| {
        let mut observer = tenant.stack.superuser();
        soon_equal("the next one waits", &Ok(number), || {
            let count = "select count(*) from pg_locks l join vault.data_keys k on k.key_id = l.objid::bigint
                         where l.classid = 'vault.data_keys'::regclass and not l.granted and k.profile_id = $1";
            observer.value::<i64>(count, &[&tenant.profile])
        });
    };
    for end in ["commit", "rollback"] {
        let card = Card::new();
        let mut first = tenant.sql();
        first.run("begin").unwrap();
        let create = card.create_for(&person);
        let stored = first.call("create_payment_method($1)", &[&create]).unwrap();
        thread::scope(|scope| {
            let rotation =
                scope.spawn(|| rotate_purpose(&mut tenant.admin(), &tenant.profile, "index"));
            waiting(1);
            // By SQL, which waits for a lock as long as it takes.
            let second = scope.spawn(|| {
                tenant
                    .sql()
                    .call("create_payment_method($1)", &[&create])
                    .unwrap()
            });
            waiting(2);
            first.run(end).unwrap();
            rotation.join().unwrap();
            let second = second.join().unwrap();
            assert_eq!(second["id"] == stored["id"], end == "commit");
        });
    }
}

#[test]
fn fingerprints_tell_equal_cards_by_the_new_index_key_once_all_are_moved() {
    let tenant = Tenant::new();
    let card = Card::new();
    let methods = [(); 2].map(|()| tenant.store(&card, &tenant.customer()));
    let fingerprints = || {
        methods.each_ref().map(|method| {
            let body = tenant.get(&format!("/v2/payment-methods/{method}")).ok();
            let card = &body["payment_method_data"]["card"];
            card["card_fingerprint"].as_str().unwrap().to_owned()
        })
    };
    let [old, other] = fingerprints();
    assert_eq!(old, other);
    let mut admin = tenant.admin();
    rotate_purpose(&mut admin, &tenant.profile, "index");
    let third = tenant.store(&card, &tenant.customer());
    admin
        .execute(REENCRYPT, &[&tenant.profile, &1_i32])
        .unwrap();
    let [new, other] = fingerprints();
    assert_eq!(new, other);
    assert_ne!(new, old);
    let third = tenant.get(&format!("/v2/payment-methods/{third}")).ok();
    assert_eq!(
        third["payment_method_data"]["card"]["card_fingerprint"],
        new
    );
}

/// Customers whose values a rotation has left behind, many enough to stop their re-encryption in the middle.
fn outdated_customers(tenant: &Tenant) -> i64 {
    const CUSTOMERS: i64 = 2000;
    let made: i64 = tenant
        .sql()
        .value(
            "select count(vault.create_customer($1)) from generate_series(1, $2::bigint)",
            &[&customer(), &CUSTOMERS],
        )
        .unwrap();
    assert_eq!(made, CUSTOMERS);
    rotate(&mut tenant.admin(), &tenant.profile);
    CUSTOMERS
}

/// Begins to re-encrypt row by row, has `stop` end the process of that number in the middle, and gives what the call gave.
pub fn stopped_reencryption(tenant: &Tenant, stop: impl FnOnce(i32)) -> thread::Result<Refused> {
    let before = outdated(&mut tenant.admin(), &tenant.profile);
    let mut worker = tenant.admin();
    let pid: i32 = worker.value("select pg_backend_pid()", &[]).unwrap();
    let call = thread::spawn({
        let profile = tenant.profile.clone();
        move || worker.execute(REENCRYPT, &[&profile, &1_i32]).unwrap_err()
    });
    let mut observer = tenant.admin();
    soon("some values are moved", || {
        assert!(!call.is_finished(), "nothing was moved");
        outdated(&mut observer, &tenant.profile) <= before - 10
    });
    drop(observer);
    stop(pid);
    call.join()
}

/// What was stopped in the middle has left everything readable, and goes on when called again.
fn goes_on(tenant: &Tenant, customers: i64) {
    let mut admin = tenant.admin();
    let left = outdated(&mut admin, &tenant.profile);
    assert!((1..customers).contains(&left), "{left} of {customers} left");
    assert_eq!(readable(tenant), customers);
    admin
        .execute(REENCRYPT, &[&tenant.profile, &100_i32])
        .unwrap();
    assert_eq!(outdated(&mut admin, &tenant.profile), 0);
    destroy_retired(&mut admin, &tenant.profile);
    assert_eq!(readable(tenant), customers);
}

fn readable(tenant: &Tenant) -> i64 {
    tenant
        .sql()
        .value(
            "select sum(jsonb_array_length(vault.list_customers(100, page * 100))) from generate_series(0, 20) page",
            &[],
        )
        .unwrap()
}

#[test]
fn a_reencryption_that_was_cancelled_goes_on_when_called_again() {
    let tenant = Tenant::new();
    let customers = outdated_customers(&tenant);
    let mut superuser = tenant.stack.superuser();
    let cancelled = stopped_reencryption(&tenant, |pid| {
        superuser
            .execute("select pg_cancel_backend($1)", &[&pid])
            .unwrap();
    });
    assert_eq!(cancelled.unwrap().sqlstate, "57014");
    goes_on(&tenant, customers);
}

#[test]
fn a_reencryption_that_a_crash_ended_goes_on_when_called_again() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let customers = outdated_customers(&tenant);
    let lost = stopped_reencryption(&tenant, |pid| {
        // At once, because it may be done before all processes are found.
        send_signal("-STOP", &[&pid.to_string()]);
        stack.crash();
    });
    assert!(lost.is_err(), "the call is cut off with its connection");
    stack.restart();
    goes_on(&tenant, customers);
}

#[test]
fn a_rotation_that_is_rolled_back_leaves_everything_readable() {
    let tenant = Tenant::new();
    let person = tenant.customer();
    let role = tenant.role(&["vault_client", "vault_admin"]);
    let mut other = tenant.sql();
    let read = |sql: &mut Session| sql.call("retrieve_customer($1)", &[&person]).unwrap();
    let before = read(&mut other);

    let mut sql = tenant.stack.session(&role);
    for end in ["rollback", "rollback to s; commit"] {
        sql.run("begin; savepoint s").unwrap();
        assert_eq!(rotate(&mut sql, &tenant.profile), 2);
        sql.call("create_customer($1)", &[&customer()]).unwrap();
        sql.execute(
            "select vault.reencrypt_batch($1, 'vault.customers'::regclass, null, 10)",
            &[&tenant.profile],
        )
        .unwrap();
        assert_eq!(read(&mut sql), before);
        sql.run(end).unwrap();

        // What this session seals now must open in one that has never seen the rotation.
        let made = sql.call("create_customer($1)", &[&customer()]).unwrap();
        let id = made["id"].as_str();
        assert_eq!(
            other.call("retrieve_customer($1)", &[&id]).unwrap(),
            made,
            "{end}"
        );
        assert_eq!(read(&mut other), before, "{end}");
        assert_eq!(read(&mut sql), before, "{end}");
    }
    assert_eq!(rotate(&mut sql, &tenant.profile), 2);
}

#[test]
fn the_root_key_is_changed_by_two_restarts_and_a_rewrap() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let person = tenant.customer();
    let card = Card::new();
    let method = tenant.store(&card, &person);
    let role = tenant.role(&["vault_client", "vault_reveal"]);
    let reveal = |stack: &Stack| {
        stack
            .session(&role)
            .call("retrieve_payment_method($1, true)", &[&method])
    };
    let revealed = |stack: &Stack| {
        let body = reveal(stack).unwrap();
        assert_eq!(
            body["raw_payment_method_data"]["card"]["card_number"],
            card.number
        );
    };
    let rewrap = || -> i64 {
        tenant
            .admin()
            .value("select vault.rewrap_data_keys()", &[])
            .unwrap()
    };
    let old = stack.root_keys();
    let new = format!("{}\n", random::digits(64));

    stack.restart_with_root_keys(&format!("{new}{old}"));
    revealed(&stack);
    assert!(rewrap() > 0);
    assert_eq!(rewrap(), 0);
    revealed(&stack);

    stack.restart_with_root_keys(&new);
    revealed(&stack);
    let sibling = tenant.sibling();
    let mut sql = stack.session(&sibling.role(&["vault_client"]));
    sql.call("create_customer($1)", &[&customer()]).unwrap();
    drop(sql);

    stack.restart_with_root_keys(&old);
    sealed(reveal(&stack));
    stack.restart_with_root_keys(&new);
    revealed(&stack);
}

#[test]
fn a_profile_whose_keys_are_destroyed_opens_nowhere_and_no_other_is_touched() {
    let tenant = Tenant::new();
    let other = tenant.sibling();
    let (person, bystander) = (tenant.customer(), other.customer());
    let (card, others_card) = (Card::new(), Card::new());
    let method = tenant.store(&card, &person);
    let others_method = other.store(&others_card, &bystander);
    let reads = [
        ("retrieve_customer($1)", &person),
        ("list_payment_methods($1)", &person),
        ("retrieve_payment_method($1)", &method),
        ("retrieve_payment_method($1, true)", &method),
    ];
    // One is connected and has the keys; one is in the middle of a transaction, too.
    let mut idle = tenant.revealing_sql();
    let mut busy = tenant.revealing_sql();
    // Which sees no change that others make, but must know of this one.
    busy.run("begin isolation level repeatable read; select pg_current_xact_id()")
        .unwrap();
    for (read, id) in reads {
        idle.call(read, &[id]).unwrap();
        busy.call(read, &[id]).unwrap();
    }
    let mut others = other.revealing_sql();
    let others_read = |sql: &mut Session| {
        let body = sql
            .call("retrieve_payment_method($1, true)", &[&others_method])
            .unwrap();
        assert_eq!(
            body["raw_payment_method_data"]["card"]["card_number"],
            others_card.number
        );
    };
    others_read(&mut others);

    tenant
        .admin()
        .execute("select vault.destroy_profile_keys($1)", &[&tenant.profile])
        .unwrap();

    busy.run("savepoint s").unwrap();
    for (read, id) in reads {
        for sql in [&mut idle, &mut busy, &mut tenant.revealing_sql()] {
            assert_eq!(sql.call(read, &[id]).unwrap_err().sqlstate, "55000");
        }
        busy.run("rollback to s").unwrap();
    }
    let create = Card::new().create_for(&person);
    assert_eq!(
        idle.call("create_payment_method($1)", &[&create])
            .unwrap_err()
            .sqlstate,
        "55000"
    );
    tenant
        .get(&format!("/v2/payment-methods/{method}"))
        .refuses(500, "HE_00", "Something went wrong");
    others_read(&mut others);
    others_read(&mut other.revealing_sql());
    other
        .get(&format!("/v2/payment-methods/{others_method}"))
        .ok();
    assert_eq!(other.store(&others_card, &bystander), others_method);
}

#[test]
fn a_key_is_due_for_rotation_when_the_period_is_over_that_was_set_when_it_was_made() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let mut admin = stack.session(ADMIN);
    stack
        .superuser()
        .run("alter system set vault.data_key_period = '90d'")
        .unwrap();
    stack.superuser().run("select pg_reload_conf()").unwrap();
    soon_equal("the setting is reloaded", &"90d", || {
        let mut session = stack.session(ADMIN);
        session
            .value::<String>("show vault.data_key_period", &[])
            .unwrap()
    });

    assert_eq!(rotate(&mut stack.session(ADMIN), &tenant.profile), 2);

    let periods: String = admin
        .value(
            "select string_agg(concat_ws(' ', purpose, version, rotate_after - created_at), ', ' order by purpose, version)
             from vault.keys where profile_id = $1",
            &[&tenant.profile],
        )
        .unwrap();
    assert_eq!(periods, "data 1 365 days, data 2 90 days, index 1 365 days");
}
