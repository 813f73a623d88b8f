//! Everything that happens to a customer and its payment methods, by SQL.

use serde_json::{Value, json};
use vault_tests::card::{account, ach_for};
use vault_tests::tenant::customer;
use vault_tests::{Card, Session};

/// SQLSTATE of what is not there.
pub const NOT_FOUND: &str = "P0002";

/// From the first customer to the last deletion. The session's role may reveal.
#[track_caller]
pub fn run(sql: &mut Session) {
    let person = create_customer(sql);
    let card = Card::new();
    let method = create(sql, &card.create_for(&person));
    is_kept(sql, &method, &card);
    is_listed(sql, &person, &[&method]);
    is_changed(sql, &method);
    let account = account();
    let debit = create(sql, &ach_for(&person, &account));
    let default = sql.call("set_default_payment_method($1, $2)", &[&person, &debit]);
    default.unwrap();
    many_at_once(sql, &person);
    volatile(sql, &person);
    is_deleted(sql, &method);
    customer_is_deleted(sql, &person, &debit);
}

#[track_caller]
pub fn create_customer(sql: &mut Session) -> String {
    let made = sql.call("create_customer($1)", &[&customer()]).unwrap();
    let person = id(&made);
    let found = sql.call("retrieve_customer($1)", &[&person]).unwrap();
    assert_eq!(found["id"], json!(person));
    person
}

#[track_caller]
pub fn create(sql: &mut Session, request: &Value) -> String {
    id(&sql.call("create_payment_method($1)", &[request]).unwrap())
}

#[track_caller]
fn id(body: &Value) -> String {
    body["id"].as_str().expect("an id").to_owned()
}

/// Masked, in full, and the CVC once.
#[track_caller]
fn is_kept(sql: &mut Session, method: &str, card: &Card) {
    let masked = sql.call("retrieve_payment_method($1)", &[&method]).unwrap();
    assert!(!masked.to_string().contains(&card.number));
    assert_eq!(
        masked["payment_method_data"]["card"]["last4_digits"],
        card.last_four()
    );
    assert_eq!(revealed(sql, method), card.number);
    let cvc: String = sql.value("select vault.use_cvc($1)", &[&method]).unwrap();
    assert_eq!(cvc, card.cvc);
}

/// The full number.
#[track_caller]
pub fn revealed(sql: &mut Session, method: &str) -> String {
    let body = sql
        .call("retrieve_payment_method($1, true)", &[&method])
        .unwrap();
    let number = &body["raw_payment_method_data"]["card"]["card_number"];
    number.as_str().expect("a number").to_owned()
}

#[track_caller]
fn is_listed(sql: &mut Session, person: &str, methods: &[&str]) {
    let list = sql.call("list_payment_methods($1)", &[&person]).unwrap();
    let listed = list["customer_payment_methods"].as_array().expect("a list");
    let listed: Vec<&str> = listed.iter().filter_map(|m| m["id"].as_str()).collect();
    assert_eq!(listed, methods);
    let customers = sql.call("list_customers()", &[]).unwrap();
    assert!(customers.to_string().contains(person), "{customers}");
}

#[track_caller]
fn is_changed(sql: &mut Session, method: &str) {
    let changes = json!({"payment_method_data": {"card": {"nick_name": "Travel"}}});
    let changed = sql.call("update_payment_method($1, $2)", &[&method, &changes]);
    assert_eq!(
        changed.unwrap()["payment_method_data"]["card"]["nick_name"],
        "Travel"
    );
}

#[track_caller]
fn many_at_once(sql: &mut Session, person: &str) {
    let cards = [Card::new(), Card::new()];
    let requests: Vec<Value> = cards.iter().map(|card| card.create_for(person)).collect();
    let made = sql
        .rows(
            "select payment_method_id from vault.create_payment_methods($1)",
            &[&requests],
        )
        .unwrap();
    let ids: Vec<String> = made.iter().map(|row| row.get(0)).collect();
    let found = sql
        .rows(
            "select payment_method from vault.retrieve_payment_methods($1, true) order by item",
            &[&ids],
        )
        .unwrap();
    let numbers: Vec<String> = found
        .iter()
        .map(|row| {
            let body: Value = row.get(0);
            let number = &body["raw_payment_method_data"]["card"]["card_number"];
            number.as_str().expect("a number").to_owned()
        })
        .collect();
    assert_eq!(numbers, cards.map(|card| card.number));

    let [one, other] = [Card::new(), Card::new()].map(|card| card.create_for(person));
    let query = format!("select unnest(array['{one}'::jsonb, '{other}'::jsonb])");
    let import = "select string_agg(outcome, ' ') from vault.import_payment_methods($1)";
    let outcomes: String = sql.value(import, &[&query]).unwrap();
    assert_eq!(outcomes, "created created");
}

#[track_caller]
fn volatile(sql: &mut Session, person: &str) {
    let card = Card::new();
    let mut request = card.create_for(person);
    request["storage_type"] = json!("volatile");
    let method = create(sql, &request);
    assert_eq!(revealed(sql, &method), card.number);
    sql.call("delete_payment_method($1)", &[&method]).unwrap();
}

#[track_caller]
fn is_deleted(sql: &mut Session, method: &str) {
    sql.call("delete_payment_method($1)", &[&method]).unwrap();
    let gone = sql.call("retrieve_payment_method($1)", &[&method]);
    assert_eq!(gone.unwrap_err().sqlstate, NOT_FOUND);
}

#[track_caller]
fn customer_is_deleted(sql: &mut Session, person: &str, method: &str) {
    sql.call("delete_customer($1)", &[&person]).unwrap();
    let gone = sql.call("retrieve_payment_method($1)", &[&method]);
    assert_eq!(gone.unwrap_err().sqlstate, NOT_FOUND);
}
