//! Owners who have nothing to do with a profile are out of the way of its keys.

use std::time::{Duration, Instant};

use vault_tests::tenant::ADMIN;

use super::{Attack, call};
use crate::support::soon;

#[test]
fn tables_of_owners_who_do_not_act_for_the_profile_stop_none_of_its_keys() {
    let mut attack = Attack::new();
    attack
        .sql
        .run(
            "create table ran (n int);
             create function note() returns void volatile language sql as 'insert into ran values (1)';
             create function payload() returns int immutable language plpgsql as $$
             begin
                 if pg_catalog.current_setting('application_name') operator(pg_catalog.<>) 'the owner itself' then
                     raise exception 'go away';
                 end if;
                 return 1;
             end $$;
             set application_name = 'the owner itself'",
        )
        .unwrap();
    attack.attach_everywhere();
    attack
        .sql
        .run(
            "alter table by_policy force row level security; begin; lock table by_check, by_policy",
        )
        .unwrap();
    let profile = attack.victim.profile.clone();
    let mut admin = attack.stack.session(ADMIN);
    for statement in [
        "select vault.rotate_data_key('$1')",
        "select vault.rotate_data_key('$1', 'index')",
        "call vault.reencrypt('$1')",
    ] {
        call(&mut admin, statement, &profile).unwrap();
    }
    let left: Vec<String> = admin
        .notices()
        .into_iter()
        .filter(|notice| notice.message.contains("does not act for the profile"))
        .map(|notice| notice.message)
        .collect();
    let by_index = format!("{}.by_index", attack.schema);
    assert!(
        left.iter()
            .any(|message| message.contains(&by_index) && message.ends_with("(values: 10)")),
        "{left:?}"
    );
    // What really is the profile's is not thrown away with its key: the administrator decides.
    let refused = call(
        &mut admin,
        "select vault.destroy_data_key('$1', 'data', 1)",
        &profile,
    );
    let refused = refused.unwrap_err();
    assert_eq!(refused.pair(), ("55000", "50 values need this key"));
    assert!(refused.rest.contains(&by_index), "{refused:?}");
    soon("the key is destroyed", || {
        call(
            &mut admin,
            "select vault.destroy_data_key('$1', 'data', 1, true)",
            &profile,
        )
        .is_ok()
    });
}

#[test]
fn a_table_that_cannot_be_read_keeps_its_key_until_it_is_left_out_by_name() {
    let mut attack = Attack::new();
    attack.table("locked", "vault.searchable_text");
    attack.sql.run("begin; lock table locked").unwrap();
    let profile = attack.victim.profile.clone();
    let mut admin = attack.stack.session(ADMIN);
    call(&mut admin, "select vault.rotate_data_key('$1')", &profile).unwrap();
    let refused = call(
        &mut admin,
        "select vault.destroy_data_key('$1', 'data', 1)",
        &profile,
    )
    .unwrap_err();
    assert_eq!(
        refused.pair(),
        (
            "55000",
            "tables that may hold values under the key could not be read"
        )
    );
    let table = format!("{}.locked", attack.schema);
    assert!(refused.rest.contains(&table), "{refused:?}");
    let without = format!(
        "select vault.destroy_data_key('$1', 'data', 1, left_out => array['{table}'::regclass])"
    );
    soon("the key is destroyed", || {
        call(&mut admin, &without, &profile).is_ok()
    });
}

#[test]
fn a_hundred_locked_tables_are_not_waited_for_one_by_one() {
    let mut attack = Attack::new();
    let lock: String = (0..100).map(|n| format!("lock table l{n};")).collect();
    let create: String = (0..100)
        .map(|n| format!("create table l{n} (v vault.encrypted_text);"))
        .collect();
    attack.sql.run(&create).unwrap();
    attack.sql.run(&format!("begin; {lock}")).unwrap();
    let mut admin = attack.stack.session(ADMIN);
    let begun = Instant::now();
    admin
        .run("select sum(values_count) from vault.keys")
        .unwrap();
    // A hundred times the shortest wait for a lock would be ten seconds, and a hundred time limits a hundred.
    assert!(begun.elapsed() < Duration::from_secs(9));
    let warned = admin.notices().iter().any(|notice| {
        notice.message.contains(&format!("{}.l99", attack.schema))
            && notice.message.contains("could not be read in time")
    });
    assert!(warned, "each table is named");
}

#[test]
fn an_array_of_millions_of_values_can_be_cancelled() {
    let mut attack = Attack::new();
    attack.table("one", "vault.searchable_text");
    attack
        .sql
        .run(
            "create table big (v vault.searchable_text[]);
             insert into big select array_fill(v, array[3000000]) from one limit 1",
        )
        .unwrap();
    let mut admin = attack.stack.session(ADMIN);
    let cancelled = admin.run("set statement_timeout = '200ms'; select * from vault.keys");
    assert_eq!(cancelled.unwrap_err().sqlstate, "57014");
}

#[test]
fn a_copy_that_is_not_committed_yet_keeps_its_key() {
    let mut attack = Attack::new();
    attack.table("original", "vault.searchable_text");
    attack.trust_the_owner();
    attack
        .sql
        .run("create table copy (v vault.searchable_text)")
        .unwrap();
    attack
        .sql
        .run("begin; insert into copy select * from original")
        .unwrap();
    let profile = attack.victim.profile.clone();
    let mut admin = attack.stack.session(ADMIN);
    call(&mut admin, "select vault.rotate_data_key('$1')", &profile).unwrap();
    call(&mut admin, "call vault.reencrypt('$1')", &profile).unwrap();
    let destroy = "select vault.destroy_data_key('$1', 'data', 1)";
    let refused = call(&mut admin, destroy, &profile).unwrap_err();
    assert_eq!(refused.sqlstate, "55000");
    assert!(refused.message.contains(".copy"), "{refused:?}");
    attack.sql.run("commit").unwrap();
    let refused = call(&mut admin, destroy, &profile).unwrap_err();
    assert_eq!(refused.pair(), ("55000", "10 values need this key"));
}

#[test]
fn a_rotation_of_the_index_key_names_the_tables_that_it_leaves_alone() {
    let mut attack = Attack::new();
    attack.table("theirs", "vault.searchable_text");
    let mut admin = attack.stack.session(ADMIN);
    let profile = attack.victim.profile.clone();
    call(
        &mut admin,
        "select vault.rotate_data_key('$1', 'index')",
        &profile,
    )
    .unwrap();
    let table = format!(
        "{}.theirs does not act for the profile, so 10 values",
        attack.schema
    );
    let named = admin
        .notices()
        .iter()
        .any(|notice| notice.message.contains(&table));
    assert!(named);
}

#[test]
fn a_trigger_that_puts_old_values_back_does_not_keep_a_reencryption_going() {
    let mut attack = Attack::new();
    attack.table("stubborn", "vault.searchable_text");
    attack.trust_the_owner();
    attack
        .sql
        .run(
            "create function keep() returns trigger language plpgsql as $$ begin new.v := old.v; return new; end $$;
             create trigger keep before update on stubborn for each row execute function keep();
             alter table stubborn enable always trigger keep",
        )
        .unwrap();
    let profile = attack.victim.profile.clone();
    let mut admin = attack.stack.session(ADMIN);
    call(&mut admin, "select vault.rotate_data_key('$1')", &profile).unwrap();
    call(&mut admin, "call vault.reencrypt('$1')", &profile).unwrap();
    let gave_up = admin
        .notices()
        .iter()
        .any(|notice| notice.message.contains("gave up"));
    assert!(gave_up);
}

#[test]
fn a_value_that_was_made_up_keeps_no_key_alive() {
    let mut attack = Attack::new();
    let profile = attack.victim.profile.clone();
    let key_id: i32 = attack
        .stack
        .superuser()
        .value(
            "select key_id from vault.data_keys where profile_id = $1 and purpose = 'data'",
            &[&profile],
        )
        .unwrap();
    // 40 bytes of nothing, in the text form of an envelope.
    let made_up = format!("vault:1:{key_id}:{}", "A".repeat(54));
    attack
        .sql
        .run(&format!(
            "create table made_up (v vault.encrypted_text); insert into made_up values ('{made_up}')"
        ))
        .unwrap();
    attack.trust_the_owner();
    let mut admin = attack.stack.session(ADMIN);
    call(&mut admin, "select vault.rotate_data_key('$1')", &profile).unwrap();
    call(&mut admin, "call vault.reencrypt('$1')", &profile).unwrap();
    soon("the key is destroyed", || {
        call(
            &mut admin,
            "select vault.destroy_data_key('$1', 'data', 1)",
            &profile,
        )
        .is_ok()
    });
    let left = attack
        .sql
        .value::<String>("select v::text from made_up", &[]);
    assert_eq!(left, Ok(made_up), "the value is as its owner wrote it");
}

#[test]
fn a_role_does_not_become_responsible_for_a_table_by_its_owners_doing() {
    let attack = Attack::new();
    let bound = attack.victim.role(&["vault_client"]);
    attack.superuser(&format!("grant {} to {bound}", attack.owner));
    let acts = "select vault.acts_for($1::text::regrole, $2)";
    let mut admin = attack.stack.superuser();
    let profile = attack.victim.profile.clone();
    let by_member = admin.value::<bool>(acts, &[&attack.owner, &profile]);
    assert_eq!(by_member, Ok(false), "the bound role is the owner's member");
    attack.superuser(&format!(
        "revoke {0} from {bound}; grant {bound} to {0}",
        attack.owner
    ));
    let as_member = admin.value::<bool>(acts, &[&attack.owner, &profile]);
    assert_eq!(as_member, Ok(true), "the owner can become the bound role");
    attack.superuser(&format!(
        "revoke {bound} from {0};
         insert into vault.role_bindings (role_name, role_oid, system_identifier, profile_id, created_at, mac)
         select '{0}', '{0}'::regrole, system_identifier, profile_id, created_at, mac
         from vault.role_bindings where role_name = '{bound}'",
        attack.owner
    ));
    let by_planted_row = admin.value::<bool>(acts, &[&attack.owner, &profile]);
    assert_eq!(
        by_planted_row,
        Ok(false),
        "the vault did not make the binding"
    );
}
