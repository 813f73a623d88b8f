//! `CREATE EXTENSION vault`, in databases where somebody has been before.

use std::sync::{Mutex, MutexGuard, PoisonError};

use vault_tests::{Refused, Stack, random};

/// The vault's roles belong to all databases of a server: two installations at once would meet there.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A database of the shared stack's server that is gone with its test.
struct Database {
    stack: Stack,
    name: String,
    _turn: MutexGuard<'static, ()>,
}

impl Database {
    fn new(options: &str) -> Database {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let name = random::name("db");
        let server = Stack::shared();
        server
            .superuser()
            .run(&format!(
                "create database {name} template template0 {options}"
            ))
            .unwrap();
        Database {
            stack: server.database(&name),
            name,
            _turn: turn,
        }
    }

    #[track_caller]
    fn run(&self, statements: &str) {
        self.stack.superuser().run(statements).unwrap();
    }

    fn install(&self) -> Result<(), Refused> {
        self.stack.superuser().run("create extension vault")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("drop database {} with (force)", self.name);
        let _ = Stack::shared().superuser().run(&drop);
    }
}

#[track_caller]
fn refused(result: Result<(), Refused>, sqlstate: &str, message: &str) {
    assert_eq!(result.unwrap_err().pair(), (sqlstate, message));
}

#[test]
fn it_is_not_installed_where_the_schema_is_somebody_elses_or_not_empty() {
    const TAKEN: &str = "the schema vault belongs to another role, or is not empty";
    let database = Database::new("");
    let other = random::name("other");
    database.run(&format!(
        "create role {other}; create schema vault authorization {other}"
    ));
    refused(database.install(), "42P06", TAKEN);
    database.run(&format!("drop schema vault; drop role {other}"));

    for object in [
        "table vault.customers ()",
        "function vault.current_profile() returns text language sql as 'select 1::text'",
        "type vault.encrypted_text as enum ()",
        "operator vault.= (function = int4pl, leftarg = int4, rightarg = int4)",
        "collation vault.c from \"C\"",
    ] {
        database.run(&format!("create schema vault; create {object}"));
        refused(database.install(), "42P06", TAKEN);
        database.run("drop schema vault cascade");
    }

    database.run("create schema vault");
    database.install().unwrap();
}

#[test]
fn it_is_not_installed_where_the_encoding_is_not_utf8() {
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let options = format!("encoding '{encoding}' lc_collate 'C' lc_ctype 'C'");
        let database = Database::new(&options);
        refused(
            database.install(),
            "0A000",
            "vault needs a database with the encoding UTF8",
        );
    }
}

/// Who has which right on what in the vault's schemas.
fn rights(stack: &Stack) -> Vec<String> {
    stack
        .superuser()
        .rows(
            "select format('%s: %s for %s', o.name, a.privilege_type,
                           case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
             from (select n.oid::regnamespace::text as name, coalesce(n.nspacl, acldefault('n', n.nspowner)) as acl
                   from pg_namespace n where n.nspname in ('vault', 'vault_api')
                   union all
                   select c.oid::regclass::text,
                          coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::\"char\", c.relowner))
                   from pg_class c
                   where c.relnamespace::regnamespace::text in ('vault', 'vault_api') and c.relkind in ('r', 'p', 'v', 'S')
                         and c.relname !~ '^audit_log_[0-9]'
                   union all
                   select c.oid::regclass || '.' || t.attname, t.attacl
                   from pg_attribute t join pg_class c on c.oid = t.attrelid
                   where c.relnamespace::regnamespace::text in ('vault', 'vault_api') and t.attacl is not null
                   union all
                   select p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))
                   from pg_proc p where p.pronamespace::regnamespace::text in ('vault', 'vault_api')) o,
                  aclexplode(o.acl) a
             order by 1",
            &[],
        )
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

#[test]
fn default_privileges_give_nobody_a_right_on_the_vaults_objects() {
    let database = Database::new("");
    let stranger = random::name("stranger");
    database.run(&format!("create role {stranger}"));
    for grantee in ["public", &stranger] {
        for objects in ["tables", "sequences", "routines", "schemas"] {
            database.run(&format!(
                "alter default privileges grant all on {objects} to {grantee}"
            ));
        }
    }
    database.install().unwrap();

    let rights = rights(&database.stack);
    database.run(&format!("drop owned by {stranger}; drop role {stranger}"));
    assert_eq!(rights, self::rights(&Stack::shared()));
}
