//! Each call of key management ends in time, whatever the code of a table's owner does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use vault_tests::tenant::ADMIN;

use super::{Attack, KEY_MANAGEMENT, call};

/// What the code does for longer than any test waits.
const TOO_LONG: Duration = Duration::from_secs(600);

/// Runs all calls but the last, and gives what became of each, and what the administrator was warned of. None of them waits
/// for the code.
fn manage(attack: &Attack) -> (Vec<String>, Vec<String>) {
    let begun = Instant::now();
    let mut warnings = Vec::new();
    let outcomes = KEY_MANAGEMENT[..5]
        .iter()
        .map(|statement| {
            let mut session = attack.stack.session(ADMIN);
            // A connection that the server ends has no answer, and the driver panics.
            let done = catch_unwind(AssertUnwindSafe(|| {
                call(&mut session, statement, &attack.victim.profile)
            }));
            let notices = session.notices().into_iter();
            warnings.extend(notices.map(|notice| notice.message));
            match done {
                Ok(Ok(())) => "done".to_owned(),
                Ok(Err(refused)) if refused.sqlstate != "57P01" => refused.sqlstate,
                _ => "ended".to_owned(),
            }
        })
        .collect();
    assert!(begun.elapsed() < TOO_LONG / 2, "the calls wait");
    (outcomes, warnings)
}

fn with_payload(body: &str) -> Attack {
    let mut attack = Attack::new();
    attack
        .sql
        .run(&format!(
            "create function payload() returns int immutable language plpgsql as $$
             begin
                 if pg_catalog.current_setting('application_name') operator(pg_catalog.=) 'the owner itself' then
                     return 1;
                 end if;
                 {body}
                 return 1;
             end $$;
             set application_name = 'the owner itself'"
        ))
        .unwrap();
    attack.attach_everywhere();
    attack.trust_the_owner();
    attack
}

#[test]
fn code_that_raises_an_error_stops_the_change_of_its_own_table_alone() {
    let mut attack = with_payload("raise exception 'go away' using errcode = 'query_canceled';");
    attack.table("harmless", "vault.searchable_text");
    // Values have to be found by one index key throughout, so a rotation of that is all or nothing.
    assert_eq!(manage(&attack).0, ["done", "done", "55000", "done", "done"]);
    let mut admin = attack.stack.session(ADMIN);
    let refused = call(&mut admin, KEY_MANAGEMENT[2], &attack.victim.profile).unwrap_err();
    let named = format!("the table {}.by_", attack.schema);
    assert!(refused.message.starts_with(&named), "{refused:?}");
    assert!(refused.message.ends_with(": go away"), "{refused:?}");
    let moved: i64 = attack
        .sql
        .value("select count(distinct vault.key_ids(v)) from harmless", &[])
        .unwrap();
    assert_eq!(moved, 1);
    let differ: bool = attack
        .sql
        .value(
            "select not exists (select from harmless h, by_check c where vault.key_ids(h.v) = vault.key_ids(c.v))",
            &[],
        )
        .unwrap();
    assert!(
        differ,
        "values beside the raising table are under another key"
    );
}

#[test]
fn code_that_sleeps_is_cut_off() {
    let attack = with_payload("perform pg_catalog.pg_sleep(600);");
    let (outcomes, warnings) = manage(&attack);
    assert_eq!(outcomes, ["done", "done", "55000", "done", "done"]);
    let table = format!("{}.by_check", attack.schema);
    let warned = |warning: &String| {
        warning.contains(&table) && warning.ends_with("within vault.table_timeout")
    };
    assert!(warnings.iter().any(warned), "{warnings:?}");
}

#[test]
fn code_that_catches_its_cancellation_ends_the_session_and_no_other() {
    let attack = with_payload(
        "loop
             begin perform pg_catalog.pg_sleep(600); exception when query_canceled then null; end;
         end loop;",
    );
    assert_eq!(
        manage(&attack).0,
        ["done", "done", "ended", "ended", "done"]
    );
    let log = attack.stack.log();
    assert_eq!(
        log.matches("vault_dba@vault FATAL:  terminating connection")
            .count(),
        2
    );
    assert!(!log.contains("terminated by signal"), "no process crashed");
}

#[test]
fn a_table_that_its_owner_locks_is_given_up() {
    let mut attack = Attack::new();
    attack.table("locked", "vault.searchable_text");
    attack.trust_the_owner();
    attack.sql.run("begin; lock table locked").unwrap();
    // With force nothing is counted.
    assert_eq!(manage(&attack).0, ["done", "done", "55000", "done", "done"]);
}
