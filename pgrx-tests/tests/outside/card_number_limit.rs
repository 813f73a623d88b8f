//! Whoever may not see card numbers cannot find one by trying either: the numbers that a role or an API key may have indexed
//! in a minute are limited, and whoever reaches the limit is on record.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};
use vault_tests::card::{account, ach_for};
use vault_tests::stack::PrivateStack;
use vault_tests::{Answer, Card, Refused, Session, Tenant};

use crate::support::{soon, soon_equal};

/// `vault.card_numbers_per_minute`.
const LIMIT: usize = 1000;

const TOO_MANY: &str = "Too many requests";

/// Every number that somebody who sees a card's mask may take for its number, in an order in which the right one comes last.
fn candidates(card: &Card) -> Vec<String> {
    let mut candidates: Vec<String> = others(card).collect();
    assert_eq!(candidates.len(), 99_999);
    candidates.push(card.number.clone());
    candidates
}

/// The other numbers with the same mask.
fn others(card: &Card) -> impl Iterator<Item = String> {
    let (first, last) = (card.first_six(), card.last_four());
    let numbers = (0..1_000_000).map(move |middle| format!("{first}{middle:06}{last}"));
    numbers.filter(|number| passes_luhn(number) && *number != card.number)
}

fn passes_luhn(number: &str) -> bool {
    let digits = number.bytes().rev().map(|digit| u32::from(digit - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// A role of the tenant that has nothing but `vault_client`, with its session.
fn client(tenant: &Tenant) -> (String, Session) {
    let role = tenant.role(&["vault_client"]);
    let session = tenant.stack.session(&role);
    (role, session)
}

/// Has a session index more numbers than it may in a minute.
fn use_up(sql: &mut Session, card: &Card) {
    let refused = index(sql, card, 2 * LIMIT + 1).unwrap_err();
    assert_eq!(refused.pair(), ("53400", TOO_MANY));
}

/// Indexes so many numbers in one statement, all but the card's own.
fn index(sql: &mut Session, card: &Card, count: usize) -> Result<i64, Refused> {
    let numbers: Vec<String> = others(card).take(count).collect();
    sql.value(
        "select count(vault.card_number(number)) from unnest($1::text[]) number",
        &[&numbers],
    )
}

/// What a role is told that has used up its minute. A new one may have begun between the two: then once more.
fn refused_beyond_the_limit<T>(
    sql: &mut Session,
    card: &Card,
    attempt: impl Fn(&mut Session) -> Result<T, Refused>,
) -> Refused {
    let mut refused = (0..3).filter_map(|_| {
        use_up(sql, card);
        attempt(sql).err()
    });
    refused.next().expect("no refusal in three minutes")
}

/// The rows that tell of a role or key beyond its limit.
fn on_record(tenant: &Tenant, whose: &str) -> bool {
    let rows = tenant
        .stack
        .session("vault_audit")
        .rows(
            "select 1 from vault.audit_log
             where event = 'card_number.limit' and outcome = 'refused' and object_id = $1 and profile_id = $2",
            &[&whose, &tenant.profile],
        )
        .unwrap();
    !rows.is_empty()
}

#[test]
fn a_column_does_not_open_to_all_numbers_that_its_mask_allows() {
    let tenant = Tenant::new();
    let card = Card::new();
    let (role, mut sql) = client(&tenant);
    sql.run("create temp table orders (card vault.card_number)")
        .unwrap();
    sql.execute(
        "insert into orders values (vault.card_number($1::text))",
        &[&card.number],
    )
    .unwrap();
    for attack in [
        "select c.pan from unnest($1::text[]) c (pan), orders o where o.card = vault.card_number(c.pan)",
        "select c.pan from (select pan, vault.card_number(pan) card from unnest($1::text[]) pan) c join orders o using (card)",
    ] {
        let refused = sql.rows(attack, &[&candidates(&card)]).unwrap_err();
        assert_eq!(refused.pair(), ("53400", TOO_MANY), "{attack}");
        assert!(refused.rest.contains("vault_bulk"), "{}", refused.rest);
    }
    soon("the limit is on record", || on_record(&tenant, &role));
}

#[test]
fn what_is_indexed_below_the_limit_is_on_record_though_it_is_rolled_back() {
    let tenant = Tenant::new();
    let bulk = tenant.role(&["vault_client", "vault_bulk"]);
    for (role, numbers) in [(client(&tenant).0, LIMIT / 2), (bulk, LIMIT - 1)] {
        let mut sql = tenant.stack.session(&role);
        sql.run("begin").unwrap();
        assert_eq!(index(&mut sql, &Card::new(), numbers), Ok(numbers as i64));
        sql.run("rollback").unwrap();
        let recorded = "select coalesce(sum(occurrences), 0)::bigint from vault.audit_log
             where profile_id = $1 and event = 'card_number.index' and actor = $2 and outcome = 'success'";
        let mut superuser = tenant.stack.superuser();
        soon_equal("all are on record", &Ok(numbers as i64), || {
            superuser.value::<i64>(recorded, &[&tenant.profile, &role])
        });
    }
}

#[test]
fn creates_that_are_rolled_back_count_all_the_same() {
    let tenant = Tenant::new();
    let card = Card::new();
    let customer = tenant.customer();
    let stored = tenant.post("/v2/payment-methods", &card.create_for(&customer));
    let fingerprint = stored.ok()["payment_method_data"]["card"]["card_fingerprint"].clone();
    let fingerprint = fingerprint.as_str().expect("a fingerprint");
    let (role, mut sql) = client(&tenant);
    sql.run(
        "create function pg_temp.tried(numbers text[], request jsonb, sought text) returns bigint language plpgsql as $$
         declare number text; tried bigint := 0; found text;
         begin
             foreach number in array numbers loop
                 begin
                     found := vault.create_payment_method(jsonb_set(request, '{payment_method_data,card,card_number}',
                                  to_jsonb(number))) #>> '{payment_method_data,card,card_fingerprint}';
                     if found = sought then return -1; end if;
                     raise exception 'undone' using errcode = 'VT001';
                 exception when sqlstate 'VT001' then tried := tried + 1;
                           when configuration_limit_exceeded then return tried;
                 end;
             end loop;
             return -2;
         end $$",
    )
    .unwrap();
    let request = card.create_for(&customer);
    let tried: i64 = sql
        .value(
            "select pg_temp.tried($1, $2, $3)",
            &[&candidates(&card), &request, &fingerprint],
        )
        .unwrap();
    // A new minute may have begun meanwhile.
    let tried = usize::try_from(tried).unwrap_or_else(|_| panic!("{tried}: nothing was refused"));
    assert!((LIMIT..=2 * LIMIT).contains(&tried), "{tried}");
    soon("the limit is on record", || on_record(&tenant, &role));
}

#[test]
fn creates_over_http_are_refused_beyond_the_limit_with_the_time_to_wait() {
    let tenant = Tenant::new();
    let (key_id, key) = tenant.new_key(&[]);
    let card = Card::new();
    let candidates = candidates(&card);
    let (next, created) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let refusal: Mutex<Option<Answer>> = Mutex::new(None);
    let create = |number: &str, key: &str| {
        let mut request = Card {
            number: number.to_owned(),
            ..card.clone()
        }
        .data();
        request["card"].as_object_mut().unwrap().remove("card_cvc");
        let body = json!({
            "payment_method_type": "card", "storage_type": "volatile", "payment_method_data": request,
        });
        let request = tenant
            .request("POST", "/v2/payment-methods")
            .without("api-key");
        let client = tenant.stack.client();
        client.send(&request.header("api-key", key).json(&body))
    };
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while refusal.lock().unwrap().is_none() {
                    let tried = next.fetch_add(1, Ordering::Relaxed);
                    assert!(tried < 5 * LIMIT, "nothing was refused");
                    let answer = create(&candidates[tried], &key);
                    match answer.status {
                        200 => drop(created.fetch_add(1, Ordering::Relaxed)),
                        _ => *refusal.lock().unwrap() = Some(answer),
                    }
                }
            });
        }
    });

    let refusal = refusal.into_inner().unwrap().unwrap();
    refusal.refuses(429, "IR_90", TOO_MANY);
    let wait: u32 = refusal.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let created = created.into_inner();
    assert!(created >= LIMIT, "{created}");
    soon("the limit is on record", || on_record(&tenant, &key_id));

    create(&card.number, &tenant.key).ok();
    for number in candidates.iter().take(20) {
        let answer = create(number, &tenant.reveal_key);
        answer.ok();
        assert_eq!(answer.header("retry-after"), None);
    }
}

#[test]
fn every_form_of_the_function_counts_and_so_does_the_create() {
    let tenant = Tenant::new();
    let card = Card::new();
    let (_, mut sql) = client(&tenant);
    sql.run(
        "create function pg_temp.of_literal(number text) returns void language plpgsql as
         $$ begin execute format('select vault.card_number(%L)', number); end $$",
    )
    .unwrap();
    for form in [
        "select vault.card_number($1::text)::text",
        "select vault.card_number($1::text, 'context')::text",
        "select vault.card_number($1::text::varchar)::text",
        "select vault.card_number($1::text::char(16))::text",
        "select pg_temp.of_literal($1::text)::text",
    ] {
        let refused = refused_beyond_the_limit(&mut sql, &card, |sql| {
            sql.value::<Option<String>>(form, &[&card.number])
        });
        assert_eq!(refused.pair(), ("53400", TOO_MANY), "{form}");
    }
    let customer = tenant.customer();
    // A bank account hides fewer digits still.
    let debit: Value = ach_for(&customer, &account());
    for create in [card.create_for(&customer), debit] {
        let refused = refused_beyond_the_limit(&mut sql, &card, |sql| {
            sql.call("create_payment_method($1)", &[&create])
        });
        assert_eq!(refused.pair(), ("53400", TOO_MANY));
    }
}

#[test]
fn a_look_up_counts_once_though_it_may_look_at_each_row() {
    let tenant = Tenant::new();
    let card = Card::new();
    let (_, mut sql) = client(&tenant);
    sql.run("create temp table cards (card vault.card_number)")
        .unwrap();
    sql.execute(
        "insert into cards select vault.card_number($1::text, n::text) from generate_series(1, 3000) n",
        &[&card.number],
    )
    .unwrap();
    let look_up = "select count(*) from cards where card = vault.card_number($1::text)";
    for number in others(&card).take(100) {
        assert_eq!(sql.value::<i64>(look_up, &[&number]), Ok(0));
    }
    assert_eq!(sql.value::<i64>(look_up, &[&card.number]), Ok(3000));
}

#[test]
fn beyond_the_limit_everything_but_card_and_account_numbers_goes_on() {
    let tenant = Tenant::new();
    let card = Card::new();
    let customer = tenant.customer();
    let method = tenant.store(&card, &customer);
    let (_, mut sql) = client(&tenant);
    use_up(&mut sql, &card);
    sql.call("retrieve_payment_method($1)", &[&method]).unwrap();
    sql.execute("select vault.searchable('ada@example.com')", &[])
        .unwrap();
}

#[test]
fn the_limit_is_each_login_s_own_and_no_session_or_set_role_gives_another() {
    let tenant = Tenant::new();
    let card = Card::new();
    let (role, mut sql) = client(&tenant);
    let (other, mut others) = client(&tenant);
    tenant
        .stack
        .superuser()
        .run(&format!("grant {other} to {role}"))
        .unwrap();

    let in_another_session = refused_beyond_the_limit(&mut sql, &card, |_| {
        index(&mut tenant.stack.session(&role), &card, 1)
    });
    assert_eq!(in_another_session.sqlstate, "53400");
    let as_another_role = refused_beyond_the_limit(&mut sql, &card, |sql| {
        sql.run(&format!("set role {other}")).unwrap();
        let result = index(sql, &card, 1);
        sql.run("reset role").unwrap();
        result
    });
    assert_eq!(as_another_role.sqlstate, "53400");
    let with_a_key = refused_beyond_the_limit(&mut sql, &card, |sql| {
        sql.run("begin").unwrap();
        sql.execute(
            "select vault.authenticate($1, $2)",
            &[&tenant.reveal_key, &tenant.profile],
        )
        .unwrap();
        let result = index(sql, &card, 1);
        sql.run("rollback").unwrap();
        result
    });
    assert_eq!(with_a_key.sqlstate, "53400");

    index(&mut others, &card, LIMIT / 2).unwrap();
}

#[test]
fn who_may_see_numbers_or_load_them_in_bulk_has_no_limit() {
    let tenant = Tenant::new();
    let card = Card::new();
    for group in ["vault_reveal", "vault_bulk"] {
        let role = tenant.role(&["vault_client", group]);
        let indexed = index(&mut tenant.stack.session(&role), &card, 5 * LIMIT);
        assert_eq!(indexed, Ok(5000), "{group}");
    }
    // A membership counts from the next transaction on.
    let (role, mut sql) = client(&tenant);
    use_up(&mut sql, &card);
    let mut superuser = tenant.stack.superuser();
    superuser
        .run(&format!("grant vault_bulk to {role}"))
        .unwrap();
    assert_eq!(index(&mut sql, &card, 5 * LIMIT), Ok(5000));
    superuser
        .run(&format!("revoke vault_bulk from {role}"))
        .unwrap();
    use_up(&mut sql, &card);
}

#[test]
fn the_limit_is_a_setting_that_a_reload_changes() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let card = Card::new();
    let mut sql = stack.session(&tenant.role(&["vault_client"]));
    let mut superuser = stack.superuser();
    let mut set = |limit: usize| {
        superuser
            .run(&format!(
                "alter system set vault.card_numbers_per_minute = {limit}"
            ))
            .unwrap();
        superuser.run("select pg_reload_conf()").unwrap();
    };
    let mut indexed = |times: usize| index(&mut sql, &card, times).is_ok();
    set(0);
    soon("there is no limit", || indexed(3 * LIMIT));
    set(5);
    soon("the limit is five", || !indexed(11));
    let own = sql.run("set vault.card_numbers_per_minute = 0");
    assert_eq!(own.unwrap_err().sqlstate, "55P02");
}
