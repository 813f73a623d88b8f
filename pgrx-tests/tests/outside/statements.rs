//! How many statements a call runs, once its session has served others.

use vault_tests::stack::PrivateStack;
use vault_tests::tenant::login_role;
use vault_tests::{Card, Session, Tenant};

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
        let tenant = Tenant::within(&stack);
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

    /// The statements that run inside of the session's own, in the order of their texts and without line breaks.
    fn statements_of(&mut self, call: impl FnOnce(&mut Session)) -> Vec<String> {
        let mut superuser = self.stack.superuser();
        superuser.run("select pg_stat_statements_reset()").unwrap();
        self.call(call);
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
}

#[track_caller]
fn are(statements: &[String], parts: &[&str]) {
    assert!(
        statements.len() == parts.len()
            && (statements.iter().zip(parts)).all(|(statement, part)| statement.contains(part)),
        "{statements:#?}"
    );
}

fn create(session: &mut Session, request: &serde_json::Value) -> String {
    let method = session
        .call("create_payment_method($1)", &[request])
        .unwrap();
    method["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_create_is_one_statement_and_what_its_foreign_key_asks() {
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
fn many_creates_are_three_statements_and_what_their_foreign_key_asks() {
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
