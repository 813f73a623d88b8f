//! A rotation of the index key moves all values at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use vault_tests::Tenant;

use super::{Application, ROTATED_MEANWHILE, rotate};
use crate::support::soon_equal;

#[test]
fn a_prepared_look_up_finds_its_row_after_the_rotation() {
    let mut shop = Application::with_people(Tenant::new());
    shop.sql
        .run(
            "set plan_cache_mode = force_generic_plan;
             prepare look_up(text) as select id from people where email = vault.searchable($1)",
        )
        .unwrap();
    let found = |shop: &mut Application| {
        shop.sql
            .value::<i32>("execute look_up('guest7')", &[])
            .unwrap()
    };
    assert_eq!(found(&mut shop), 7);

    shop.rotate("index").unwrap();

    assert_eq!(found(&mut shop), 7);
}

#[test]
fn columns_that_reference_each_other_change_their_index_key_together() {
    let mut shop = Application::with_people(Tenant::new());
    shop.sql
        .run(
            "create table orders (id int, email vault.searchable_text references people (email));
             insert into orders select id, email from people where id <= 20",
        )
        .unwrap();
    shop.rotate("index").unwrap();
    assert_eq!(shop.count("orders join people using (email)", &[]), 20);
    let taken = shop
        .sql
        .run("insert into people (id, email) values (99, vault.searchable('guest7'))");
    assert_eq!(taken.unwrap_err().sqlstate, "23505");
    let missing = shop
        .sql
        .run("insert into orders values (99, vault.searchable('nobody'))");
    assert_eq!(missing.unwrap_err().sqlstate, "23503");
    shop.sql
        .run("insert into orders values (99, vault.searchable('guest7'))")
        .unwrap();
    assert_eq!(shop.outdated(), 0, "nothing is left to vault.reencrypt");
}

#[test]
fn a_rotation_of_the_index_key_under_load_loses_no_look_up_and_lets_no_duplicate_in() {
    let shop = Application::with_people(Tenant::new());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reading: Vec<_> = (0..2)
            .map(|_| {
                let done = &done;
                let mut sql = shop.session();
                scope.spawn(move || {
                    let mut rounds = 0;
                    while !done.load(Ordering::Relaxed) || rounds == 0 {
                        let found = sql.value::<i64>(
                            "select count(*) from generate_series(1, 50) n
                             where exists (select from people where email = vault.searchable('guest' || n))",
                            &[],
                        );
                        match found {
                            Ok(found) => {
                                assert_eq!(found, 50);
                                rounds += 1;
                            }
                            Err(refused) => assert_eq!(refused.pair(), ROTATED_MEANWHILE),
                        }
                    }
                })
            })
            .collect();
        let writing: Vec<_> = (0..2)
            .map(|writer| {
                let done = &done;
                let mut sql = shop.session();
                scope.spawn(move || {
                    let mut fresh = 1_000_000 * (writer + 1);
                    while !done.load(Ordering::Relaxed) || fresh % 1_000_000 == 0 {
                        let taken = sql.execute(
                            "insert into people (id, email) values ($1, vault.searchable('guest7'))",
                            &[&fresh],
                        );
                        assert_eq!(taken.unwrap_err().sqlstate, "23505");
                        sql.execute(
                            "insert into people (id, email) values ($1, vault.searchable('guest' || $1::int))",
                            &[&fresh],
                        )
                        .unwrap();
                        fresh += 1;
                    }
                })
            })
            .collect();
        for _ in 0..4 {
            shop.rotate("index").unwrap();
        }
        done.store(true, Ordering::Relaxed);
        for thread in reading.into_iter().chain(writing) {
            thread.join().unwrap();
        }
    });
    shop.reencrypt();
    assert_eq!(shop.outdated(), 0);
    let distinct: bool = shop
        .session()
        .value(
            "select count(distinct vault.decrypt(email)) = count(*) and count(*) > 52 from people",
            &[],
        )
        .unwrap();
    assert!(distinct);
}

#[test]
fn a_rotation_of_the_index_key_waits_for_rows_that_somebody_holds() {
    let shop = Application::with_people(Tenant::new());
    let mut holder = shop.session();
    holder
        .run("begin; select from people where id = 7 for update")
        .unwrap();
    let tenant = &shop.tenant;
    let mut observer = tenant.stack.superuser();
    thread::scope(|scope| {
        let rotation = scope.spawn(|| rotate(tenant, "index"));
        soon_equal("the rotation waits", &Ok(1), || {
            let blocked =
                "select count(*) from pg_stat_activity where query like '%rotate_data_key%'
                           and pg_backend_pid() <> pid and pg_blocking_pids(pid) && array[$1::int]";
            let pid: i32 = holder.value("select pg_backend_pid()", &[]).unwrap();
            observer.value::<i64>(blocked, &[&pid])
        });
        holder.run("commit").unwrap();
        assert_eq!(rotation.join().unwrap(), Ok(2));
    });
    assert_eq!(shop.outdated(), 0);
}

#[test]
fn a_rotation_of_the_index_key_moves_all_rows_whatever_others_read_of_the_table() {
    let mut shop = Application::new();
    let quarter: i64 = shop
        .sql
        .value(
            "select setting::bigint / 4 from pg_settings where name = 'shared_buffers'",
            &[],
        )
        .unwrap();
    shop.sql
        .run(&format!(
            "create table people (id int, filler text, email vault.searchable_text) with (fillfactor = 10);
             alter table people alter filler set storage plain;
             insert into people select n, repeat('-', 3000), vault.searchable('guest' || n)
             from generate_series(1, {quarter} + 1000) n;
             analyze people"
        ))
        .unwrap();
    let half = quarter / 2;
    let read = shop.count(&format!("(select from people limit {half}) half"), &[]);
    let first = shop.sql.value::<i32>("select id from people limit 1", &[]);
    assert!(read == half && first != Ok(1), "scans follow each other");
    shop.rotate("index").unwrap();
    assert_eq!(shop.outdated(), 0);
}
