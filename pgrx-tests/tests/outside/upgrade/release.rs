//! A release that never was: the present one with less in it.

use std::fs;
use std::path::PathBuf;

use vault_tests::Stack;

/// A version of the extension and the scripts that go with it.
pub struct Release {
    pub version: String,
    /// Names and texts of the scripts that a server of the present version does not have.
    scripts: Vec<(String, String)>,
}

/// Something that the present version has and the pretended one before it had not.
pub struct Addition {
    /// Takes it away.
    undo: &'static str,
    /// Adds it, as the present catalogue has it.
    pub statement: String,
}

/// What takes each addition away, and what a database tells of how to add it.
const ADDITIONS: [(&str, &str); 5] = [
    (
        "comment on column vault.data_keys.key_id is null",
        "select format('comment on column vault.data_keys.key_id is %L', col_description(attrelid, attnum))
         from pg_attribute where attrelid = 'vault.data_keys'::regclass and attname = 'key_id'",
    ),
    (
        "drop index vault.profiles_by_merchant",
        "select pg_get_indexdef('vault.profiles_by_merchant'::regclass)",
    ),
    (
        "alter table vault.customers drop constraint customers_check",
        "select format('alter table vault.customers add constraint %I %s', conname, pg_get_constraintdef(oid))
         from pg_constraint where conrelid = 'vault.customers'::regclass and conname = 'customers_check'",
    ),
    (
        "revoke delete on vault.card_bins from vault_admin",
        "select 'grant delete on vault.card_bins to vault_admin'",
    ),
    (
        "drop function vault.last4(vault.card_number)",
        "select format('%s; revoke all on function %s from public; grant execute on function %s to vault_client;
                        comment on function %s is %L', pg_get_functiondef(oid), oid::regprocedure, oid::regprocedure,
                       oid::regprocedure, obj_description(oid))
         from pg_proc where oid = 'vault.last4(vault.card_number)'::regprocedure",
    ),
];

impl Addition {
    pub fn all(stack: &Stack) -> Vec<Addition> {
        let mut superuser = stack.superuser();
        ADDITIONS
            .iter()
            .map(|(undo, statement)| Addition {
                undo,
                statement: superuser.value(statement, &[]).unwrap(),
            })
            .collect()
    }
}

impl Release {
    /// What would have come before the present version if that had added something.
    pub fn pretended(stack: &Stack, additions: &[Addition]) -> Release {
        const VERSION: &str = "0.0.0";
        let present = super::present_version(stack);
        let script = fs::read_to_string(directory(stack).join(format!("vault--{present}.sql")))
            .expect("the present install script");
        let lines =
            |line: fn(&Addition) -> String| -> String { additions.iter().map(line).collect() };
        Release {
            version: VERSION.to_owned(),
            scripts: vec![
                (
                    format!("vault--{VERSION}.sql"),
                    script + &lines(|addition| format!("{};\n", addition.undo)),
                ),
                (
                    format!("vault--{VERSION}--{present}.sql"),
                    lines(|addition| format!("{};\n", addition.statement)),
                ),
            ],
        }
    }

    /// Has the update lack something.
    pub fn forget(&mut self, addition: &Addition) {
        for (_, script) in &mut self.scripts {
            *script = script.replace(&format!("{};\n", addition.statement), "");
        }
    }

    /// Lets a private stack's server find the scripts.
    pub fn put_into(&self, stack: &Stack) {
        for (name, script) in &self.scripts {
            fs::write(directory(stack).join(name), script).expect("a script can be written");
        }
    }
}

/// Where a stack's server looks for extensions.
pub fn directory(stack: &Stack) -> PathBuf {
    stack.state.join("postgresql/share/extension")
}
