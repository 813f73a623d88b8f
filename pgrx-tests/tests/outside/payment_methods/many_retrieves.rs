//! Many payment methods read by one call.

use serde_json::{Value, json};
use vault_tests::{Card, Refused, Session, Tenant};

use crate::support::unknown_id;

fn retrieve(
    session: &mut Session,
    ids: &[Option<&str>],
    reveal: bool,
) -> Result<Vec<Option<Value>>, Refused> {
    let rows = session.rows(
        "select item, payment_method_id, payment_method from vault.retrieve_payment_methods($1, $2)",
        &[&ids, &reveal],
    )?;
    let asked: Vec<(i32, &str)> = (1..).zip(ids.iter().map(|id| id.unwrap_or(""))).collect();
    let answered: Vec<(i32, &str)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(answered, asked);
    Ok(rows.iter().map(|row| row.get(2)).collect())
}

fn reveals_on_record(tenant: &Tenant) -> i64 {
    let count = "select count(*) from vault.audit_log
                 where profile_id = $1 and event = 'payment_method.reveal' and outcome = 'success'";
    tenant
        .stack
        .superuser()
        .value(count, &[&tenant.profile])
        .unwrap()
}

#[test]
fn each_of_many_is_as_by_itself_and_null_if_there_is_none() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let stored: Vec<String> = (0..3)
        .map(|_| tenant.store(&Card::new(), &customer))
        .collect();
    let volatile = json!({
        "payment_method_type": "card",
        "storage_type": "volatile",
        "payment_method_data": Card::new().data(),
    });
    let volatile = tenant.post("/v2/payment-methods", &volatile).id();
    let deleted = tenant.store(&Card::new(), &customer);
    tenant
        .delete(&format!("/v2/payment-methods/{deleted}"))
        .ok();
    let other = tenant.sibling();
    let foreign = other.store(&Card::new(), &other.customer());
    let unknown = unknown_id("pm");
    let ids = [
        Some(stored[2].as_str()),
        Some(&unknown),
        Some(&volatile),
        None,
        Some(&stored[0]),
        Some(&deleted),
        Some(&stored[1]),
        Some(&foreign),
        Some("no id"),
        Some(&stored[2]),
    ];
    let mut sql = tenant.sql();

    let found = retrieve(&mut sql, &ids, false).unwrap();

    for (id, found) in ids.iter().zip(&found) {
        let alone = id.and_then(|id| sql.call("retrieve_payment_method($1)", &[&id]).ok());
        assert_eq!(found, &alone, "{id:?}");
    }
    let there: Vec<bool> = found.iter().map(Option::is_some).collect();
    let yes = [0, 2, 4, 6, 9];
    assert!((0..ids.len()).all(|place| there[place] == yes.contains(&place)));
    assert!(retrieve(&mut sql, &[], false).unwrap().is_empty());
}

#[test]
fn a_thousand_are_retrieved_by_one_call_and_no_more() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let mut sql = tenant
        .stack
        .session(&tenant.role(&["vault_client", "vault_bulk"]));
    let cards: Vec<Value> = (0..1000)
        .map(|_| Card::new().create_for(&customer))
        .collect();
    let rows = sql
        .rows(
            "select payment_method_id from vault.create_payment_methods($1)",
            &[&cards],
        )
        .unwrap();
    let ids: Vec<Option<&str>> = rows.iter().map(|row| row.get(0)).collect();

    let found = retrieve(&mut sql, &ids, false).unwrap();

    for (id, found) in ids.iter().zip(found) {
        assert_eq!(found.unwrap()["id"].as_str(), *id);
    }
    let too_many = vec![None; 1001];
    let refused = retrieve(&mut sql, &too_many, false).unwrap_err();
    assert_eq!(
        refused.pair(),
        ("22023", "`ids` must be a list of at most 1000")
    );
    let refused = retrieve(&mut tenant.revealing_sql(), &too_many[..101], true).unwrap_err();
    assert_eq!(
        refused.pair(),
        ("22023", "`ids` must be a list of at most 100")
    );
}

#[test]
fn each_revealed_card_of_many_is_on_record() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let cards: Vec<Card> = (0..40).map(|_| Card::new()).collect();
    let ids: Vec<String> = cards
        .iter()
        .map(|card| tenant.store(card, &customer))
        .collect();
    let unknown = unknown_id("pm");
    let mut asked: Vec<Option<&str>> = ids.iter().map(|id| Some(id.as_str())).collect();
    asked.push(Some(&unknown));
    let mut sql = tenant.revealing_sql();
    sql.run("begin").unwrap();

    let found = retrieve(&mut sql, &asked, true).unwrap();
    sql.run("rollback").unwrap();

    for (card, found) in cards.iter().zip(&found) {
        let found = found.as_ref().unwrap();
        assert_eq!(
            found["raw_payment_method_data"]["card"]["card_number"],
            card.number
        );
    }
    assert_eq!(found[40], None);
    assert_eq!(reveals_on_record(&tenant), 40);

    let refused = retrieve(&mut tenant.sql(), &asked, true).unwrap_err();
    assert_eq!(refused.sqlstate, "42501");
    assert_eq!(reveals_on_record(&tenant), 40);
}
