//! Code that the owner of a table attached to it runs with nothing of anybody else's, and stops nobody.

mod restricted;
mod strangers;
mod time;
mod traces;

use vault_tests::stack::PrivateStack;
use vault_tests::tenant::login_role;
use vault_tests::{Refused, Session, Tenant, random};

use crate::support::soon_equal;

/// A profile whose values lie in tables of a role that wishes it no good.
struct Attack {
    stack: PrivateStack,
    victim: Tenant,
    /// The owner of the tables: a client of the vault, without a profile of its own.
    owner: String,
    schema: String,
    sql: Session,
}

impl Attack {
    /// A step on a table may take a second.
    fn new() -> Attack {
        let stack = PrivateStack::start();
        stack.restart_with_settings("vault.table_timeout = '1s'");
        let victim = Tenant::within(&stack);
        let owner = login_role(&stack, &["vault_client"]);
        let schema = random::name("theirs");
        stack
            .superuser()
            .run(&format!(
                "create schema {schema} authorization {owner}; grant usage on schema {schema} to public"
            ))
            .unwrap();
        let mut attack = Attack {
            sql: stack.session(&owner),
            victim,
            owner,
            schema,
            stack,
        };
        let path = format!("set search_path = {}", attack.schema);
        attack.sql.run(&path).unwrap();
        soon_equal("PostgREST has connected to the new server", &200, || {
            let victim = &attack.victim;
            let request = victim.request("GET", "/v2/customers/list");
            victim.send(&request).status
        });
        attack
    }

    /// The administrator counts the owner's tables among those that it looks after.
    fn trust_the_owner(&self) {
        self.superuser(&format!("grant vault_table_owner to {}", self.owner));
    }

    fn superuser(&self, statements: &str) {
        self.stack.superuser().run(statements).unwrap();
    }

    /// A table `name` of the owner with a column `v` of the type, and ten values of the profile in it.
    fn table(&mut self, name: &str, column_type: &str) {
        let writer = self.victim.role(&["vault_client"]);
        self.sql
            .run(&format!(
                "create table {name} (v {column_type}); grant insert on {name} to {writer}"
            ))
            .unwrap();
        self.stack
            .session(&writer)
            .run(&format!(
                "insert into {}.{name} select vault.searchable('guest' || n) from generate_series(1, 10) n",
                self.schema
            ))
            .unwrap();
    }

    /// Attaches `payload()` to a table in each way that there is; the function must exist.
    fn attach_everywhere(&mut self) {
        self.sql
            .run("create domain odd as vault.searchable_text")
            .unwrap();
        for (name, column_type) in [
            ("by_index", "vault.searchable_text"),
            ("by_predicate", "vault.searchable_text"),
            ("by_check", "vault.searchable_text"),
            ("by_generation", "vault.searchable_text"),
            ("by_trigger", "vault.searchable_text"),
            ("by_policy", "vault.searchable_text"),
            ("by_domain", "odd"),
        ] {
            self.table(name, column_type);
        }
        self.sql
            .run(&format!(
                "create function of_value(vault.searchable_text) returns int immutable language plpgsql
                     as $$ begin return {0}.payload(); end $$;
                 create function on_change() returns trigger language plpgsql
                     as $$ begin perform {0}.payload(); return new; end $$;
                 create index on by_index ((payload()));
                 create index on by_predicate (v) where payload() = 1;
                 alter table by_check add check (payload() = 1) not valid;
                 alter table by_generation add g int generated always as (of_value(v)) stored;
                 create trigger t before update on by_trigger for each row execute function on_change();
                 alter table by_trigger enable always trigger t;
                 create policy p on by_policy using (payload() = 1);
                 alter table by_policy enable row level security;
                 alter domain odd add check (payload() = 1) not valid",
                self.schema
            ))
            .unwrap();
    }
}

/// The calls of key management, each as SQL with the profile in the place of `$1`.
const KEY_MANAGEMENT: [&str; 6] = [
    "select key_id, values_count from vault.keys",
    "select vault.rotate_data_key('$1')",
    "select vault.rotate_data_key('$1', 'index')",
    "call vault.reencrypt('$1')",
    "select vault.destroy_data_key('$1', 'data', 1, true)",
    "select vault.destroy_profile_keys('$1')",
];

fn call(session: &mut Session, call: &str, profile: &str) -> Result<(), Refused> {
    session.run(&call.replace("$1", profile))
}
