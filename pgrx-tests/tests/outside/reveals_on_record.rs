//! No reveal without its row in the audit log, whatever becomes of the transaction, the session or the server.

use std::time::Instant;

use serde_json::json;
use vault_tests::processes::send_signal;
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::customer;
use vault_tests::{Card, Refused, Session, Stack, Tenant};

use crate::support::soon_equal;

const OPEN_NUMBER: &str = "select vault.decrypt(vault.card_number($1::text))";

/// A profile with a card, and a role that may see it.
struct Shop {
    tenant: Tenant,
    role: String,
    card: Card,
    method: String,
}

impl Shop {
    fn within(stack: &Stack) -> Shop {
        let tenant = Tenant::within(stack);
        let role = tenant.role(&["vault_client", "vault_reveal"]);
        let mut sql = stack.session(&role);
        let card = Card::new();
        let person = sql.call("create_customer($1)", &[&customer()]).unwrap();
        let create = card.create_for(person["id"].as_str().unwrap());
        let method = sql.call("create_payment_method($1)", &[&create]).unwrap();
        Shop {
            method: method["id"].as_str().unwrap().to_owned(),
            tenant,
            role,
            card,
        }
    }

    /// Shows the card in each of the three ways.
    fn reveal(&self, sql: &mut Session) {
        let shown = sql
            .call("retrieve_payment_method($1, true)", &[&self.method])
            .unwrap();
        assert_eq!(
            shown["raw_payment_method_data"]["card"]["card_number"],
            self.card.number
        );
        let cvc = sql.value::<String>("select vault.use_cvc($1)", &[&self.method]);
        assert_eq!(cvc.as_ref(), Ok(&self.card.cvc));
        let number = sql.value::<String>(OPEN_NUMBER, &[&self.card.number]);
        assert_eq!(number.as_ref(), Ok(&self.card.number));
    }

    /// What the log says of the role's reveals.
    fn on_record(&self) -> Vec<String> {
        reveals_of(&self.tenant.stack, &self.role)
    }
}

fn reveals_of(stack: &Stack, actor: &str) -> Vec<String> {
    stack
        .superuser()
        .rows(
            "select concat_ws(' ', event, outcome, object_id) from vault.audit_log
             where actor = $1 and event ~ 'reveal|use_cvc' order by audit_id",
            &[&actor],
        )
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// What [`Shop::reveal`] leaves before its transaction ends.
fn reveals(method: &str) -> [String; 3] {
    [
        format!("payment_method.reveal success {method}"),
        format!("payment_method.use_cvc success {method}"),
        "card_number.reveal success first value".to_owned(),
    ]
}

#[test]
fn a_reveal_is_on_record_while_its_transaction_is_open_and_once_when_it_has_ended() {
    let shop = Shop::within(&Stack::shared());
    let mut sql = shop.tenant.stack.session(&shop.role);
    sql.run("begin").unwrap();
    shop.reveal(&mut sql);
    assert_eq!(shop.on_record(), reveals(&shop.method));

    sql.run("commit").unwrap();

    let mut expected = reveals(&shop.method).to_vec();
    expected.push("card_number.reveal success 1 values".to_owned());
    soon_equal(
        "the count of the opened values is on record",
        &expected,
        || shop.on_record(),
    );
}

#[test]
fn a_transaction_that_only_reads_may_reveal_for_the_row_is_not_its_own() {
    let shop = Shop::within(&Stack::shared());
    let mut sql = shop.tenant.stack.session(&shop.role);
    sql.run("begin read only").unwrap();
    sql.call("retrieve_payment_method($1, true)", &[&shop.method])
        .unwrap();
    assert_eq!(shop.on_record(), reveals(&shop.method)[..1]);
}

#[test]
fn what_does_not_exist_leaves_no_reveal_on_record() {
    let shop = Shop::within(&Stack::shared());
    let mut sql = shop.tenant.stack.session(&shop.role);
    sql.call("delete_payment_method($1)", &[&shop.method])
        .unwrap();
    for call in [
        "retrieve_payment_method($1, true)",
        "use_cvc($1)::text::jsonb",
    ] {
        let refused = sql.call(call, &[&shop.method]).unwrap_err();
        assert_eq!(refused.sqlstate, "P0002");
    }
    assert_eq!(shop.on_record(), Vec::<String>::new());
}

#[test]
fn a_reveal_by_the_functions_of_http_stays_on_record_when_somebody_rolls_it_back() {
    let shop = Shop::within(&Stack::shared());
    let tenant = &shop.tenant;
    let (key_id, key) = tenant.new_key(&["reveal"]);
    let headers = json!({
        "api-key": key, "x-profile-id": tenant.profile, "x-request-id": "rolled-back",
        "x-vault-payment-method-id": shop.method, "x-vault-query": "fetch_raw_detail=true",
    });
    let mut sql = tenant.stack.session("vault_authenticator");
    sql.run("begin; set local role vault_api").unwrap();
    sql.execute(
        "select set_config('request.headers', $1, true)",
        &[&headers.to_string()],
    )
    .unwrap();
    let answer: String = sql
        .value("select vault_api.retrieve_payment_method('')::text", &[])
        .unwrap();
    assert!(answer.contains(&shop.card.number));

    sql.run("rollback").unwrap();

    soon_equal(
        "the reveal is on record",
        &reveals(&shop.method)[..1],
        || reveals_of(&tenant.stack, &key_id),
    );
}

#[test]
fn a_crash_right_after_a_reveal_in_an_open_transaction_loses_no_row() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let mut sql = stack.session(&shop.role);
    sql.run("begin; set local synchronous_commit = off")
        .unwrap();
    shop.reveal(&mut sql);

    stack.crash();
    stack.restart();

    assert_eq!(shop.on_record(), reveals(&shop.method));
}

#[test]
fn a_session_that_keeps_its_share_of_places_is_refused_another_and_takes_none_from_others() {
    const SHARE: usize = 32;
    let stack = Stack::shared();
    let shop = Shop::within(&stack);
    let mut sql = stack.session(&shop.role);
    let person = sql.call("create_customer($1)", &[&customer()]).unwrap();
    let methods: Vec<(String, Card)> = (0..=SHARE)
        .map(|_| {
            let card = Card::new();
            let create = card.create_for(person["id"].as_str().unwrap());
            let method = sql.call("create_payment_method($1)", &[&create]).unwrap();
            (method["id"].as_str().unwrap().to_owned(), card)
        })
        .collect();
    let ((last, card), others) = methods.split_last().unwrap();
    let use_cvc = |sql: &mut Session, id: &str| -> Result<String, Refused> {
        sql.value("select vault.use_cvc($1)", &[&id])
    };

    sql.run("begin").unwrap();
    for (id, card) in others {
        assert_eq!(use_cvc(&mut sql, id).as_ref(), Ok(&card.cvc));
    }
    sql.run("savepoint before_the_last").unwrap();
    let refused = use_cvc(&mut sql, last).unwrap_err();
    assert_eq!(
        refused.pair(),
        (
            "53400",
            "the reveal was refused: this session, or its login, has used up its places for pending audit rows"
        )
    );
    assert!(refused.rest.contains("Commit"), "{refused:?}");
    shop.reveal(&mut stack.session(&shop.role));
    sql.run("rollback to before_the_last; commit").unwrap();

    assert_eq!(use_cvc(&mut sql, last).as_ref(), Ok(&card.cvc));
}

#[test]
fn a_reveal_is_refused_while_the_worker_does_not_write_and_works_when_it_does_again() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let worker: String = stack
        .superuser()
        .value(
            "select pid::text from pg_stat_activity where backend_type = 'vault worker'",
            &[],
        )
        .unwrap();
    let mut sql = stack.session(&shop.role);

    send_signal("-STOP", &[&worker]);
    let (began, refused) = (
        Instant::now(),
        sql.call("retrieve_payment_method($1, true)", &[&shop.method]),
    );
    let waited = began.elapsed();
    sql.run("set statement_timeout = '300ms'").unwrap();
    let cancelled = sql.value::<String>(OPEN_NUMBER, &[&shop.card.number]);
    sql.run("reset statement_timeout").unwrap();
    send_signal("-CONT", &[&worker]);

    assert_eq!(
        refused.unwrap_err().pair(),
        (
            "53000",
            "the reveal was refused: the vault worker of this database did not record it in time"
        )
    );
    assert!((8..15).contains(&waited.as_secs()), "{waited:?}");
    assert_eq!(cancelled.unwrap_err().sqlstate, "57014");
    // What was refused is not on record as seen, and what is seen afterwards is.
    shop.reveal(&mut sql);
    let mut expected = reveals(&shop.method).to_vec();
    expected.push("card_number.reveal success 1 values".to_owned());
    soon_equal(
        "the count of the opened values is on record",
        &expected,
        || shop.on_record(),
    );

    // Whoever ends the worker alone ends no reveal.
    stack
        .superuser()
        .execute("select pg_terminate_backend($1::text::int)", &[&worker])
        .unwrap();
    sql.call("retrieve_payment_method($1, true)", &[&shop.method])
        .unwrap();
    assert_eq!(shop.on_record().len(), expected.len() + 1);
}

#[test]
fn nothing_is_revealed_in_a_database_that_no_worker_serves() {
    const NOT_SERVED: (&str, &str) = (
        "53400",
        "the reveal was refused: this database has no vault worker that would record it",
    );
    let stack = PrivateStack::start();
    stack.superuser().run("create database unserved").unwrap();
    let database = stack.database("unserved");
    database.superuser().run("create extension vault").unwrap();
    let shop = Shop::within(&database);
    let mut sql = database.session(&shop.role);
    let refusals: [Result<String, Refused>; 3] = [
        sql.value(
            "select vault.retrieve_payment_method($1, true)::text",
            &[&shop.method],
        ),
        sql.value("select vault.use_cvc($1)", &[&shop.method]),
        sql.value(OPEN_NUMBER, &[&shop.card.number]),
    ];
    for refused in refusals {
        let refused = refused.unwrap_err();
        assert_eq!(refused.pair(), NOT_SERVED);
        assert!(refused.rest.contains("vault.databases"), "{refused:?}");
    }
    sql.call("retrieve_payment_method($1)", &[&shop.method])
        .unwrap();
    assert_eq!(shop.on_record(), Vec::<String>::new());

    stack.restart_with_settings("vault.databases = 'vault, unserved'");

    database
        .session(&shop.role)
        .call("retrieve_payment_method($1, true)", &[&shop.method])
        .unwrap();
    assert_eq!(shop.on_record(), reveals(&shop.method)[..1]);
}
