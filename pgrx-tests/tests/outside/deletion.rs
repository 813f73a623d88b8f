//! What becomes of ciphertext that was deleted or replaced.

use std::fs;

use vault_tests::stack::PrivateStack;
use vault_tests::{Card, Session, Tenant};

use crate::support::{sealed, soon, soon_equal};

/// Whether a version of a row, dead or alive, has the bytes.
fn is_in_a_row(superuser: &mut Session, table: &str, bytes: &[u8]) -> bool {
    superuser
        .value(
            &format!(
                "select coalesce(bool_or(position($1::bytea in t_data) > 0), false)
                 from generate_series(0, pg_relation_size('vault.{table}') / 8192 - 1) page,
                      heap_page_items(get_raw_page('vault.{table}', page::int))"
            ),
            &[&bytes],
        )
        .unwrap()
}

/// Whether the table's file has the bytes, be it between two rows.
fn is_in_the_file(superuser: &mut Session, table: &str, bytes: &[u8]) -> bool {
    superuser.run("checkpoint").unwrap();
    let path: String = superuser
        .value(
            &format!(
                "select current_setting('data_directory') || '/' || pg_relation_filepath('vault.{table}')"
            ),
            &[],
        )
        .unwrap();
    let file = fs::read(path).expect("a table's file");
    file.windows(bytes.len()).any(|window| window == bytes)
}

/// The process that vacuums, if it waits for a lock.
fn waiting_vacuum(superuser: &mut Session) -> Option<i32> {
    superuser
        .value(
            "select max(pid) from pg_stat_activity where backend_type = 'vault vacuum' and wait_event_type = 'Lock'",
            &[],
        )
        .unwrap()
}

fn vacuum_every_second(superuser: &mut Session) {
    superuser
        .run("alter system set vault.vacuum_after = '1s'")
        .unwrap();
    superuser.run("select pg_reload_conf()").unwrap();
}

#[test]
fn deleted_ciphertext_is_vacuumed_within_a_settable_time() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let mut superuser = stack.superuser();
    superuser.run("create extension pageinspect").unwrap();
    let customer = tenant.customer();
    let method = tenant.store(&Card::new(), &customer);
    let instrument = sealed(&mut superuser, "payment_methods", "instrument", &method).unwrap();
    let details = sealed(&mut superuser, "customers", "details", &customer).unwrap();
    let mut sql = tenant.sql();
    sql.call("delete_payment_method($1)", &[&method]).unwrap();
    sql.call("delete_customer($1)", &[&customer]).unwrap();
    let deleted = [("payment_methods", &instrument), ("customers", &details)];
    for (table, bytes) in deleted {
        assert!(is_in_a_row(&mut superuser, table, bytes), "{table}");
    }

    vacuum_every_second(&mut superuser);
    for (table, bytes) in deleted {
        soon("no version of the row is left", || {
            !is_in_a_row(&mut superuser, table, bytes)
        });
        superuser
            .run(&format!("vacuum full vault.{table}"))
            .unwrap();
        assert!(!is_in_the_file(&mut superuser, table, bytes), "{table}");
    }
}

#[test]
fn a_vacuum_that_has_to_wait_holds_up_neither_the_worker_nor_the_servers_stop() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    tenant.store(&Card::new(), &tenant.customer());
    let mut superuser = stack.superuser();
    let mut holder = stack.superuser();
    holder.run("begin; lock table vault.data_keys").unwrap();
    vacuum_every_second(&mut superuser);
    soon("it waits", || waiting_vacuum(&mut superuser).is_some());

    superuser
        .run("update vault.cvcs set expires_at = now()")
        .unwrap();
    soon_equal("the worker deletes the expired CVC", &0, || {
        superuser
            .value::<i64>("select count(*) from vault.cvcs", &[])
            .unwrap()
    });
    let pid = waiting_vacuum(&mut superuser).expect("it still waits");
    superuser
        .rows("select pg_terminate_backend($1)", &[&pid])
        .unwrap();
    soon("it has ended", || {
        waiting_vacuum(&mut superuser) != Some(pid)
    });
    holder.run("rollback").unwrap();
}
