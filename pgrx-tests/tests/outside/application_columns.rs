//! Keys are changed under the columns of applications' own tables.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use postgres::types::ToSql;
use vault_tests::stack::PrivateStack;
use vault_tests::{Card, Refused, Session, Tenant, random};

use crate::support::soon;

/// An application with a schema of its own, bound to the tenant's profile.
struct Application {
    tenant: Tenant,
    role: String,
    schema: String,
    sql: Session,
}

impl Application {
    fn new() -> Application {
        Application::of(Tenant::new())
    }

    fn of(tenant: Tenant) -> Application {
        let role = tenant.role(&["vault_client", "vault_reveal"]);
        let schema = random::name("shop");
        tenant
            .stack
            .superuser()
            .run(&format!("create schema {schema} authorization {role}"))
            .unwrap();
        let mut application = Application {
            sql: tenant.stack.session(&role),
            tenant,
            role,
            schema,
        };
        let path = format!("set search_path = {}", application.schema);
        application.sql.run(&path).unwrap();
        application
    }

    fn with_people(tenant: Tenant) -> Application {
        let mut application = Application::of(tenant);
        application
            .sql
            .run(
                "create table people (id int primary key, email vault.searchable_text unique, note vault.encrypted_text);
                 insert into people select n, vault.searchable('guest' || n), vault.encrypt('note ' || n, 'people/' || n)
                 from generate_series(1, 50) n",
            )
            .unwrap();
        application
    }

    /// Another session of the same application.
    fn session(&self) -> Session {
        let mut sql = self.tenant.stack.session(&self.role);
        sql.run(&format!("set search_path = {}", self.schema))
            .unwrap();
        sql
    }

    fn rotate(&self, purpose: &str) -> Result<i32, Refused> {
        rotate(&self.tenant, purpose)
    }

    fn reencrypt(&self) {
        self.tenant
            .admin()
            .execute("call vault.reencrypt($1, 7)", &[&self.tenant.profile])
            .unwrap();
    }

    /// How many values are under keys that are not current.
    fn outdated(&self) -> i64 {
        self.tenant
            .admin()
            .value(
                "select sum(values_count)::bigint from vault.keys where profile_id = $1 and state <> 'current'",
                &[&self.tenant.profile],
            )
            .unwrap()
    }

    fn destroy(&self, purpose: &str, version: i32) -> Result<u64, Refused> {
        self.tenant.admin().execute(
            "select vault.destroy_data_key($1, $2, $3)",
            &[&self.tenant.profile, &purpose, &version],
        )
    }

    /// Destroys the first version, as soon as no older transaction runs.
    fn destroy_first(&self, purpose: &str) {
        soon("the first key is destroyed", || {
            self.destroy(purpose, 1).is_ok()
        });
    }

    fn count(&mut self, query: &str, parameters: &[&(dyn ToSql + Sync)]) -> i64 {
        self.sql
            .value(&format!("select count(*) from {query}"), parameters)
            .unwrap()
    }
}

fn rotate(tenant: &Tenant, purpose: &str) -> Result<i32, Refused> {
    tenant.admin().value(
        "select vault.rotate_data_key($1, $2)",
        &[&tenant.profile, &purpose],
    )
}

#[test]
fn every_column_of_an_encrypted_type_moves_to_the_current_keys_and_keeps_its_context() {
    let mut shop = Application::new();
    let card = Card::new();
    shop.sql
        .run(
            "create domain secret as vault.encrypted_text;
             create table things (id int, part int, email vault.searchable_text, card vault.card_number, note secret,
                 document vault.encrypted_json, tags vault.encrypted_text[], \"Odd name\" vault.searchable_text[],
                 primary key (id, part)) partition by list (part);
             create table things_1 partition of things for values in (1);
             create table things_2 partition of things for values in (2)",
        )
        .unwrap();
    shop.sql
        .execute(
            "insert into things select n, 1 + n % 2, vault.searchable('guest' || n, 'things/' || n),
                 vault.card_number($1::text, 'card/' || n), vault.encrypt('secret ' || n),
                 vault.encrypt(jsonb_build_object('n', n), 'document/' || n),
                 array[[vault.encrypt('a'), null], [null, vault.encrypt('b', 'tag')]],
                 ('[0:0]={' || vault.searchable('x')::text || '}')::vault.searchable_text[]
             from generate_series(1, 30) n",
            &[&card.number],
        )
        .unwrap();
    shop.sql
        .run("insert into things (id, part) values (31, 1)")
        .unwrap();
    let opens = "things where vault.decrypt(email, 'things/' || id) = 'guest' || id
         and vault.decrypt(card, 'card/' || id) = $1 and vault.decrypt(note) = 'secret ' || id
         and (vault.decrypt(document, 'document/' || id) ->> 'n')::int = id
         and array_dims(tags) = '[1:2][1:2]' and tags[1][2] is null
         and vault.decrypt(tags[1][1]) = 'a' and vault.decrypt(tags[2][2], 'tag') = 'b'
         and vault.decrypt(\"Odd name\"[array_lower(\"Odd name\", 1)]) = 'x'
         and \"Odd name\" @> array[vault.searchable('x')] and email = vault.searchable('guest' || id)";
    assert_eq!(shop.count(opens, &[&card.number]), 30);

    for purpose in ["data", "index"] {
        assert_eq!(shop.rotate(purpose), Ok(2));
        assert_eq!(shop.count(opens, &[&card.number]), 30, "{purpose}");
    }
    shop.reencrypt();
    assert_eq!(shop.outdated(), 0);
    for purpose in ["data", "index"] {
        shop.destroy_first(purpose);
    }
    assert_eq!(shop.count(opens, &[&card.number]), 30);
    let moved = shop.sql.value::<String>(
        "select vault.decrypt(email, 'things/2') from things where id = 1",
        &[],
    );
    assert_eq!(moved.unwrap_err().sqlstate, "XX001");
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
                        let found: i64 = sql
                            .value(
                                "select count(*) from generate_series(1, 50) n
                                 where exists (select from people where email = vault.searchable('guest' || n))",
                                &[],
                            )
                            .unwrap();
                        assert_eq!(found, 50);
                        rounds += 1;
                    }
                })
            })
            .collect();
        let writing: Vec<_> = (0..2)
            .map(|writer| {
                let done = &done;
                let mut sql = shop.session();
                scope.spawn(move || {
                    let mut fresh = 1000 * (writer + 1);
                    while !done.load(Ordering::Relaxed) || fresh % 1000 == 0 {
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
        assert_eq!(
            refused.pair(),
            (
                "40001",
                "could not serialize access due to the rotation of an index key"
            )
        );
        shop.sql.run("rollback").unwrap();
        assert_eq!(shop.sql.value::<i64>(find, &[]), Ok(1));
    }
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
        soon("the rotation waits", || {
            let blocked =
                "select count(*) from pg_stat_activity where query like '%rotate_data_key%'
                           and pg_backend_pid() <> pid and pg_blocking_pids(pid) && array[$1::int]";
            let pid: i32 = holder.value("select pg_backend_pid()", &[]).unwrap();
            observer.value::<i64>(blocked, &[&pid]) == Ok(1)
        });
        holder.run("commit").unwrap();
        assert_eq!(rotation.join().unwrap(), Ok(2));
    });
    assert_eq!(shop.outdated(), 0);
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
                "the transaction does not see what others have written since it began"
            )
        );
        admin.run("rollback").unwrap();
    }
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
            "transactions that have sealed or looked for values by the key are still running"
        )
    );
    shop.sql.run("commit prepared 'late'").unwrap();
    let refused = shop.destroy("data", 1).unwrap_err();
    assert_eq!(refused.pair(), ("55000", "1 values need this key"));
    assert_eq!(
        shop.count("people where vault.decrypt(note) = 'late'", &[]),
        1
    );
}

#[test]
fn a_table_that_cannot_be_moved_is_named_and_keeps_no_other_from_it() {
    let stack = PrivateStack::start();
    let mut shop = Application::with_people(Tenant::within(&stack));
    shop.sql
        .run(
            "create table a_checked (note vault.encrypted_text check (vault.decrypt(note) <> ''));
             insert into a_checked values (vault.encrypt('x'));
             create table b_closed (note vault.encrypted_text);
             insert into b_closed values (vault.encrypt('x'));
             revoke all on b_closed from current_user",
        )
        .unwrap();
    shop.rotate("data").unwrap();
    let mut admin = shop.tenant.admin();
    admin
        .execute("call vault.reencrypt($1)", &[&shop.tenant.profile])
        .unwrap();
    let warnings = admin.notices();
    let about = |table: &str| {
        let name = format!("{}.{table}", shop.schema);
        let of_table = warnings
            .iter()
            .filter(|warning| warning.message.contains(&name));
        of_table
            .filter(|warning| warning.message.contains("stay as they are"))
            .count()
    };
    assert_eq!((about("people"), about("b_closed")), (0, 1));
    assert!(about("a_checked") > 0);
    let refused = shop.destroy("data", 1).unwrap_err();
    assert!(
        refused.rest.contains("b_closed (privileges)"),
        "{refused:?}"
    );

    shop.sql
        .run("grant all on b_closed to current_user; alter table a_checked drop constraint a_checked_note_check")
        .unwrap();
    shop.reencrypt();
    assert_eq!(shop.outdated(), 0);
}

#[test]
fn large_values_move_in_small_batches() {
    // Of its own: the residue test searches all that the shared one has written.
    let stack = PrivateStack::start();
    let mut shop = Application::of(Tenant::within(&stack));
    shop.sql
        .run(
            "create table files (id int, content vault.encrypted_text);
             insert into files select n, vault.encrypt(repeat('x', 6000000)) from generate_series(1, 3) n",
        )
        .unwrap();
    shop.rotate("data").unwrap();
    let mut admin = shop.tenant.admin();
    admin
        .execute("call vault.reencrypt($1)", &[&shop.tenant.profile])
        .unwrap();
    let batches = format!("rows of {}.files moved", shop.schema);
    let batches = admin
        .notices()
        .into_iter()
        .filter(|notice| notice.message.contains(&batches))
        .count();
    assert_eq!(batches, 2, "of rows of 6 MB");
    assert_eq!(shop.outdated(), 0);
    let opens = "files where id = 1 and length(vault.decrypt(content)) = 6000000";
    assert_eq!(shop.count(opens, &[]), 1);
}

#[test]
fn a_reencryption_of_nothing_says_what_is_missing() {
    let mut admin = Tenant::new().admin();
    for (call, message) in [
        ("call vault.reencrypt(null)", "there is no such profile"),
        ("call vault.reencrypt('nobody')", "there is no such profile"),
        (
            "call vault.reencrypt('nobody', null)",
            "batch_size must be 1 or more",
        ),
    ] {
        assert_eq!(admin.run(call).unwrap_err().message, message, "{call}");
    }
}

#[test]
fn triggers_do_not_take_a_value_that_is_sealed_anew_for_a_change() {
    let mut shop = Application::with_people(Tenant::new());
    shop.sql
        .run(
            "create function stop() returns trigger language plpgsql as $$ begin raise exception 'changed'; end $$;
             create trigger stop before update on people for each row execute function stop()",
        )
        .unwrap();
    shop.rotate("data").unwrap();
    shop.rotate("index").unwrap();
    shop.reencrypt();
    assert_eq!(shop.outdated(), 0);
    let changed = shop.sql.run("update people set id = id");
    assert_eq!(changed.unwrap_err().message, "changed");
}

#[test]
fn code_of_a_tables_owner_finds_no_profile_while_values_are_moved() {
    let mut shop = Application::with_people(Tenant::new());
    let spy = format!(
        "create function spy(vault.searchable_text) returns int immutable language plpgsql as $$
         begin
             if session_user <> '{}' and vault.current_profile() is not null then
                 raise exception 'saw a profile';
             end if;
             return 1;
         end $$;
         create index on people (spy(email))",
        shop.role
    );
    shop.sql.run(&spy).unwrap();
    // An administrator with a profile of its own: neither that one nor the one whose values are moved must be there.
    let bound = shop.tenant.role(&["vault_client", "vault_admin"]);
    let mut admin = shop.tenant.stack.session(&bound);
    let profile = &shop.tenant.profile;
    for purpose in ["data", "index"] {
        admin
            .execute("select vault.rotate_data_key($1, $2)", &[profile, &purpose])
            .unwrap();
        admin
            .execute("call vault.reencrypt($1)", &[profile])
            .unwrap();
    }
    assert_eq!(shop.outdated(), 0);
    let run = shop.tenant.stack.superuser().value::<i32>(
        &format!("select {}.spy(email) from {0}.people limit 1", shop.schema),
        &[],
    );
    assert_eq!(
        run,
        Ok(1),
        "the spy works, and the superuser has no profile"
    );
}

#[test]
fn values_of_another_profile_in_the_same_table_are_not_touched() {
    let mut shop = Application::with_people(Tenant::new());
    let other = shop.tenant.sibling();
    let stranger = other.role(&["vault_client"]);
    shop.sql
        .run(&format!(
            "grant usage on schema {} to {stranger}; grant select, insert on people to {stranger}",
            shop.schema
        ))
        .unwrap();
    let mut theirs = other.stack.session(&stranger);
    let table = format!("{}.people", shop.schema);
    theirs
        .run(&format!(
            "insert into {table} (id, email, note) values (100, vault.searchable('guest1'), vault.encrypt('theirs'))"
        ))
        .unwrap();
    let row = format!("select t::text from {table} t where id = 100");
    let before: String = theirs.value(&row, &[]).unwrap();
    shop.rotate("data").unwrap();
    shop.rotate("index").unwrap();
    shop.reencrypt();
    assert_eq!(shop.outdated(), 0);
    assert_eq!(theirs.value::<String>(&row, &[]).unwrap(), before);
}

#[test]
fn a_value_that_does_not_open_is_left_as_it_is_and_keeps_its_key() {
    let mut shop = Application::with_people(Tenant::new());
    shop.sql
        .run(
            "update people set note = (select overlay(note::text placing 'AAAA' from length(note::text) - 9)::vault.encrypted_text)
             where id = 5",
        )
        .unwrap();
    let damaged = "select note::text from people where id = 5";
    let before: String = shop.sql.value(damaged, &[]).unwrap();
    shop.rotate("data").unwrap();
    shop.reencrypt();
    assert_eq!(shop.sql.value::<String>(damaged, &[]).unwrap(), before);
    assert_eq!(shop.outdated(), 1);
    soon("no older transaction is in the way", || {
        shop.destroy("data", 1).unwrap_err().pair() == ("55000", "1 values need this key")
    });
}

#[test]
fn a_materialized_view_keeps_the_old_key_until_it_is_refreshed() {
    let mut shop = Application::with_people(Tenant::new());
    shop.sql
        .run("create materialized view notes as select note from people")
        .unwrap();
    shop.rotate("data").unwrap();
    shop.reencrypt();
    assert_eq!(shop.outdated(), 50);
    let refused = shop.destroy("data", 1).unwrap_err();
    assert_eq!(refused.pair(), ("55000", "50 values need this key"));
    shop.sql.run("refresh materialized view notes").unwrap();
    shop.destroy_first("data");
}

#[test]
fn rows_that_a_policy_may_hide_from_their_owner_are_named_and_not_taken_for_none() {
    let stack = PrivateStack::start();
    let mut shop = Application::with_people(Tenant::within(&stack));
    let table = format!("{}.people", shop.schema);
    shop.sql
        .run(
            "create policy small on people using (id < 10);
             alter table people enable row level security, force row level security",
        )
        .unwrap();
    let refused = shop.rotate("index").unwrap_err();
    assert_eq!(
        refused.pair(),
        (
            "55000",
            "tables are out of reach whose values may need the key"
        )
    );
    shop.rotate("data").unwrap();
    shop.reencrypt();
    let refused = shop.destroy("data", 1).unwrap_err();
    assert_eq!(
        refused.pair(),
        (
            "55000",
            "tables are out of reach whose values may need the key"
        )
    );
    assert!(refused.rest.contains(&table), "{refused:?}");

    shop.sql
        .run("alter table people no force row level security")
        .unwrap();
    assert_eq!(shop.outdated(), 100);
    shop.reencrypt();
    assert_eq!(shop.outdated(), 0);
    shop.destroy_first("data");
    assert_eq!(
        shop.count(
            "people where vault.decrypt(note, 'people/' || id) = 'note ' || id",
            &[]
        ),
        50
    );
    assert_eq!(shop.rotate("index"), Ok(2));
}

#[test]
fn columns_may_have_any_name() {
    let mut shop = Application::new();
    for name in [
        "key_id", "value", "row_id", "value_1", "old", "new", "t", "k", "v",
    ] {
        shop.sql
            .run(&format!(
                "create table \"{name}\" (\"{name}\" vault.searchable_text, \"Tags\" vault.encrypted_text[]);
                 insert into \"{name}\" values (vault.searchable('a'), array[vault.encrypt('b')]);
                 create table \"{name} of tags\" (\"{name}\" vault.searchable_text[]);
                 insert into \"{name} of tags\" values (array[vault.searchable('a')])"
            ))
            .unwrap();
    }
    shop.rotate("data").unwrap();
    shop.rotate("index").unwrap();
    shop.reencrypt();
    assert_eq!(shop.outdated(), 0);
    for name in ["key_id", "value", "row_id"] {
        let found = format!(
            "\"{name}\" as a join \"{name} of tags\" as b on b.\"{name}\" = array[a.\"{name}\"]
             where vault.decrypt(a.\"Tags\"[1]) = 'b' and a.\"{name}\" = vault.searchable('a')"
        );
        assert_eq!(shop.count(&found, &[]), 1, "{name}");
    }
}

#[test]
fn a_generated_column_follows_the_one_it_is_generated_from() {
    let mut shop = Application::new();
    shop.sql
        .run(
            "create table people (email vault.searchable_text,
                 login vault.searchable_text generated always as (email) stored unique);
             insert into people select vault.searchable('guest' || n) from generate_series(1, 10) n",
        )
        .unwrap();
    shop.rotate("data").unwrap();
    shop.rotate("index").unwrap();
    shop.reencrypt();
    for purpose in ["data", "index"] {
        shop.destroy_first(purpose);
    }
    let follows = "people where vault.decrypt(login) = vault.decrypt(email) and login = vault.searchable('guest7')";
    assert_eq!(shop.count(follows, &[]), 1);
}

/// PostgreSQL has scans of large tables follow each other: a table is large from a quarter of `shared_buffers`.
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

#[test]
fn reencryption_leaves_rows_that_others_refer_to_for_later() {
    let mut shop = Application::with_people(Tenant::new());
    shop.sql
        .run("create table orders (person int references people)")
        .unwrap();
    let mut holder = shop.session();
    holder.run("begin; insert into orders values (7)").unwrap();
    shop.rotate("data").unwrap();
    shop.reencrypt();
    assert_eq!(shop.outdated(), 2, "one row, with two values");
    holder.run("commit").unwrap();
    shop.reencrypt();
    assert_eq!(shop.outdated(), 0);
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
    assert_eq!(
        refused.pair(),
        (
            "40001",
            "could not serialize access due to the rotation of an index key"
        )
    );
    shop.sql.run("rollback").unwrap();
    assert_eq!(shop.sql.value::<i64>(find, &[]), Ok(1));
}

#[test]
fn a_trigger_that_always_fires_does_not_keep_values_under_an_old_key_unnoticed() {
    let mut shop = Application::with_people(Tenant::new());
    shop.sql
        .run(
            "create function keep() returns trigger language plpgsql as $$ begin return null; end $$;
             create trigger keep before update on people for each row execute function keep();
             alter table people enable always trigger keep",
        )
        .unwrap();
    let refused = shop.rotate("index").unwrap_err();
    assert_eq!(
        refused.pair(),
        ("55000", "a trigger keeps values from being sealed anew")
    );
    let find = "people where email = vault.searchable('guest7')";
    assert_eq!(shop.count(find, &[]), 1);
    shop.sql
        .run("alter table people enable trigger keep")
        .unwrap();
    shop.rotate("index").unwrap();
    assert_eq!((shop.count(find, &[]), shop.outdated()), (1, 0));
}

#[test]
fn arrays_of_domains_are_moved_and_arrays_of_arrays_are_in_nobodys_way() {
    let mut shop = Application::new();
    shop.sql
        .run(
            "create domain secret as vault.searchable_text not null check (value::text like 'vault:%');
             create domain secrets as secret[];
             create table things (one secret, many secrets, \"it's\" secrets[]);
             insert into things select s, array[s], array[array[s]::secrets] from vault.searchable('a') s",
        )
        .unwrap();
    shop.rotate("data").unwrap();
    shop.rotate("index").unwrap();
    shop.reencrypt();
    assert_eq!(shop.outdated(), 0);
    let found = "things where one = vault.searchable('a') and many = array[one]::secrets";
    assert_eq!(shop.count(found, &[]), 1);
}

#[test]
fn a_number_of_another_clusters_transaction_is_not_taken_for_one_of_this() {
    let mut shop = Application::with_people(Tenant::new());
    shop.rotate("index").unwrap();
    let mut superuser = shop.tenant.stack.superuser();
    superuser
        .execute(
            "update vault.data_keys set retired_by = (pg_current_xact_id()::text::bigint + 50)::text::xid8
             where profile_id = $1 and state = 'retired'",
            &[&shop.tenant.profile],
        )
        .unwrap();
    shop.sql
        .run("begin isolation level repeatable read; select 1")
        .unwrap();
    for _ in 0..60 {
        superuser.run("select pg_current_xact_id()").unwrap();
    }
    let find = "people where email = vault.searchable('guest7')";
    assert_eq!(shop.count(find, &[]), 1);
}
