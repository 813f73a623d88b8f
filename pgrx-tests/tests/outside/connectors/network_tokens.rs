//! Network tokens: made by the worker, asked for by callers, and never kept.

use std::ops::Deref;
use std::thread;

use serde_json::{Value, json};
use vault_tests::card::{account, ach_for};
use vault_tests::ledger::{Kind, record};
use vault_tests::sandbox::SandboxTokenService;
use vault_tests::{Card, Request, Stack, Tenant};

use super::{
    HURRIED_STACK, NO_CONNECTOR, audited, create_connector, ended, jobs_of, path, token_service,
};
use crate::support::{http_answers, soon, soon_equal};

/// A profile with network tokens switched on, an account at a token service that is its own, and a customer.
struct Shop {
    tenant: Tenant,
    service: SandboxTokenService,
    connector: String,
    customer: String,
}

impl Deref for Shop {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.tenant
    }
}

impl Shop {
    fn new() -> Shop {
        Shop::within(&Stack::shared())
    }

    fn within(stack: &Stack) -> Shop {
        let tenant = Tenant::within(stack);
        http_answers(&tenant);
        let service = token_service();
        let connector = create_connector(
            stack,
            &tenant.profile,
            "token_service",
            &service.settings(),
            &service.credentials().to_string(),
        )
        .unwrap();
        let shop = Shop {
            customer: tenant.customer(),
            tenant,
            service,
            connector,
        };
        shop.switch(true);
        shop
    }

    fn switch(&self, on: bool) {
        self.admin()
            .execute(
                "select vault.set_network_tokenization($1, $2)",
                &[&self.profile, &on],
            )
            .unwrap();
    }

    fn order(&self, card: &Card) -> Value {
        let mut order = card.create_for(&self.customer);
        order["network_tokenization"] = json!({"enable": "Enable"});
        order
    }

    #[track_caller]
    fn store(&self, card: &Card) -> String {
        self.post("/v2/payment-methods", &self.order(card)).id()
    }

    /// Waits for the network token of a payment method.
    #[track_caller]
    fn token(&self, method: &str) -> Value {
        let mut token = Value::Null;
        soon("there is a network token", || {
            token = self.get(&path(method)).ok()["network_token"].clone();
            token != Value::Null
        });
        token
    }

    /// Stores a card and waits for its token.
    #[track_caller]
    fn with_token(&self) -> (Card, String) {
        let card = Card::new();
        let method = self.store(&card);
        self.token(&method);
        (card, method)
    }

    fn status_path(method: &str) -> String {
        format!("{}/check-network-token-status", path(method))
    }

    /// `get-token` with a key that may reveal.
    fn get_token(&self, method: &str, token_type: &str) -> Request {
        let path = format!("{}/get-token", path(method));
        self.revealing("POST", &path)
            .json(&json!({"token_type": token_type}))
    }

    /// Has the worker look at a token the next time that it looks at any, and waits until it has.
    fn check_now(&self, method: &str) {
        let checks = || {
            let jobs = jobs_of(&self.stack, method).into_iter();
            jobs.filter(|job| job.action == "check_network_token" && job.has_ended())
                .count()
        };
        let before = checks();
        let due = self.stack.superuser().execute(
            "update vault.network_tokens set check_after = now() where payment_method_id = $1",
            &[&method],
        );
        assert_eq!(due.unwrap(), 1);
        soon("it has been looked at", || checks() > before);
    }
}

#[test]
fn a_network_token_shows_its_last_digits_and_its_expiry_in_every_answer() {
    let shop = Shop::new();
    let (card, method) = shop.with_token();
    let token = shop.token(&method);
    let data = &token["payment_method_data"];
    assert_eq!(data["card_network"], "Visa");
    assert_eq!(data["saved_to_locker"], true);
    assert_ne!(data["last4_digits"], card.last_four());
    for (member, form) in [
        ("last4_digits", r"\d{4}"),
        ("network_token_expiry_month", "12"),
        ("network_token_expiry_year", r"20\d\d"),
        ("card_isin", r"489537\d{0,3}"),
        ("par", "V001[0-9A-Z]{25}"),
    ] {
        crate::support::has_form(&data[member], form);
    }
    let list = format!("/v2/customers/{}/saved-payment-methods", shop.customer);
    let item = shop.get(&list).ok()["customer_payment_methods"][0].clone();
    assert_eq!(item["network_tokenization"], token);
    let details = shop.get(&format!("{}/details", path(&method))).ok();
    assert_eq!(details["network_token"], token);
    assert_eq!(audited(&shop.stack, "network_token.create", &method), 1);
    assert_eq!(shop.service.violations(), Vec::<String>::new());
    // A second order of the same card makes no other.
    assert_eq!(shop.store(&card), method);
    assert_eq!(jobs_of(&shop.stack, &method).len(), 1);
}

#[test]
fn where_no_network_token_can_be_had_the_answer_is_null_and_nobody_is_asked() {
    let shop = Shop::new();
    let mut skipped = shop.order(&Card::new());
    skipped["network_tokenization"] = json!({"enable": "Skip"});
    let mut debit = ach_for(&shop.customer, &account());
    debit["network_tokenization"] = json!({"enable": "Enable"});
    let mut volatile = shop.order(&Card::new());
    volatile["storage_type"] = json!("volatile");
    let is_null = |tenant: &Tenant, request: &Value| {
        let body = tenant.post("/v2/payment-methods", request).ok();
        assert_eq!(body["network_token"], Value::Null, "{request}");
        assert_eq!(jobs_of(&tenant.stack, body["id"].as_str().unwrap()), []);
    };
    for request in [skipped, debit, volatile] {
        is_null(&shop, &request);
    }
    shop.switch(false);
    is_null(&shop, &shop.order(&Card::new()));
    shop.switch(true);
    shop.admin()
        .execute("select vault.disable_connector($1)", &[&shop.connector])
        .unwrap();
    is_null(&shop, &shop.order(&Card::new()));
    // A profile without a service.
    let sibling = shop.sibling();
    let mut other = Card::new().create_for(&sibling.customer());
    other["network_tokenization"] = json!({"enable": "Enable"});
    sibling
        .admin()
        .execute(
            "select vault.set_network_tokenization($1, true)",
            &[&sibling.profile],
        )
        .unwrap();
    is_null(&sibling, &other);
    assert_eq!(shop.service.state()["requests"], 0);
    // And a provider's token cannot be had of it.
    let order = super::order_at(&shop.connector, &shop.customer, &Card::new(), "multi_use");
    shop.post("/v2/payment-methods", &order)
        .refuses(404, "HE_02", NO_CONNECTOR);
}

#[test]
fn a_service_that_fails_leaves_null_and_a_later_try_makes_the_token() {
    let shop = Shop::new();
    shop.service.behave(&json!({"status": 503, "times": 1}));
    let (_, method) = shop.with_token();
    assert_eq!(jobs_of(&shop.stack, &method)[0].attempts, 2);
    shop.service.behave(&json!({"status": 422}));
    let refused = shop.store(&Card::new());
    let job = ended(&shop.stack, &refused).remove(0);
    assert_eq!(job.outcome(), ("failed", Some("refused"), Some(422)));
    assert_eq!(shop.get(&path(&refused)).ok()["network_token"], Value::Null);
    shop.service.behave_well();
    shop.admin()
        .execute("select vault.retry_token_job($1)", &[&job.id])
        .unwrap();
    shop.token(&refused);
    super::assert_one_token_per_order(&shop.service.state());
}

#[test]
fn the_service_has_the_last_word_on_the_state_of_a_token() {
    let shop = Shop::new();
    let (card, method) = shop.with_token();
    let token = shop.token(&method)["payment_method_data"].clone();
    let mut sql = shop.sql();
    for status in ["ACTIVE", "INACTIVE", "SUSPENDED", "EXPIRED", "DELETED"] {
        shop.service.behave(&json!({"token_status": status}));
        let expected = json!({
            "type": "success_response", "status": status,
            "token_expiry_month": token["network_token_expiry_month"],
            "token_expiry_year": token["network_token_expiry_year"],
            "card_last_four": card.last_four(), "token_last_four": token["last4_digits"],
            "card_expiry_month": card.month, "card_expiry_year": card.year,
            "payment_method_id": method, "customer_id": shop.customer,
        });
        let answer = shop.get(&Shop::status_path(&method));
        assert_eq!((answer.status, &answer.text), (200, &expected.to_string()));
        let by_sql = sql
            .call("check_network_token_status($1)", &[&method])
            .unwrap();
        assert_eq!(by_sql, expected);
    }
}

#[test]
fn a_service_that_does_not_say_is_a_failure_in_an_answer() {
    let shop = Shop::new();
    let (_, method) = shop.with_token();
    let failure =
        json!({"type": "failure_response", "error_message": "The token service did not answer"});
    for behaviour in [
        json!({"status": 503}),
        json!({"nonsense": true}),
        json!({"hang_up": "before"}),
        json!({"token_status": "LOST"}),
    ] {
        shop.service.behave(&behaviour);
        let answer = shop.get(&Shop::status_path(&method));
        assert_eq!(
            (answer.status, answer.json()),
            (200, failure.clone()),
            "{behaviour}"
        );
    }
    shop.service.behave_well();
    shop.admin()
        .execute("select vault.disable_connector($1)", &[&shop.connector])
        .unwrap();
    assert_eq!(shop.get(&Shop::status_path(&method)).json(), failure);
}

#[test]
fn a_card_without_a_network_token_has_no_state_to_ask_for() {
    let shop = Shop::new();
    let method = shop.tenant.store(&Card::new(), &shop.customer);
    let message = "Invalid value provided: payment_method_id";
    shop.get(&Shop::status_path(&method))
        .refuses(400, "IR_07", message);
    let refused = shop
        .sql()
        .call("check_network_token_status($1)", &[&method])
        .unwrap_err();
    assert_eq!(refused.pair(), ("P0002", message));
}

#[test]
fn a_network_token_is_fetched_in_full_by_who_may_reveal_and_put_on_record_first() {
    let shop = Shop::new();
    let (_, method) = shop.with_token();
    let last_four = shop.token(&method)["payment_method_data"]["last4_digits"].clone();
    let fetched = shop.send(&shop.get_token(&method, "network_token")).ok();
    let details = &fetched["token_details"];
    let number = details["network_token"].as_str().unwrap();
    assert!(number.ends_with(last_four.as_str().unwrap()));
    // It is as good as a card number: the search of the end must find it nowhere.
    record(Kind::Pan, number);
    assert_eq!(
        (&fetched["payment_method_id"], &fetched["token_type"]),
        (&json!(method), &json!("network_token"))
    );
    assert_eq!(
        (&details["eci"], &details["card_network"]),
        (&json!("07"), &json!("Visa"))
    );
    let again = shop
        .revealing_sql()
        .call("get_network_token($1)", &[&method])
        .unwrap();
    assert_eq!(again["token_details"]["network_token"], number);
    assert_ne!(again["token_details"]["cryptogram"], details["cryptogram"]);
    assert_eq!(audited(&shop.stack, "network_token.reveal", &method), 2);

    // The row stands although the service fails.
    shop.service.behave(&json!({"status": 503}));
    let failed = shop.send(&shop.get_token(&method, "network_token"));
    failed.refuses(500, "HE_00", "Something went wrong");
    let refused = shop
        .revealing_sql()
        .call("get_network_token($1)", &[&method])
        .unwrap_err();
    assert_eq!(refused.pair(), ("38000", "Something went wrong"));
    assert_eq!(audited(&shop.stack, "network_token.reveal", &method), 4);

    let mut superuser = shop.stack.superuser();
    let rows: String = superuser
        .value(
            "select string_agg(t, ' ') from (select n::text t from vault.network_tokens n
             union all select j::text from vault.jobs j where action like '%network%'
             union all select a::text from vault.audit_log a where event like 'network%') s",
            &[],
        )
        .unwrap();
    assert!(!rows.contains(number));
}

#[test]
fn who_may_not_reveal_gets_no_network_token_and_does_not_learn_of_one() {
    let shop = Shop::new();
    let (_, method) = shop.with_token();
    let requests = shop.service.state()["requests"].clone();
    let body = json!({"token_type": "network_token"});
    for id in [method.as_str(), "12345_pm_x"] {
        let get = format!("{}/get-token", path(id));
        for verb in ["GET", "POST"] {
            shop.send(&shop.request(verb, &get).json(&body)).refuses(
                403,
                "IR_19",
                "The API key does not carry the `reveal` scope",
            );
        }
    }
    let refused = shop
        .sql()
        .call("get_network_token($1)", &[&method])
        .unwrap_err();
    assert_eq!(refused.sqlstate, "42501");
    assert_eq!(shop.service.state()["requests"], requests);
}

#[test]
fn network_tokens_that_cannot_be_fetched_are_refused_by_the_reason() {
    let shop = Shop::new();
    let (_, method) = shop.with_token();
    let bare = shop.tenant.store(&Card::new(), &shop.customer);
    for token_type in ["single_use_token", "multi_use_token"] {
        shop.send(&shop.get_token(&method, token_type)).refuses(
            422,
            "IR_29",
            "Token type not supported",
        );
    }
    let missing = "NetworkTokenRequestorReferenceId is not present";
    shop.send(&shop.get_token(&bare, "network_token"))
        .refuses(404, "IR_37", missing);
    let mut sql = shop.revealing_sql();
    let refused = sql.call("get_network_token($1)", &[&bare]).unwrap_err();
    assert_eq!(refused.pair(), ("P0002", missing));
    shop.switch(false);
    let off = "Network tokenization is not enabled for this profile";
    shop.send(&shop.get_token(&method, "network_token"))
        .refuses(422, "IR_29", off);
    let refused = sql.call("get_network_token($1)", &[&method]).unwrap_err();
    assert_eq!(refused.pair(), ("55000", off));
    assert_eq!(audited(&shop.stack, "network_token.reveal", &method), 0);
}

#[test]
fn the_service_tells_which_cards_can_have_network_tokens() {
    let shop = Shop::new();
    let path = |query: &str| format!("/v2/payment-methods/get-network-token-eligibility{query}");
    let mut sql = shop.sql();
    for (bin, eligible) in [("411111", true), ("55555555", true), ("378282", false)] {
        let expected = json!({"eligible_for_network_tokenization": eligible});
        let query = format!("?card_bin={bin}");
        assert_eq!(shop.get(&path(&query)).ok(), expected);
        let by_sql = sql
            .call("get_network_token_eligibility($1)", &[&bin])
            .unwrap();
        assert_eq!(by_sql, expected);
    }
    for query in [
        "",
        "?card_bin=41111",
        "?card_bin=411111111",
        "?card_bin=4111a1",
    ] {
        shop.get(&path(query))
            .refuses(400, "IR_06", "`card_bin` must be 6 to 8 digits");
    }
    shop.service.behave(&json!({"status": 500}));
    let query = "?card_bin=411111";
    shop.get(&path(query))
        .refuses(500, "HE_00", "Something went wrong");
    shop.switch(false);
    let off = shop.get(&path(query));
    assert_eq!(
        (off.status, off.json()),
        (
            400,
            json!({"error": {
                "type": "invalid_request", "message": "Payment method type not supported", "code": "IR_19",
                "reason": "Network tokenization is not enabled for this profile",
            }})
        )
    );
}

#[test]
fn the_worker_hears_that_a_token_was_deleted_and_an_order_makes_another() {
    let shop = Shop::new();
    let (card, method) = shop.with_token();
    let token = shop.token(&method);
    shop.service.behave(&json!({"token_status": "SUSPENDED"}));
    shop.check_now(&method);
    assert_eq!(shop.token(&method), token);
    let next: bool = shop
        .stack
        .superuser()
        .value(
            "select check_after > now() + interval '23 h' from vault.network_tokens where payment_method_id = $1",
            &[&method],
        )
        .unwrap();
    assert!(next, "it will be asked for again");

    shop.service.behave(&json!({"token_status": "DELETED"}));
    shop.check_now(&method);
    assert_eq!(shop.get(&path(&method)).ok()["network_token"], Value::Null);
    let never: bool = shop
        .stack
        .superuser()
        .value(
            "select check_after = 'infinity' from vault.network_tokens where payment_method_id = $1",
            &[&method],
        )
        .unwrap();
    assert!(never);
    shop.send(&shop.get_token(&method, "network_token"))
        .refuses(
            404,
            "IR_37",
            "NetworkTokenRequestorReferenceId is not present",
        );
    shop.service.behave_well();
    assert_eq!(shop.store(&card), method);
    assert_ne!(shop.token(&method), token);
}

#[test]
fn clients_that_hold_payment_methods_hold_up_no_check_of_others() {
    let (shop, other) = (Shop::new(), Shop::new());
    let methods = [shop.with_token().1, shop.with_token().1];
    let free = other.with_token().1;
    let mut sql = shop.sql();
    let due = shop.stack.superuser().execute(
        "update vault.network_tokens set check_after = now() - interval '1 h' where payment_method_id = any ($1)",
        &[&methods.as_slice()],
    );
    assert_eq!(due.unwrap(), 2);
    sql.run("begin").unwrap();
    let change = json!({"network_transaction_id": "N"});
    sql.call("update_payment_method($1, $2)", &[&methods[0], &change])
        .unwrap();
    sql.call("delete_payment_method($1)", &[&methods[1]])
        .unwrap();
    other.check_now(&free);
    sql.run("commit").unwrap();
    other.with_token();
}

#[test]
fn a_deletion_takes_the_network_token_back() {
    let shop = Shop::new();
    let (_, method) = shop.with_token();
    shop.service.behave(&json!({"delay_ms": 700, "times": 1}));
    let late = shop.store(&Card::new());
    soon_equal("the call is under way", &2, || {
        shop.service.state()["tokens_made"].clone()
    });
    for method in [&method, &late] {
        shop.delete(&path(method)).ok();
    }
    soon_equal("both tokens are deleted", &2, || {
        shop.service.state()["deleted"].clone()
    });
    ended(&shop.stack, &method);
    assert_eq!(audited(&shop.stack, "network_token.delete", &method), 1);
    assert_eq!(shop.service.violations(), Vec::<String>::new());
}

#[test]
fn another_profile_learns_nothing_of_a_network_token() {
    let shop = Shop::new();
    let (_, method) = shop.with_token();
    let stranger = Shop::new();
    stranger.get(&Shop::status_path(&method)).refuses(
        404,
        "HE_02",
        crate::support::NO_PAYMENT_METHOD,
    );
    stranger
        .send(&stranger.get_token(&method, "network_token"))
        .refuses(404, "HE_02", crate::support::NO_PAYMENT_METHOD);
}

#[test]
fn many_who_wait_for_a_service_that_hangs_leave_room_for_other_calls() {
    let shop = Shop::within(&HURRIED_STACK);
    let neighbour = Shop::within(&HURRIED_STACK);
    let (_, method) = shop.with_token();
    let (_, of_neighbour) = neighbour.with_token();
    shop.service.behave(&json!({"hang": true}));
    thread::scope(|scope| {
        let askers: Vec<_> = (0..40)
            .map(|_| scope.spawn(|| shop.get(&Shop::status_path(&method))))
            .collect();
        for _ in 0..20 {
            shop.get("/v2/customers/list").ok();
        }
        let other = neighbour.get(&Shop::status_path(&of_neighbour)).ok();
        assert_eq!(other["type"], "success_response");
        let statuses: Vec<_> = askers
            .into_iter()
            .map(|asker| {
                let answer = asker.join().unwrap();
                match answer.status {
                    200 => assert_eq!(answer.json()["type"], "failure_response"),
                    _ => {
                        answer.refuses(429, "IR_90", "Too many requests");
                        assert_eq!(answer.header("retry-after"), Some("1"));
                    }
                }
                answer.status
            })
            .collect();
        assert!(
            statuses.contains(&200) && statuses.contains(&429),
            "{statuses:?}"
        );
    });
    let calls = shop.service.state()["requests"].as_u64().unwrap();
    assert!(calls < 20, "{calls} calls reached the service");
    shop.service.behave_well();
    let answer = shop.get(&Shop::status_path(&method)).ok();
    assert_eq!(answer["type"], "success_response");
}
