//! Payment methods that a query gives.

use serde_json::{Value, json};
use vault_tests::{Card, Refused, Session, Tenant};

use crate::support::{holdings, unknown_id};

/// How many rows one statement inserts.
const BATCH: usize = 1000;

/// The item, outcome, id and code.
type Row = (i64, String, Option<String>, Option<String>);

/// A query that gives the requests in their order.
fn query(requests: &[Value]) -> String {
    let requests: Vec<String> = requests
        .iter()
        .map(|request| format!("'{request}'::jsonb"))
        .collect();
    format!("select unnest(array[{}])", requests.join(","))
}

fn import(session: &mut Session, query: &str, all_or_nothing: bool) -> Result<Vec<Row>, Refused> {
    let rows = session.rows(
        "select item, outcome, payment_method_id, code from vault.import_payment_methods($1, $2)",
        &[&query, &all_or_nothing],
    )?;
    let columns = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)));
    Ok(columns.collect())
}

/// A session that may index as many card numbers as it likes.
fn in_bulk(tenant: &Tenant) -> Session {
    tenant
        .stack
        .session(&tenant.role(&["vault_client", "vault_bulk"]))
}

fn cards_of(customer: &str, number: usize) -> Vec<Value> {
    (0..number)
        .map(|_| Card::new().create_for(customer))
        .collect()
}

#[test]
fn what_a_query_gives_is_stored_row_by_row_over_several_batches() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let mut requests = cards_of(&customer, 2 * BATCH + 2);
    requests[BATCH] = json!({"payment_method_type": "card"});
    requests[BATCH + 1] = requests[0].clone();

    let rows = import(&mut in_bulk(&tenant), &query(&requests), false).unwrap();

    let items: Vec<usize> = rows.iter().map(|row| row.0 as usize).collect();
    assert_eq!(items, (1..=requests.len()).collect::<Vec<_>>());
    for (place, (_, outcome, id, code)) in rows.iter().enumerate() {
        let (expected, refusal) = match place {
            BATCH => ("refused", Some("IR_06")),
            place if place == BATCH + 1 => ("refreshed", None),
            _ => ("created", None),
        };
        assert_eq!((outcome.as_str(), code.as_deref()), (expected, refusal));
        assert_eq!(id.is_none(), code.is_some());
    }
    assert_eq!(rows[BATCH + 1].2, rows[0].2);
    let count = tenant.get("/v2/customers/total-payment-methods").ok();
    assert_eq!(count, json!({"total_count": 2 * BATCH}));
}

#[test]
fn an_import_of_all_or_nothing_stores_nothing_when_a_later_batch_has_a_refusal() {
    let tenant = Tenant::new();
    let mut requests = cards_of(&tenant.customer(), BATCH + 3);
    let mut sql = in_bulk(&tenant);
    let before = holdings(&tenant.stack, &tenant.profile);
    requests[BATCH + 1] = Card::new().create_for(&unknown_id("cus"));

    let error = import(&mut sql, &query(&requests), true).unwrap_err();

    let message = "Customer does not exist in our records";
    assert_eq!(error.pair(), ("P0002", message));
    assert!(error.rest.contains("It is item 1002."), "{error:?}");
    assert_eq!(holdings(&tenant.stack, &tenant.profile), before);
}

/// An error of the query's own shows who runs it.
#[test]
fn the_query_of_every_batch_runs_with_the_rights_and_settings_of_the_caller() {
    let tenant = Tenant::new();
    let role = tenant.role(&["vault_client"]);
    let mut sql = tenant.stack.session(&role);
    sql.run("set search_path = shop, pg_catalog").unwrap();
    let who = "(current_user || ' ' || current_setting('search_path'))::int::text::jsonb";
    for query in [
        format!("select {who}"),
        format!(
            "select case when n > {BATCH} then {who} end from generate_series(1, {BATCH} + 1) n"
        ),
    ] {
        let error = import(&mut sql, &query, false).unwrap_err();
        let said = format!("invalid input syntax for type integer: \"{role} shop, pg_catalog\"");
        assert_eq!(error.pair(), ("22P02", said.as_str()));
    }
    let forbidden = "select to_jsonb(instrument) from vault.payment_methods";
    let error = import(&mut sql, forbidden, false).unwrap_err();
    assert_eq!(error.sqlstate, "42501");
}

#[test]
fn a_query_of_anything_but_one_column_of_jsonb_is_refused() {
    let tenant = Tenant::new();
    let mut sql = tenant.sql();
    let number = Card::new().number;
    for query in [
        format!("select '{number}'::text"),
        format!("select '{number}'::json"),
        format!("select '{number}'::jsonb, 1"),
        "select".to_owned(),
        "select from generate_series(1, 2)".to_owned(),
        "select 1 where false".to_owned(),
    ] {
        let error = import(&mut sql, &query, false).unwrap_err();
        let message = "the query must have one column, of type jsonb";
        assert_eq!(error.pair(), ("22023", message));
        assert!(!error.rest.contains(&number), "{error:?}");
    }
    for (query, sqlstate) in [
        ("no query", "42601"),
        ("", "42P11"),
        ("select null::jsonb; select null::jsonb", "42P11"),
        ("create table taken (request jsonb)", "42P11"),
        ("select request from nowhere", "42P01"),
    ] {
        let error = import(&mut sql, query, false).unwrap_err();
        assert_eq!(error.sqlstate, sqlstate, "{query}: {error:?}");
    }
}

#[test]
fn a_query_without_rows_imports_nothing_and_null_is_refused() {
    let mut sql = Tenant::new().sql();
    let nothing = import(&mut sql, "select null::jsonb where false", true).unwrap();
    assert_eq!(nothing, []);
    let rows = import(&mut sql, "select null::jsonb", false).unwrap();
    let refused = (1, "refused".to_owned(), None, Some("IR_06".to_owned()));
    assert_eq!(rows, [refused]);
    let of_null = "select * from vault.import_payment_methods(null)";
    assert!(sql.rows(of_null, &[]).unwrap().is_empty());
}

/// What the query calls cannot lead the rows after it to another profile.
#[test]
fn an_import_stays_in_the_profile_that_it_began_in() {
    let (tenant, other) = (Tenant::new(), Tenant::new());
    let (own, foreign) = (tenant.customer(), other.customer());
    let before = holdings(&other.stack, &other.profile);
    let mut sql = in_bulk(&tenant);
    let requests = query(&[
        Card::new().create_for(&own),
        Card::new().create_for(&foreign),
    ]);
    let leading = format!(
        "select request from ({requests}) r (request), vault.authenticate('{}', '{}')",
        other.key, other.profile
    );
    let error = import(&mut sql, &leading, false).unwrap_err();
    let message = "the transaction acts for another profile since the query ran";
    assert_eq!(error.pair(), ("55000", message));
    assert_eq!(holdings(&other.stack, &other.profile), before);
}

#[test]
fn an_import_keeps_no_memory_of_its_rows_until_the_transaction_ends() {
    let tenant = Tenant::new();
    let requests = cards_of(&tenant.customer(), 2 * BATCH);
    let role = tenant.role(&["vault_client", "vault_bulk", "pg_read_all_stats"]);
    let mut sql = tenant.stack.session(&role);
    sql.run("begin").unwrap();
    import(&mut sql, &query(&requests), true).unwrap();
    let of_transaction =
        "select total_bytes from pg_backend_memory_contexts where name = 'TopTransactionContext'";
    let bytes: i64 = sql.value(of_transaction, &[]).unwrap();
    assert!(
        bytes < 256 * 1024,
        "{bytes} bytes for {} rows",
        requests.len()
    );
}

/// Elsewhere, PostgreSQL could stop before the last row, and run code of others while the query is open.
#[test]
fn an_import_is_called_in_from_and_nowhere_else() {
    let tenant = Tenant::new();
    let mut sql = tenant.sql();
    let query = query(&cards_of(&tenant.customer(), 2));
    for elsewhere in [
        "select vault.import_payment_methods($1)",
        "select (vault.import_payment_methods($1)).outcome limit 1",
        "select 1 from (select vault.import_payment_methods($1) offset 0) as rows",
    ] {
        let error = sql.rows(elsewhere, &[&query]).unwrap_err();
        let message = "vault.import_payment_methods is called outside of FROM";
        assert_eq!(error.pair(), ("55000", message));
    }
    let one = "select outcome from vault.import_payment_methods($1) limit 1";
    assert_eq!(sql.value::<String>(one, &[&query]).unwrap(), "created");
    let count = tenant.get("/v2/customers/total-payment-methods").ok();
    assert_eq!(count, json!({"total_count": 2}));
}

#[test]
fn a_query_that_deletes_the_rows_that_it_gives_moves_them() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let mut sql = tenant.sql();
    // The cards are in the query alone, because a table of theirs would leave them in files.
    sql.run("create temporary table old_cards as select n from generate_series(1, 2) n")
        .unwrap();
    let requests = cards_of(&customer, 2);
    let moving = |requests: &[Value]| {
        format!(
            "delete from old_cards returning ({})[n]",
            query(requests).trim_start_matches("select unnest")
        )
    };
    let left =
        |sql: &mut Session| -> i64 { sql.value("select count(*) from old_cards", &[]).unwrap() };

    let bad = [
        requests[0].clone(),
        Card::new().create_for(&unknown_id("cus")),
    ];
    import(&mut sql, &moving(&bad), true).unwrap_err();
    assert_eq!(left(&mut sql), 2);

    let rows = import(&mut sql, &moving(&requests), true).unwrap();
    assert!(rows.iter().all(|row| row.1 == "created"), "{rows:?}");
    assert_eq!((rows.len(), left(&mut sql)), (2, 0));
}

/// A new minute may begin meanwhile, so there are more numbers than two minutes have.
#[test]
fn a_query_of_more_card_numbers_than_a_minute_has_is_refused_row_by_row() {
    let tenant = Tenant::new();
    let requests = cards_of(&tenant.customer(), 2 * BATCH + 1);
    let rows = import(&mut tenant.sql(), &query(&requests), false).unwrap();
    assert_eq!(rows[0].1, "created");
    let refused = rows.iter().filter(|row| row.1 == "refused");
    let codes: Vec<_> = refused.map(|row| row.3.as_deref()).collect();
    assert!(!codes.is_empty());
    assert!(codes.iter().all(|code| *code == Some("IR_90")), "{codes:?}");
}
