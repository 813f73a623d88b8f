//! What code of a table's owner may leave behind in the session that manages keys: nothing.

use std::collections::BTreeSet;

use vault_tests::tenant::{ADMIN, login_role};
use vault_tests::{Session, Tenant};

use super::{Attack, KEY_MANAGEMENT, call};

/// All that code may have changed in a session: settings, role, profile, locks.
fn state_of(session: &mut Session) -> BTreeSet<String> {
    let state = session
        .rows(
            "select name || ' = ' || setting from pg_settings
             union all select 'user ' || current_user || ' of ' || session_user
             union all select 'profile ' || coalesce(vault.current_profile(), 'none')
             union all select 'lock ' || l::text from pg_locks l
                 where l.pid = pg_backend_pid() and l.locktype = 'advisory'
             union all select 'prepared ' || name from pg_prepared_statements
             union all select 'cursor ' || name from pg_cursors where name not in ('', '<unnamed>')
             order by 1",
            &[],
        )
        .unwrap();
    assert!(state.len() > 100, "there are settings to look at");
    state
        .iter()
        .map(|row| row.get(0))
        .filter(|line: &String| !line.starts_with("prepared s"))
        .collect()
}

/// A payload that changes all it can, and notes as whom it runs.
fn plant(attack: &mut Attack, accomplice: &Tenant) {
    let Attack { schema, .. } = &*attack;
    let statements = format!(
        "create table seen (who name, outer_profile text, authenticated text);
         grant insert on seen to public;
         create function note() returns void volatile language plpgsql as $$
         declare failed text := 'in';
         begin
             begin
                 perform vault.authenticate('{key}', '{profile}');
             exception when others then failed := sqlstate;
             end;
             insert into {schema}.seen values (current_user, vault.current_profile(), failed);
         end $$;
         create function payload() returns int immutable language plpgsql as $$
         begin
             if pg_catalog.current_setting('application_name') = 'the owner itself' then return 1; end if;
             perform {schema}.note();
             perform pg_catalog.pg_advisory_lock(4711);
             perform pg_catalog.set_config('search_path', '{schema}, pg_catalog', false);
             perform pg_catalog.set_config('row_security', 'off', false);
             perform pg_catalog.set_config('lock_timeout', '7s', false);
             perform pg_catalog.set_config('client_min_messages', 'error', false);
             perform pg_catalog.set_config('enable_seqscan', 'off', true);
             return 1;
         end $$;
         set application_name = 'the owner itself'",
        key = accomplice.key,
        profile = accomplice.profile,
    );
    attack.sql.run(&statements).unwrap();
}

#[test]
fn key_management_leaves_the_session_as_it_was_whatever_owners_attach_to_their_tables() {
    let mut attack = Attack::new();
    let accomplice = Tenant::within(&attack.stack);
    plant(&mut attack, &accomplice);
    attack.attach_everywhere();
    attack.trust_the_owner();
    // It may ask for its profile, too.
    let administrator = login_role(&attack.stack, &["vault_admin", "vault_client"]);
    for manager in [administrator.as_str(), "postgres"] {
        let mut session = attack.stack.session(manager);
        // PL/pgSQL brings settings of its own when it is first used.
        session.run("do $$ begin end $$").unwrap();
        let before = state_of(&mut session);
        // Destroying the profile's keys ends what there is to attack, so only the last manager does.
        let last = KEY_MANAGEMENT.len() - usize::from(manager != "postgres");
        for statement in &KEY_MANAGEMENT[..last] {
            let done = call(&mut session, statement, &attack.victim.profile);
            // The second manager finds the first version destroyed already.
            let destroyed = statement.contains("destroy_data_key") && manager == "postgres";
            assert_eq!(done.is_err(), destroyed, "{statement}: {done:?}");
            let after = state_of(&mut session);
            let changed: Vec<_> = after.symmetric_difference(&before).collect();
            assert!(changed.is_empty(), "{manager}: {statement}: {changed:?}");
        }
    }
    let seen = attack
        .stack
        .superuser()
        .rows(
            &format!(
                "select distinct who::text, coalesce(outer_profile, 'none'), authenticated from {}.seen",
                attack.schema
            ),
            &[],
        )
        .unwrap();
    let seen: Vec<(String, String, String)> = seen
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    assert_eq!(
        seen,
        [(attack.owner.clone(), "none".to_owned(), "42501".to_owned())],
        "the code ran, as nobody but its owner, found no profile and could not authenticate"
    );
}

#[test]
fn an_operator_that_the_callers_search_path_finds_first_never_runs_with_the_vaults_rights() {
    let mut attack = Attack::new();
    attack
        .sql
        .run(&format!(
            "create table ran (who name);
             grant insert on ran to public;
             create function same(text, text) returns boolean language plpgsql as $$
             begin
                 insert into {0}.ran values (current_user);
                 return $1 operator(pg_catalog.=) $2;
             end $$;
             create operator = (leftarg = text, rightarg = text, function = same)",
            attack.schema
        ))
        .unwrap();
    let client = attack.victim.role(&["vault_client"]);
    let path = format!("set search_path = {}, pg_catalog", attack.schema);
    let mut session = attack.stack.session(&client);
    session.run(&path).unwrap();
    session
        .run("select vault.encrypt('x'), vault.searchable('x'), vault.card_number('4111111111111111'), vault.list_customers()")
        .unwrap();
    for manager in [ADMIN, "postgres"] {
        let mut session = attack.stack.session(manager);
        session.run(&path).unwrap();
        for statement in &KEY_MANAGEMENT[..4] {
            call(&mut session, statement, &attack.victim.profile).unwrap();
        }
    }
    let ran = format!("select count(*) from {}.ran", attack.schema);
    assert_eq!(attack.stack.superuser().value::<i64>(&ran, &[]), Ok(0));
    let control = session.value::<bool>("select 'a'::text = 'a'::text", &[]);
    assert_eq!(control, Ok(true));
    assert_eq!(
        attack.stack.superuser().value::<i64>(&ran, &[]),
        Ok(1),
        "the operator does run where it is asked for"
    );
}
