//! Roles, rights, objects and rows: each is made wrong, found, and put right again.

use vault_tests::stack::PrivateStack;

use super::{findings, found, run};
use crate::audit_months::wait_for_months;

/// What makes something wrong, the finding, and what puts it right.
type Case = (
    &'static [&'static str],
    (&'static str, &'static str, &'static str),
    &'static [&'static str],
);

const ROLES: [Case; 9] = [
    (
        &["grant vault_operator to somebody"],
        ("own_role_unsafe", "critical", "vault_operator"),
        &["revoke vault_operator from somebody"],
    ),
    (
        &["alter role somebody superuser"],
        ("further_superuser", "warning", "somebody"),
        &["alter role somebody nosuperuser"],
    ),
    (
        &["alter role somebody bypassrls"],
        ("role_bypasses_policies", "critical", "somebody"),
        &["alter role somebody nobypassrls"],
    ),
    (
        &["alter role somebody createrole"],
        ("role_makes_roles", "critical", "somebody"),
        &["alter role somebody nocreaterole"],
    ),
    (
        &["grant pg_write_all_data to somebody"],
        ("role_writes_tables", "critical", "somebody"),
        &["revoke pg_write_all_data from somebody"],
    ),
    (
        &["grant pg_read_all_data to somebody"],
        ("role_reads_tables", "warning", "somebody"),
        &["revoke pg_read_all_data from somebody"],
    ),
    (
        &["grant pg_read_server_files to somebody"],
        ("role_uses_server", "critical", "somebody"),
        &["revoke pg_read_server_files from somebody"],
    ),
    (
        &["grant pg_write_server_files to somebody"],
        ("role_uses_server", "critical", "somebody"),
        &["revoke pg_write_server_files from somebody"],
    ),
    (
        &["grant pg_execute_server_program to somebody"],
        ("role_uses_server", "critical", "somebody"),
        &["revoke pg_execute_server_program from somebody"],
    ),
];

const RIGHTS: [Case; 6] = [
    (
        &["grant execute on function vault.create_merchant(text) to public"],
        ("right_of_public", "critical", "vault.create_merchant(text)"),
        &["revoke execute on function vault.create_merchant(text) from public"],
    ),
    (
        &["grant select on vault.audit_log to somebody"],
        ("right_added", "warning", "vault.audit_log"),
        &["revoke select on vault.audit_log from somebody"],
    ),
    (
        &["grant select (wrapped) on vault.data_keys to somebody"],
        ("right_added", "warning", "vault.data_keys (wrapped)"),
        &["revoke select (wrapped) on vault.data_keys from somebody"],
    ),
    (
        &["grant create on schema vault_api to somebody"],
        ("right_added", "warning", "vault_api"),
        &["revoke create on schema vault_api from somebody"],
    ),
    (
        &[
            "create schema shop",
            "grant usage on schema shop to vault_api",
        ],
        ("api_role_has_more", "critical", "schema shop"),
        &["drop schema shop"],
    ),
    (
        &[
            "create table public.of_postgrest ()",
            "alter table public.of_postgrest owner to vault_authenticator",
        ],
        ("api_role_has_more", "critical", "table public.of_postgrest"),
        &["drop table public.of_postgrest"],
    ),
];

const OBJECTS: [Case; 8] = [
    (
        &["alter table vault.cvcs no force row level security"],
        ("policies_off", "critical", "vault.cvcs"),
        &["alter table vault.cvcs force row level security"],
    ),
    (
        &["alter function vault.ready() reset search_path"],
        ("function_changed", "critical", "vault.ready()"),
        &["alter function vault.ready() set search_path = pg_catalog, pg_temp"],
    ),
    (
        &["alter function vault.ready() owner to postgres"],
        ("function_changed", "critical", "vault.ready()"),
        &["alter function vault.ready() owner to vault_operator"],
    ),
    (
        &["create function vault_api.planted() returns int language sql as 'select 1'"],
        (
            "object_of_others",
            "critical",
            "function vault_api.planted()",
        ),
        &["drop function vault_api.planted()"],
    ),
    (
        &["create table vault.planted ()"],
        ("object_of_others", "critical", "table vault.planted"),
        &["drop table vault.planted"],
    ),
    (
        &[
            "create function public.listen() returns trigger language plpgsql as 'begin return new; end'",
            "create trigger listen before insert on vault.audit_log_default for each row execute function public.listen()",
        ],
        (
            "object_of_others",
            "critical",
            "trigger listen on table vault.audit_log_default",
        ),
        &["drop function public.listen() cascade"],
    ),
    (
        &[
            "create table public.secrets (value vault.encrypted_text)",
            "alter table public.secrets owner to somebody",
            "alter table public.secrets enable row level security, force row level security",
        ],
        ("table_out_of_reach", "warning", "public.secrets"),
        &["drop table public.secrets"],
    ),
    (
        &["update pg_database set datcollversion = '1' where datname = 'vault'"],
        ("collation_changed", "warning", "vault"),
        &["update pg_database set datcollversion = null where datname = 'vault'"],
    ),
];

const ROWS: [Case; 3] = [
    (
        &[
            r"insert into vault.merchants (merchant_id, name, created_at, mac) values ('mer_planted', 'Planted', now(), '\x00')",
        ],
        (
            "row_not_believed",
            "critical",
            "vault.merchants mer_planted",
        ),
        &["delete from vault.merchants where merchant_id = 'mer_planted'"],
    ),
    (
        &[
            "update vault.data_keys set rotate_after = now() - interval '1 minute' where purpose = 'index'",
        ],
        ("keys_due", "warning", "vault.keys"),
        &["update vault.data_keys set rotate_after = now() + interval '1 day'"],
    ),
    (
        &[
            "insert into vault.audit_log (audit_id, actor, event, outcome) values \
           ((lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid, 'vault worker', 'audit.lost', 'refused')",
        ],
        ("audit_rows_lost", "critical", "vault.audit_log"),
        &["delete from vault.audit_log where event = 'audit.lost'"],
    ),
];

#[test]
fn what_is_wrong_with_roles_rights_objects_and_rows_is_found() {
    let stack = PrivateStack::start();
    wait_for_months(&mut stack.superuser());
    let mut superuser = stack.superuser();
    run(&mut superuser, &["create role somebody login"]);
    let cases = ROLES.iter().chain(&RIGHTS).chain(&OBJECTS).chain(&ROWS);
    for (changes, (name, severity, object), remedies) in cases {
        run(&mut superuser, changes);
        assert_eq!(
            findings(&stack, "vault_dba"),
            [found(name, severity, object)],
            "{changes:?}"
        );
        run(&mut superuser, remedies);
        assert_eq!(findings(&stack, "vault_dba"), [], "{remedies:?}");
    }
}

#[test]
fn a_database_that_no_worker_serves_is_found_and_nothing_else_in_a_restored_one() {
    let stack = PrivateStack::start();
    wait_for_months(&mut stack.superuser());
    let mut superuser = stack.superuser();
    run(
        &mut superuser,
        &["create database another", "create database restored"],
    );
    let another = stack.database("another");
    run(&mut another.superuser(), &["create extension vault"]);
    let restored = stack.database("restored");
    restored.run_script(&stack.dump());
    for (database, name) in [(another, "another"), (restored, "restored")] {
        assert_eq!(
            findings(&database, "vault_dba"),
            [found("database_not_served", "critical", name)]
        );
    }
    assert_eq!(findings(&stack, "vault_dba"), []);
}
