//! How many statements a call runs, once its session has served others.

use serde_json::{Value, json};
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::login_role;
use vault_tests::{Card, Session, Tenant};

use crate::audit_months::wait_for_months;
use crate::support::http_answers;

/// The BIN of the cards, which is looked up once.
const BIN: &str = "41111111";

struct Counted {
    stack: PrivateStack,
    tenant: Tenant,
    /// May reveal, and authenticates with a key for each call.
    session: Session,
    customer: String,
}

impl Counted {
    fn new() -> Counted {
        let stack = PrivateStack::start();
        stack.restart_with_settings(UNCHANGED);
        wait_for_months(&mut stack.superuser());
        let tenant = Tenant::within(&stack);
        http_answers(&tenant);
        let role = login_role(&stack, &["vault_client", "vault_reveal"]);
        // Of PostgREST and the worker, only their own statements are counted.
        let track = format!("alter role {role} set pg_stat_statements.track = 'all'");
        stack.superuser().run(&track).unwrap();
        let session = stack.session(&role);
        Counted {
            customer: tenant.customer(),
            session,
            stack,
            tenant,
        }
    }

    /// A transaction that authenticates and then calls.
    fn call(&mut self, call: impl FnOnce(&mut Session)) {
        self.session.run("begin").unwrap();
        let credentials: [&(dyn postgres::types::ToSql + Sync); 2] =
            [&self.tenant.key, &self.tenant.profile];
        self.session
            .execute("select vault.authenticate($1, $2)", &credentials)
            .unwrap();
        call(&mut self.session);
        self.session.run("commit").unwrap();
    }

    /// The statements that a call of the session runs.
    fn statements_of(&mut self, call: impl FnOnce(&mut Session)) -> Vec<String> {
        let mut superuser = self.stack.superuser();
        statements_during(&mut superuser, || self.call(call))
    }
}

/// Nothing vacuums or analyses a table. That changes a row of `pg_class`, and after any such change, a session reads API keys and BINs
/// anew, so the statements of its next call would be more. A month's partition has the same effect, so it is there before.
const UNCHANGED: &str = "autovacuum = off
vault.vacuum_after = 0";

/// The statements that run inside of sessions' own, in the order of their texts and without line breaks.
fn statements_during(superuser: &mut Session, run: impl FnOnce()) -> Vec<String> {
    superuser.run("select pg_stat_statements_reset()").unwrap();
    run();
    let rows = superuser
        .rows(
            "select regexp_replace(query, '\\s+', ' ', 'g') as query, calls from pg_stat_statements s
             where not toplevel order by query collate \"C\"",
            &[],
        )
        .unwrap();
    let repeated = rows.iter().flat_map(|row| {
        let (query, calls): (String, i64) = (row.get("query"), row.get("calls"));
        (0..calls).map(move |_| query.clone())
    });
    repeated.collect()
}

#[track_caller]
fn are(statements: &[String], parts: &[&str]) {
    assert!(
        statements.len() == parts.len()
            && (statements.iter().zip(parts)).all(|(statement, part)| statement.contains(part)),
        "{statements:#?}"
    );
}

fn create(session: &mut Session, request: &Value) -> String {
    let method = session
        .call("create_payment_method($1)", &[request])
        .unwrap();
    method["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_create_is_one_statement() {
    let mut counted = Counted::new();
    let with_cvc = || Card::starting_with(BIN, 16).create_for(&counted.customer);
    let without_cvc = || {
        let mut request = with_cvc();
        let card = request["payment_method_data"]["card"].as_object_mut();
        card.expect("a card").remove("card_cvc");
        request
    };
    for (first, then) in [(with_cvc(), with_cvc()), (without_cvc(), without_cvc())] {
        counted.call(|session| drop(create(session, &first)));
        are(
            &counted.statements_of(|session| drop(create(session, &then))),
            &["WITH customer AS"],
        );
    }
}

#[test]
fn a_masked_retrieve_is_one_statement_and_so_is_a_reveal() {
    let mut counted = Counted::new();
    let method = counted.tenant.store(&Card::new(), &counted.customer);
    for call in [
        "retrieve_payment_method($1)",
        "retrieve_payment_method($1, true)",
    ] {
        let retrieve = |session: &mut Session| drop(session.call(call, &[&method]).unwrap());
        counted.call(retrieve);
        are(
            &counted.statements_of(retrieve),
            &["SELECT m.payment_method_id"],
        );
    }
}

#[test]
fn many_masked_retrieves_are_one_statement() {
    let mut counted = Counted::new();
    let methods: Vec<String> = (0..20)
        .map(|_| counted.tenant.store(&Card::new(), &counted.customer))
        .collect();
    let retrieve = |session: &mut Session| {
        let retrieve = "select payment_method from vault.retrieve_payment_methods($1)";
        session.rows(retrieve, &[&methods]).unwrap();
    };
    counted.call(retrieve);
    are(
        &counted.statements_of(retrieve),
        &["SELECT m.payment_method_id"],
    );
}

#[test]
fn many_creates_are_three_statements() {
    let mut counted = Counted::new();
    let requests = || -> Vec<_> {
        let request = || Card::starting_with(BIN, 16).create_for(&counted.customer);
        (0..50).map(|_| request()).collect()
    };
    let (first, then) = (requests(), requests());
    let create = |session: &mut Session, requests: &Vec<_>| {
        let create = "select outcome from vault.create_payment_methods($1)";
        session.rows(create, &[requests]).unwrap();
    };
    counted.call(|session| create(session, &first));
    let ran = counted.statements_of(|session| create(session, &then));
    are(
        &ran,
        &[
            "INSERT INTO vault.payment_methods",
            "SELECT customer_id FROM vault.customers",
            "WITH cvc AS",
        ],
    );
}

/// So the time does not depend on how many there are.
#[test]
fn the_number_of_payment_methods_is_known_without_reading_them() {
    let counted = Counted::new();
    counted.tenant.store(&Card::new(), &counted.customer);
    let headers = json!({"api-key": counted.tenant.key, "x-profile-id": counted.tenant.profile});
    let mut api = counted.stack.superuser();
    api.run("set pg_stat_statements.track = 'all'; begin; set local role vault_api")
        .unwrap();
    api.execute(
        "select set_config('request.headers', $1, true)",
        &[&headers.to_string()],
    )
    .unwrap();
    let mut ask = || -> Value {
        let count = "select vault_api.count_payment_methods('')";
        api.value(count, &[]).unwrap()
    };
    ask();
    let statements = statements_during(&mut counted.stack.superuser(), || {
        assert_eq!(ask(), json!({"total_count": 1}));
    });
    are(
        &statements,
        &["FROM vault.payment_method_counts WHERE profile_id = $1"],
    );
}
