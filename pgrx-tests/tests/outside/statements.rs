//! How many statements a call runs, once its connection has served others.

use vault_tests::stack::PrivateStack;
use vault_tests::{Card, Tenant};

/// The BIN of the cards, which is looked up once.
const BIN: &str = "41111111";

/// How often the connections are used before. PostgREST opens a few.
const BEFORE: usize = 8;

struct Counted {
    stack: PrivateStack,
    tenant: Tenant,
    customer: String,
}

impl Counted {
    fn new() -> Counted {
        let stack = PrivateStack::start();
        stack.restart_with_settings("pg_stat_statements.track = 'all'");
        let tenant = Tenant::within(&stack);
        crate::support::http_answers(&tenant);
        let customer = tenant.customer();
        for _ in 0..BEFORE {
            tenant.store(&Card::starting_with(BIN, 16), &customer);
        }
        Counted {
            stack,
            tenant,
            customer,
        }
    }

    /// The statements that ran inside of PostgREST's, in the order of their texts and without line breaks.
    fn statements_of(&self, call: impl FnOnce()) -> Vec<String> {
        let mut superuser = self.stack.superuser();
        superuser.run("select pg_stat_statements_reset()").unwrap();
        call();
        let rows = superuser
            .rows(
                "select regexp_replace(query, '\\s+', ' ', 'g') as query, calls \
                 from pg_stat_statements where not toplevel order by query",
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
fn are(statements: &[String], beginnings: &[&str]) {
    assert!(
        statements.len() == beginnings.len()
            && (statements.iter().zip(beginnings)).all(|(text, begin)| text.starts_with(begin)),
        "{statements:#?}"
    );
}

#[test]
fn a_create_is_one_statement_and_what_its_foreign_key_asks() {
    let counted = Counted::new();
    let with_cvc = Card::starting_with(BIN, 16).create_for(&counted.customer);
    let mut without = Card::starting_with(BIN, 16).create_for(&counted.customer);
    without["payment_method_data"]["card"]
        .as_object_mut()
        .unwrap()
        .remove("card_cvc");
    for request in [with_cvc, without] {
        let create = || drop(counted.tenant.post("/v2/payment-methods", &request).ok());
        are(
            &counted.statements_of(create),
            &[
                "SELECT 1 FROM ONLY \"vault\".\"customers\"",
                "WITH customer AS",
            ],
        );
    }
}

#[test]
fn a_masked_retrieve_is_one_statement_and_a_reveal_writes_one_more() {
    let counted = Counted::new();
    let tenant = &counted.tenant;
    let method = tenant.store(&Card::new(), &counted.customer);
    let path = format!("/v2/payment-methods/{method}");
    let raw = format!("{path}?fetch_raw_detail=true");
    for _ in 0..BEFORE {
        tenant.get(&path).ok();
        tenant.send(&tenant.revealing("GET", &raw)).ok();
    }

    let masked = counted.statements_of(|| drop(tenant.get(&path).ok()));
    are(&masked, &["SELECT m.payment_method_id"]);

    let revealed = counted.statements_of(|| {
        tenant.send(&tenant.revealing("GET", &raw)).ok();
    });
    are(
        &revealed,
        &["INSERT INTO vault.audit_log", "SELECT m.payment_method_id"],
    );
}
