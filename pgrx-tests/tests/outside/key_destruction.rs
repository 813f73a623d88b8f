//! The keys of a profile are destroyed, and stay so: in the database, on a standby, in an earlier dump.

use std::path::Path;
use std::{fs, thread};

use serde_json::Value;
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::ADMIN;
use vault_tests::{Refused, Session, Stack, random};

use crate::backup::{Backup, Shop};
use crate::support::{http_answers, long_unwritten, soon, soon_equal};

const DESTROY: &str = "select vault.destroy_profile_keys($1)";

const DESTROYED: (&str, &str) = ("55000", "the keys of this profile are destroyed");

/// A table of an application, with a value of each type of each shop.
fn application_table(stack: &Stack, shops: &[&Shop]) {
    stack
        .superuser()
        .run(
            "create table public.notes (profile text default vault.current_profile(), plain vault.encrypted_text,
                document vault.encrypted_json, email vault.searchable_text, card vault.card_number);
             grant select, insert on public.notes to vault_client",
        )
        .unwrap();
    for shop in shops {
        stack
            .session(&shop.role)
            .execute(
                "insert into public.notes (plain, document, email, card)
                 select vault.encrypt('a note'), vault.encrypt('{}'::jsonb), vault.searchable('a@b.c'),
                        vault.card_number($1::text)",
                &[&shop.card.number],
            )
            .unwrap();
    }
}

/// Everything that opens a value of the shop, but for a reveal on a standby, which is a write.
fn opened(stack: &Stack, shop: &Shop) -> Vec<Result<Value, Refused>> {
    let mut sql = stack.session(&shop.role);
    let is_standby: bool = sql.value("select pg_is_in_recovery()", &[]).unwrap();
    let mut answers = vec![
        sql.call("retrieve_customer($1)", &[&shop.customer]),
        sql.call("list_customers()", &[]),
        sql.call("list_payment_methods($1)", &[&shop.customer]),
        sql.call("retrieve_payment_method($1)", &[&shop.method]),
    ];
    let mut columns = vec!["plain", "document", "email"];
    if !is_standby {
        answers.push(sql.call("retrieve_payment_method($1, true)", &[&shop.method]));
        columns.push("card");
    }
    for column in columns {
        answers.push(sql.value(
            &format!("select to_jsonb(vault.decrypt({column})) from public.notes where profile = vault.current_profile()"),
            &[],
        ));
    }
    answers
}

#[track_caller]
fn assert_all_opens(stack: &Stack, shop: &Shop) {
    for answer in opened(stack, shop) {
        answer.unwrap();
    }
}

#[track_caller]
fn assert_nothing_opens(stack: &Stack, shop: &Shop) {
    for answer in opened(stack, shop) {
        let refused = answer.unwrap_err();
        assert_eq!(refused.pair(), DESTROYED);
        assert!(refused.rest.contains("vault.keys shows"), "{refused:?}");
    }
}

fn destroy(stack: &Stack, shop: &Shop) -> Result<u64, Refused> {
    stack
        .session(ADMIN)
        .execute(DESTROY, &[&shop.tenant.profile])
}

/// Has the running server use another command.
fn set_destruction_command(stack: &Stack, command: &str) {
    let mut superuser = stack.superuser();
    superuser
        .run(&format!(
            "alter system set vault.key_destruction_command = '{command}'"
        ))
        .unwrap();
    superuser.run("select pg_reload_conf()").unwrap();
    soon_equal("the setting is reloaded", &command, || {
        let mut session = stack.superuser();
        let shown = session.value::<String>("show vault.key_destruction_command", &[]);
        shown.unwrap()
    });
}

/// The profile's keys as they lie in the table: purpose, state and wrapped form.
fn stored_keys(stack: &Stack, shop: &Shop) -> String {
    stack
        .superuser()
        .value(
            "select string_agg(concat_ws(' ', purpose, state, encode(wrapped, 'hex')), '; ' order by purpose)
             from vault.data_keys where profile_id = $1",
            &[&shop.tenant.profile],
        )
        .unwrap()
}

/// The states of the profile's keys that the inventory shows.
fn states(admin: &mut Session, shop: &Shop) -> String {
    admin
        .value(
            "select string_agg(distinct state, ', ') from vault.keys where profile_id = $1",
            &[&shop.tenant.profile],
        )
        .unwrap()
}

#[test]
fn destroyed_keys_open_nothing_in_an_earlier_dump_or_on_a_standby_and_no_other_profile_is_touched()
{
    let stack = PrivateStack::start();
    let (shop, other) = (Shop::within(&stack), Shop::within(&stack));
    application_table(&stack, &[&shop, &other]);
    for shop in [&shop, &other] {
        long_unwritten(&stack, &shop.method);
    }
    let backup = Backup::of(&stack);
    let wrapped = stored_keys(&stack, &shop);
    let standby = stack.standby();
    assert_all_opens(&standby, &shop);

    destroy(&stack, &shop).unwrap();

    assert_eq!(
        stack.destroyed_keys(),
        format!("destroyed {}\n", shop.tenant.profile)
    );
    assert_nothing_opens(&stack, &shop);
    assert_all_opens(&stack, &other);
    let mut sql = standby.session(&shop.role);
    soon("the destruction is on the standby", || {
        sql.call("list_customers()", &[]).is_err()
    });
    assert_nothing_opens(&standby, &shop);
    assert_all_opens(&standby, &other);
    drop((sql, standby));

    backup.restore_into_a_new_cluster(&stack);

    assert_eq!(stored_keys(&stack, &shop), wrapped, "the dump has the keys");
    assert_nothing_opens(&stack, &shop);
    assert_all_opens(&stack, &other);
    let mut admin = stack.session(ADMIN);
    assert_eq!(states(&mut admin, &shop), "destroyed");
    assert_eq!(states(&mut admin, &other), "current");
    let rotated = admin.execute("select vault.rotate_data_key($1)", &[&shop.tenant.profile]);
    assert_eq!(rotated.unwrap_err().pair(), DESTROYED);
    let tenant = &other.tenant;
    http_answers(tenant);
    shop.tenant
        .get(&format!("/v2/payment-methods/{}", shop.method))
        .refuses(500, "HE_00", "Something went wrong");
}

#[test]
fn destroyed_keys_open_nothing_in_a_dump_restored_before_the_next_restart() {
    let stack = PrivateStack::start();
    let (shop, other) = (Shop::within(&stack), Shop::within(&stack));
    application_table(&stack, &[&shop, &other]);
    let dump = stack.dump();
    stack.superuser().run("create database earlier").unwrap();
    let earlier = stack.database("earlier");
    earlier.run_script(&dump);
    stack.restart_with_settings("vault.databases = 'vault, earlier'");
    // This one has the keys of the earlier database already.
    let mut sql = earlier.session(&shop.role);
    sql.call("list_customers()", &[]).unwrap();

    destroy(&stack, &shop).unwrap();

    assert_eq!(
        sql.call("list_customers()", &[]).unwrap_err().pair(),
        DESTROYED
    );
    assert_nothing_opens(&earlier, &shop);
    assert_all_opens(&earlier, &other);
    destroy(&earlier, &shop).unwrap();
    assert_eq!(
        stack.destroyed_keys().lines().count(),
        1,
        "the source knows already"
    );
}

#[test]
fn destroyed_keys_end_with_the_root_key_that_wrapped_them() {
    let stack = PrivateStack::start();
    let (shop, other) = (Shop::within(&stack), Shop::within(&stack));
    application_table(&stack, &[&shop, &other]);
    let backup = Backup::of(&stack);
    let wrapped = stored_keys(&stack, &shop);
    destroy(&stack, &shop).unwrap();
    backup.restore_into_a_new_cluster(&stack);

    let (old, new) = (stack.root_keys(), format!("{}\n", random::digits(64)));
    stack.restart_with_root_keys(&format!("{new}{old}"));
    let rewrapped: i64 = stack
        .session(ADMIN)
        .value("select vault.rewrap_data_keys()", &[])
        .unwrap();
    assert!(rewrapped > 0);
    assert_eq!(stored_keys(&stack, &shop), wrapped);

    stack.restart_with_root_keys(&new);
    assert_nothing_opens(&stack, &shop);
    assert_all_opens(&stack, &other);

    // Not even when nobody remembers the destruction any more.
    fs::write(stack.state.join("destroyed-keys"), "").unwrap();
    stack.restart_with_root_keys(&new);
    for answer in opened(&stack, &shop) {
        assert_eq!(
            answer.unwrap_err().pair(),
            (
                "55000",
                "vault is sealed: the root key is not the one this database was sealed with"
            )
        );
    }
    assert_all_opens(&stack, &other);
}

#[test]
fn keys_whose_destruction_cannot_be_remembered_are_not_destroyed() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    application_table(&stack, &[&shop]);
    stack.restart_with_settings("vault.root_key_timeout = '1s'");
    for (command, reason) in [
        ("cat >&2; exit 3", "failed with exit code 3"),
        ("kill -9 $$", "was terminated by signal 9"),
        ("sleep 600", "did not finish in time"),
        ("exec >/dev/null; sleep 600", "did not finish in time"),
        ("yes", "printed too much"),
    ] {
        set_destruction_command(&stack, command);
        let refused = destroy(&stack, &shop).unwrap_err();
        let message = format!("the keys were not destroyed: the key destruction command {reason}");
        assert_eq!(refused.pair(), ("38000", message.as_str()));
        assert!(
            refused.rest.contains("destroy the keys again"),
            "{refused:?}"
        );
        assert_all_opens(&stack, &shop);
    }
    assert_eq!(stack.destroyed_keys(), "");

    set_destruction_command(&stack, "");
    let mut admin = stack.session(ADMIN);
    admin.execute(DESTROY, &[&shop.tenant.profile]).unwrap();
    let notices = admin.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_eq!(
        notices[0].pair(),
        (
            "01000",
            "the destroyed keys can still be opened in earlier dumps and backups under this root key"
        )
    );
    let line = format!("destroyed {}", shop.tenant.profile);
    assert!(notices[0].rest.ends_with(&line), "{notices:?}");
    assert_nothing_opens(&stack, &shop);
}

#[test]
fn a_destruction_that_waits_for_its_command_can_be_cancelled_and_leaves_no_process() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    application_table(&stack, &[&shop]);
    stack.restart_with_settings("vault.root_key_timeout = '10min'");
    let note = stack.state.join("log/running");
    for prelude in ["", "exec >/dev/null;"] {
        let command = format!("{prelude} sleep 600 & echo $! >{}; wait", note.display());
        set_destruction_command(&stack, &command);
        let mut admin = stack.session(ADMIN);
        let pid: i32 = admin.value("select pg_backend_pid()", &[]).unwrap();
        let profile = shop.tenant.profile.clone();
        let call = thread::spawn(move || admin.execute(DESTROY, &[&profile]).unwrap_err());
        let mut started = String::new();
        soon("the command runs", || {
            started = fs::read_to_string(&note).unwrap_or_default();
            started.ends_with('\n')
        });
        fs::remove_file(&note).unwrap();

        stack
            .superuser()
            .execute("select pg_cancel_backend($1)", &[&pid])
            .unwrap();

        assert_eq!(call.join().unwrap().sqlstate, "57014");
        assert_all_opens(&stack, &shop);
        // One that has ended has no command line, even if nobody has waited for it.
        let command_line = Path::new("/proc").join(started.trim()).join("cmdline");
        soon("what the command has started is gone", || {
            fs::read(&command_line).unwrap_or_default().is_empty()
        });
    }
}

#[test]
fn a_destruction_that_is_rolled_back_is_not_remembered() {
    let stack = PrivateStack::start();
    let (shop, other) = (Shop::within(&stack), Shop::within(&stack));
    application_table(&stack, &[&shop, &other]);
    let mut admin = stack.session(ADMIN);
    let [profile, others] = [&shop, &other].map(|shop| &shop.tenant.profile);

    admin.run("begin").unwrap();
    admin.execute(DESTROY, &[profile]).unwrap();
    admin.run("rollback").unwrap();
    assert_eq!(stack.destroyed_keys(), "");

    admin.run("begin; savepoint s").unwrap();
    admin.execute(DESTROY, &[profile]).unwrap();
    admin.run("rollback to s; savepoint t").unwrap();
    admin.execute(DESTROY, &[others]).unwrap();
    admin.run("release t").unwrap();
    assert_eq!(stack.destroyed_keys(), "", "nothing is committed yet");
    admin.run("commit").unwrap();

    assert_eq!(stack.destroyed_keys(), format!("destroyed {others}\n"));
    assert_all_opens(&stack, &shop);
    assert_nothing_opens(&stack, &other);
}
