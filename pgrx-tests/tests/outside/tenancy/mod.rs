//! One profile is out of reach of every other: with real keys and real roles, from outside.

mod api_keys;
mod ids_of_others;
mod role_bindings;
mod roles;
mod session_profile;
mod settings;
mod tables;

use serde_json::{Value, json};
use vault_tests::tenant::{customer, login_role};
use vault_tests::{Card, Session, Stack, Tenant, random};

/// A tenant whose things others reach for.
struct Owner {
    tenant: Tenant,
    customer: String,
    reference: String,
    card: Card,
    method: String,
}

impl Owner {
    fn new() -> Owner {
        Owner::of(Tenant::new())
    }

    fn of(tenant: Tenant) -> Owner {
        let reference = random::name("ref");
        let mut person = customer();
        person["merchant_reference_id"] = json!(reference);
        let customer = tenant.post("/v2/customers", &person).id();
        let card = Card::new();
        let method = tenant.store(&card, &customer);
        Owner {
            tenant,
            customer,
            reference,
            card,
            method,
        }
    }

    /// A session of a role that is bound to no profile.
    fn client(&self) -> Session {
        let stack = &self.tenant.stack;
        stack.session(&login_role(stack, &["vault_client"]))
    }

    /// Has the transaction of the client act for this profile.
    fn authenticate(&self, client: &mut Session) {
        client
            .execute(
                "select vault.authenticate($1, $2)",
                &[&self.tenant.key, &self.tenant.profile],
            )
            .unwrap();
    }
}

/// A session of PostgREST's login, as the API's role, with headers of one's own choice.
fn as_api(stack: &Stack, headers: &Value) -> Session {
    let mut session = stack.session("vault_authenticator");
    session.run("set role vault_api").unwrap();
    session
        .execute(
            "select set_config('request.headers', $1, false)",
            &[&headers.to_string()],
        )
        .unwrap();
    session
}
