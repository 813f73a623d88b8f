//! Tables of every kind, and what their owners hang on them.

use vault_tests::Tenant;
use vault_tests::stack::PrivateStack;

use super::Application;

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
    assert_eq!(refused.pair(), ("55000", "2 values need this key"));
    for table in ["a_checked", "b_closed"] {
        let name = format!("{}.{table}", shop.schema);
        assert!(refused.rest.contains(&name), "{refused:?}");
    }

    shop.sql
        .run("grant all on b_closed to current_user; alter table a_checked drop constraint a_checked_note_check")
        .unwrap();
    shop.reencrypt();
    assert_eq!(shop.outdated(), 0);
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
        ("55000", "a trigger prevents values from being sealed anew")
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
            "tables that may hold values under the key are out of reach"
        )
    );
    shop.rotate("data").unwrap();
    shop.reencrypt();
    let refused = shop.destroy("data", 1).unwrap_err();
    assert_eq!(refused.pair(), ("55000", "100 values need this key"));
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
