//! Owners who have nothing to do with a profile are out of the way of its keys.

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
            .any(|message| message.contains(&by_index) && message.contains("its 10 values")),
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
