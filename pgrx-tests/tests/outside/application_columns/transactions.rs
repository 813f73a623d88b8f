//! What transactions see, and keep, of keys that others change.

use vault_tests::Tenant;
use vault_tests::stack::PrivateStack;

use super::{Application, ROTATED_MEANWHILE};

#[test]
fn a_transaction_that_sees_the_time_before_a_rotation_begins_again() {
    let mut shop = Application::with_people(Tenant::new());
    shop.sql.run("create table other (n int)").unwrap();
    let find = "select count(*) from people where email = vault.searchable('guest7')";
    let levels = ["repeatable read", "serializable"];
    let firsts = ["select 1", "insert into other values (1)"];
    for (level, first) in levels
        .iter()
        .flat_map(|level| firsts.map(|first| (level, first)))
    {
        shop.sql
            .run(&format!("begin isolation level {level}; {first}"))
            .unwrap();
        shop.rotate("index").unwrap();
        let refused = shop.sql.value::<i64>(find, &[]).unwrap_err();
        assert_eq!(refused.pair(), ROTATED_MEANWHILE);
        shop.sql.run("rollback").unwrap();
        assert_eq!(shop.sql.value::<i64>(find, &[]), Ok(1));
    }
}

#[test]
fn a_transaction_that_sees_values_under_a_destroyed_index_key_begins_again() {
    let mut shop = Application::with_people(Tenant::new());
    shop.sql
        .run("begin isolation level repeatable read; select 1")
        .unwrap();
    shop.rotate("index").unwrap();
    shop.destroy_first("index");
    let find = "select count(*) from people where email = vault.searchable('guest7')";
    let refused = shop.sql.value::<i64>(find, &[]).unwrap_err();
    assert_eq!(refused.pair(), ROTATED_MEANWHILE);
    shop.sql.run("rollback").unwrap();
    assert_eq!(shop.sql.value::<i64>(find, &[]), Ok(1));
}

#[test]
fn a_transaction_that_sees_no_news_neither_rotates_an_index_key_nor_destroys_a_key() {
    let shop = Application::with_people(Tenant::new());
    shop.rotate("data").unwrap();
    let mut admin = shop.tenant.admin();
    let profile = &shop.tenant.profile;
    for call in [
        "select vault.rotate_data_key($1, 'index')",
        "select vault.destroy_data_key($1, 'data', 1)",
    ] {
        admin.run("begin isolation level repeatable read").unwrap();
        let refused = admin.execute(call, &[profile]).unwrap_err();
        assert_eq!(
            refused.pair(),
            (
                "55000",
                "the transaction does not see what others wrote after it began"
            )
        );
        admin.run("rollback").unwrap();
    }
}

#[test]
fn a_statement_that_sees_the_time_before_a_rotation_begins_again() {
    let mut shop = Application::with_people(Tenant::new());
    // A cursor sees what was there when it was declared.
    shop.sql
        .run(
            "begin; declare people_found cursor for
                 select email = vault.searchable('guest7') from people",
        )
        .unwrap();
    let next = "fetch people_found";
    assert_eq!(shop.sql.value(next, &[]), Ok(false));
    shop.rotate("index").unwrap();
    let refused = shop.sql.value::<bool>(next, &[]).unwrap_err();
    assert_eq!(refused.pair(), ROTATED_MEANWHILE);
    shop.sql.run("rollback").unwrap();
    let find = "people where email = vault.searchable('guest7')";
    assert_eq!(shop.count(find, &[]), 1);
}

#[test]
fn a_key_is_not_destroyed_under_a_prepared_transaction() {
    let stack = PrivateStack::start();
    stack
        .superuser()
        .run("alter system set max_prepared_transactions = 2")
        .unwrap();
    stack.stop();
    stack.restart();
    let mut shop = Application::with_people(Tenant::within(&stack));
    shop.sql
        .run("delete from people; begin; insert into people values (100, null, vault.encrypt('late')); prepare transaction 'late'")
        .unwrap();
    shop.rotate("data").unwrap();
    let refused = shop.destroy("data", 1).unwrap_err();
    assert_eq!(
        refused.pair(),
        (
            "55000",
            "transactions that have used the key to seal or look up values are still running"
        )
    );
    shop.sql.run("commit prepared 'late'").unwrap();
    let refused = shop.destroy("data", 1).unwrap_err();
    assert_eq!(refused.pair(), ("55000", "1 value needs this key"));
    assert_eq!(
        shop.count("people where vault.decrypt(note) = 'late'", &[]),
        1
    );
}
