//! Columns are moved to the current keys.

use vault_tests::stack::PrivateStack;
use vault_tests::{Card, Tenant};

use super::Application;

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
    let batches = format!("rows of {}.files moved:", shop.schema);
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
fn a_value_that_does_not_open_is_left_as_it_is_and_keeps_no_key_alive() {
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
    shop.destroy_first("data");
    assert_eq!(shop.sql.value::<String>(damaged, &[]).unwrap(), before);
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
