//! Many payment methods by one call.

use std::thread;

use serde_json::{Value, json};
use vault_tests::tenant::customer;
use vault_tests::{Card, Refused, Session, Tenant};

use crate::support::{holdings, unknown_id};

/// What became of one of several.
#[derive(Debug, PartialEq, Clone)]
struct Outcome {
    outcome: String,
    id: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

fn create(
    session: &mut Session,
    requests: &[Value],
    all_or_nothing: bool,
) -> Result<Vec<Outcome>, Refused> {
    let rows = session.rows(
        "select item, outcome, payment_method_id, code, message from vault.create_payment_methods($1, $2)",
        &[&requests, &all_or_nothing],
    )?;
    let items: Vec<i32> = rows.iter().map(|row| row.get("item")).collect();
    assert_eq!(items, (1..=requests.len() as i32).collect::<Vec<_>>());
    Ok(rows
        .iter()
        .map(|row| Outcome {
            outcome: row.get("outcome"),
            id: row.get("payment_method_id"),
            code: row.get("code"),
            message: row.get("message"),
        })
        .collect())
}

fn stored(outcome: &str, id: &str) -> Outcome {
    Outcome {
        outcome: outcome.to_owned(),
        id: Some(id.to_owned()),
        code: None,
        message: None,
    }
}

fn refused(code: &str, message: &str) -> Outcome {
    Outcome {
        outcome: "refused".to_owned(),
        id: None,
        code: Some(code.to_owned()),
        message: Some(message.to_owned()),
    }
}

fn outcomes(of: &[Outcome]) -> Vec<&str> {
    of.iter().map(|item| item.outcome.as_str()).collect()
}

fn id(outcome: &Outcome) -> &str {
    outcome.id.as_deref().expect("what is stored has an id")
}

#[test]
fn each_of_many_is_stored_or_refused_by_itself_and_as_it_would_be_alone() {
    let tenant = Tenant::new();
    let mut sql = tenant.sql();
    let (one, other) = (tenant.customer(), tenant.customer());
    let known = Card::new();
    let known_id = tenant.store(&known, &one);
    let redacted = tenant.customer();
    tenant.delete(&format!("/v2/customers/{redacted}")).ok();
    let mut wrong_digit = Card::new().create_for(&one);
    wrong_digit["payment_method_data"]["card"]["card_number"] = json!("4111111111111112");
    let mut unknown_member = Card::new().create_for(&one);
    unknown_member["pan"] = json!("");
    let mut volatile = Card::new().create_for(&one);
    volatile["storage_type"] = json!("volatile");
    let requests = [
        Card::new().create_for(&one),
        wrong_digit,
        known.create_for(&one),
        known.create_for(&other),
        Card::new().create_for(&unknown_id("cus")),
        Card::new().create_for(&redacted),
        unknown_member,
        volatile,
        json!([]),
        Card::new().create_for(&other),
    ];

    let together = create(&mut sql, &requests, false).unwrap();

    assert_eq!(
        outcomes(&together),
        [
            "created",
            "refused",
            "refreshed",
            "created",
            "refused",
            "refused",
            "refused",
            "created",
            "refused",
            "created"
        ]
    );
    assert_eq!(id(&together[2]), known_id);
    for (request, outcome) in requests.iter().zip(&together) {
        if outcome.outcome == "refused" {
            let (code, _) = tenant.post("/v2/payment-methods", request).refusal();
            let alone = sql.call("create_payment_method($1)", &[&request]);
            let message = alone.unwrap_err().message;
            assert_eq!(*outcome, refused(&code, &message));
        } else {
            let path = format!("/v2/payment-methods/{}", id(outcome));
            let stored = tenant
                .send(&tenant.revealing("GET", &format!("{path}?fetch_raw_detail=true")))
                .ok();
            assert_eq!(stored["customer_id"], request["customer_id"]);
            assert_eq!(
                stored["raw_payment_method_data"]["card"]["card_number"],
                request["payment_method_data"]["card"]["card_number"]
            );
        }
    }
}

#[test]
fn a_card_that_comes_twice_is_stored_once() {
    let tenant = Tenant::new();
    let owner = tenant.customer();
    let request = Card::new().create_for(&owner);
    let mut again = request.clone();
    again["metadata"] = json!({"order": "second"});
    let together = create(&mut tenant.sql(), &[request, again.clone(), again], false).unwrap();
    let first = id(&together[0]);
    assert_eq!(
        together,
        [
            stored("created", first),
            stored("refreshed", first),
            stored("refreshed", first)
        ]
    );
    let method = tenant.get(&format!("/v2/payment-methods/{first}")).ok();
    assert_eq!(method["metadata"], json!({"order": "second"}));
}

#[test]
fn ninety_nine_bad_ones_do_not_stop_a_good_one() {
    let tenant = Tenant::new();
    let owner = tenant.customer();
    let mut requests = vec![json!({"payment_method_type": "card"}); 100];
    requests[57] = Card::new().create_for(&owner);
    let together = create(&mut tenant.sql(), &requests, false).unwrap();
    let good: Vec<usize> = (0..100)
        .filter(|item| together[*item].outcome == "created")
        .collect();
    assert_eq!(good, [57]);
    assert!(
        together
            .iter()
            .all(|item| item.code.is_some() != item.id.is_some())
    );
}

#[test]
fn all_or_nothing_stores_nothing_and_says_which_one_is_refused() {
    let tenant = Tenant::new();
    let owner = tenant.customer();
    let mut sql = tenant.sql();
    let before = holdings(&tenant.stack, &tenant.profile);
    let good = Card::new().create_for(&owner);
    let bad = Card::new().create_for(&unknown_id("cus"));
    let error = create(&mut sql, &[good.clone(), bad.clone(), bad], true).unwrap_err();
    assert_eq!(
        error.pair(),
        ("P0002", "Customer does not exist in our records")
    );
    assert!(error.rest.contains("It is item 2."), "{error:?}");
    assert_eq!(holdings(&tenant.stack, &tenant.profile), before);

    let together = create(
        &mut sql,
        &[good.clone(), Card::new().create_for(&owner)],
        true,
    )
    .unwrap();
    assert_eq!(outcomes(&together), ["created", "created"]);
}

#[test]
fn nothing_and_null_are_no_payment_methods() {
    let tenant = Tenant::new();
    let mut sql = tenant.sql();
    assert_eq!(create(&mut sql, &[], false).unwrap(), []);
    let rows = sql
        .rows(
            "select outcome, code from vault.create_payment_methods('{NULL, \"null\"}')",
            &[],
        )
        .unwrap();
    let found: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let unreadable = ("refused".to_owned(), "IR_06".to_owned());
    assert_eq!(found, [unreadable.clone(), unreadable]);
    let of_null = sql
        .rows("select * from vault.create_payment_methods(NULL)", &[])
        .unwrap();
    assert!(of_null.is_empty());
}

#[test]
fn what_belongs_to_a_payment_method_comes_with_each_of_many() {
    let tenant = Tenant::new();
    let owner = tenant.customer();
    let cards = [Card::new(), Card::new(), Card::new()];
    let mut requests: Vec<Value> = cards.iter().map(|card| card.create_for(&owner)).collect();
    requests[1]["payment_method_data"]["card"]
        .as_object_mut()
        .unwrap()
        .remove("card_cvc");
    let together = create(&mut tenant.sql(), &requests, false).unwrap();

    let mut reader = tenant.revealing_sql();
    for (place, (outcome, card)) in together.iter().zip(&cards).enumerate() {
        let code = reader.value::<String>("select vault.use_cvc($1)", &[&id(outcome)]);
        match place {
            1 => assert_eq!(code.unwrap_err().sqlstate, "P0002"),
            _ => assert_eq!(code.unwrap(), card.cvc),
        }
    }
    let mut superuser = tenant.stack.superuser();
    for outcome in &together {
        let created: i64 = superuser
            .value(
                "select count(*) from vault.audit_log
                 where profile_id = $1 and object_id = $2 and event = 'payment_method.create' and outcome = 'success'",
                &[&tenant.profile, &id(outcome)],
            )
            .unwrap();
        assert_eq!(created, 1);
    }
}

#[test]
fn two_that_store_the_same_cards_in_opposite_orders_both_end_and_store_each_once() {
    let tenant = Tenant::new();
    let owners = [tenant.customer(), tenant.customer()];
    for _ in 0..5 {
        let requests: Vec<Value> = (0..60)
            .map(|number| Card::new().create_for(&owners[number % 2]))
            .collect();
        let backwards: Vec<Value> = requests.iter().rev().cloned().collect();
        let (mut forth, back) = thread::scope(|scope| {
            let run = |requests: Vec<Value>| {
                let mut sql = tenant.sql();
                move || create(&mut sql, &requests, false).unwrap()
            };
            let (forth, back) = (scope.spawn(run(requests)), scope.spawn(run(backwards)));
            (forth.join().unwrap(), back.join().unwrap())
        });
        forth.reverse();
        for (one, other) in forth.iter().zip(&back) {
            assert_eq!(id(one), id(other));
            let mut how = [one.outcome.as_str(), other.outcome.as_str()];
            how.sort_unstable();
            assert_eq!(how, ["created", "refreshed"]);
        }
    }
}

#[test]
fn two_that_refresh_the_same_cards_in_opposite_orders_both_end() {
    let tenant = Tenant::new();
    let owner = tenant.customer();
    let requests: Vec<Value> = (0..60).map(|_| Card::new().create_for(&owner)).collect();
    create(&mut tenant.sql(), &requests, false).unwrap();
    let backwards: Vec<Value> = requests.iter().rev().cloned().collect();
    for _ in 0..5 {
        thread::scope(|scope| {
            for requests in [&requests, &backwards] {
                let mut sql = tenant.sql();
                scope.spawn(move || {
                    let together = create(&mut sql, requests, false).unwrap();
                    assert!(together.iter().all(|item| item.outcome == "refreshed"));
                });
            }
        });
    }
}

#[test]
fn a_card_under_an_earlier_index_key_is_found_among_many() {
    let tenant = Tenant::new();
    let owner = tenant.customer();
    let cards = [Card::new(), Card::new()];
    let ids = cards.clone().map(|card| tenant.store(&card, &owner));
    tenant
        .stack
        .session("vault_dba")
        .execute(
            "select vault.rotate_data_key($1, 'index')",
            &[&tenant.profile],
        )
        .unwrap();
    let requests = [
        cards[0].create_for(&owner),
        Card::new().create_for(&owner),
        cards[1].create_for(&owner),
    ];
    let together = create(&mut tenant.sql(), &requests, false).unwrap();
    assert_eq!(outcomes(&together), ["refreshed", "created", "refreshed"]);
    assert_eq!([id(&together[0]), id(&together[2])], [&ids[0], &ids[1]]);
}

#[test]
fn customers_of_another_profile_are_not_there() {
    let (tenant, stranger) = (Tenant::new(), Tenant::new());
    let owner = stranger.post("/v2/customers", &customer()).id();
    let requests = [
        Card::new().create_for(&owner),
        Card::new().create_for(&owner),
    ];
    let together = create(&mut tenant.sql(), &requests, false).unwrap();
    let missing = refused("HE_02", "Customer does not exist in our records");
    assert_eq!(together, [missing.clone(), missing]);
}

#[test]
fn what_is_beyond_the_card_numbers_of_a_minute_is_refused_one_by_one() {
    let tenant = Tenant::new();
    let owner = tenant.customer();
    // A new minute may begin meanwhile, so there are more numbers than two minutes have.
    let requests: Vec<Value> = (0..2001).map(|_| Card::new().create_for(&owner)).collect();
    let together = create(&mut tenant.sql(), &requests, false).unwrap();
    assert!(together.iter().any(|item| item.outcome == "created"));
    let mut beyond = together.iter().filter(|item| item.outcome != "created");
    let too_many = refused("IR_90", "Too many requests");
    assert_eq!(beyond.next(), Some(&too_many));
    assert!(beyond.all(|item| *item == too_many));

    let loader = tenant.role(&["vault_client", "vault_bulk"]);
    let all = create(&mut tenant.stack.session(&loader), &requests, false).unwrap();
    assert!(all.iter().all(|item| item.outcome != "refused"));
}
