//! Keys are changed under the columns of applications' own tables.

mod index_rotation;
mod reencryption;
mod tables;
mod transactions;

use postgres::types::ToSql;
use vault_tests::{Refused, Session, Tenant, random};

use crate::support::soon;

/// What a transaction gets that sees the time before a rotation of an index key.
const ROTATED_MEANWHILE: (&str, &str) = (
    "40001",
    "could not serialize access due to a change of an index key",
);

/// An application with a schema of its own, bound to the tenant's profile.
struct Application {
    tenant: Tenant,
    role: String,
    schema: String,
    sql: Session,
}

impl Application {
    fn new() -> Application {
        Application::of(Tenant::new())
    }

    fn of(tenant: Tenant) -> Application {
        let role = tenant.role(&["vault_client", "vault_reveal"]);
        let schema = random::name("shop");
        tenant
            .stack
            .superuser()
            .run(&format!("create schema {schema} authorization {role}"))
            .unwrap();
        let mut application = Application {
            sql: tenant.stack.session(&role),
            tenant,
            role,
            schema,
        };
        let path = format!("set search_path = {}", application.schema);
        application.sql.run(&path).unwrap();
        application
    }

    fn with_people(tenant: Tenant) -> Application {
        let mut application = Application::of(tenant);
        application
            .sql
            .run(
                "create table people (id int primary key, email vault.searchable_text unique, note vault.encrypted_text);
                 insert into people select n, vault.searchable('guest' || n), vault.encrypt('note ' || n, 'people/' || n)
                 from generate_series(1, 50) n",
            )
            .unwrap();
        application
    }

    /// Another session of the same application.
    fn session(&self) -> Session {
        let mut sql = self.tenant.stack.session(&self.role);
        sql.run(&format!("set search_path = {}", self.schema))
            .unwrap();
        sql
    }

    fn rotate(&self, purpose: &str) -> Result<i32, Refused> {
        rotate(&self.tenant, purpose)
    }

    fn reencrypt(&self) {
        self.tenant
            .admin()
            .execute("call vault.reencrypt($1, 7)", &[&self.tenant.profile])
            .unwrap();
    }

    /// How many values are under keys that are not current.
    fn outdated(&self) -> i64 {
        self.tenant
            .admin()
            .value(
                "select sum(values_count)::bigint from vault.keys where profile_id = $1 and state <> 'current'",
                &[&self.tenant.profile],
            )
            .unwrap()
    }

    fn destroy(&self, purpose: &str, version: i32) -> Result<u64, Refused> {
        self.tenant.admin().execute(
            "select vault.destroy_data_key($1, $2, $3)",
            &[&self.tenant.profile, &purpose, &version],
        )
    }

    /// Destroys the first version, as soon as no older transaction runs.
    fn destroy_first(&self, purpose: &str) {
        soon("the first key is destroyed", || {
            self.destroy(purpose, 1).is_ok()
        });
    }

    fn count(&mut self, query: &str, parameters: &[&(dyn ToSql + Sync)]) -> i64 {
        self.sql
            .value(&format!("select count(*) from {query}"), parameters)
            .unwrap()
    }
}

fn rotate(tenant: &Tenant, purpose: &str) -> Result<i32, Refused> {
    tenant.admin().value(
        "select vault.rotate_data_key($1, $2)",
        &[&tenant.profile, &purpose],
    )
}
