//! Jobs: they commit with what asks for them, wait for nobody, and tell how they went.

use serde_json::{Value, json};
use vault_tests::tenant::ADMIN;
use vault_tests::{Card, random};

use super::{HURRIED_STACK, Shop, audited, path, store_many};
use crate::support::{soon, soon_equal};

#[test]
fn a_create_that_is_rolled_back_leaves_no_job_and_calls_nobody() {
    let shop = Shop::new();
    let mut sql = shop.tenant.sql();
    sql.run("begin").unwrap();
    let order = shop.order(&Card::new(), "multi_use");
    let lost = sql.call("create_payment_method($1)", &[&order]).unwrap();
    sql.run("rollback").unwrap();
    // One that is committed after it, to know that the worker has passed.
    let kept = sql
        .call(
            "create_payment_method($1)",
            &[&shop.order(&Card::new(), "single_use")],
        )
        .unwrap();
    shop.token(kept["id"].as_str().unwrap());
    assert_eq!(shop.jobs(lost["id"].as_str().unwrap()), []);
    assert_eq!(shop.provider.state()["requests"], 1);
}

#[test]
fn a_create_neither_waits_for_a_provider_nor_fails_because_of_one() {
    let shop = Shop::within(&HURRIED_STACK);
    shop.provider.behave(&json!({"hang": true}));
    let body = shop
        .tenant
        .post(
            "/v2/payment-methods",
            &shop.order(&Card::new(), "multi_use"),
        )
        .ok();
    assert_eq!(body["connector_tokens"], Value::Null);
    let method = body["id"].as_str().unwrap();
    let job = shop.ended_job(method);
    assert_eq!(job.outcome(), ("failed", Some("timed_out"), None));
    assert_eq!(shop.get(method).ok()["connector_tokens"], Value::Null);
}

#[test]
fn a_refusal_is_final_until_an_administrator_has_the_job_tried_again() {
    let shop = Shop::new();
    shop.provider.behave(&json!({"status": 402}));
    let method = shop.store("multi_use");
    let job = shop.ended_job(&method);
    assert_eq!(job.outcome(), ("failed", Some("refused"), Some(402)));
    assert_eq!(
        (job.attempts, &shop.provider.state()["requests"]),
        (1, &json!(1))
    );

    shop.provider.behave_well();
    shop.admin("retry_token_job", &job.id);
    shop.token(&method);
    let done = shop.ended_job(&method);
    assert_eq!(done.outcome(), ("done", None, None));
    assert_eq!(audited(&shop.tenant.stack, "token_job.retry", &job.id), 1);
    for job in [job.id.as_str(), "12345_job_x"] {
        let refused = shop
            .tenant
            .admin()
            .execute("select vault.retry_token_job($1)", &[&job])
            .unwrap_err();
        assert_eq!(refused.sqlstate, "55000");
    }
}

#[test]
fn a_failed_job_does_not_stand_beside_another_for_the_same() {
    let shop = Shop::new();
    let card = Card::new();
    shop.provider.behave(&json!({"status": 402}));
    let method = shop.store_card(&card, "multi_use");
    let failed = shop.ended_job(&method);
    shop.provider
        .behave(&json!({"status": 503, "retry_after": 2}));
    shop.store_card(&card, "multi_use");
    let refused = shop
        .tenant
        .admin()
        .execute("select vault.retry_token_job($1)", &[&failed.id])
        .unwrap_err();
    assert_eq!(refused.sqlstate, "55000");
    shop.provider.behave_well();
    shop.token(&method);
    shop.has_one_token_per_order();
}

#[test]
fn a_retry_after_is_honoured() {
    let shop = Shop::new();
    shop.provider
        .behave(&json!({"status": 429, "retry_after": 3, "times": 1}));
    let method = shop.store("single_use");
    soon("the first try is over", || {
        shop.jobs(&method)[0].error.is_some()
    });
    let job = shop.jobs(&method).remove(0);
    assert_eq!(
        job.outcome(),
        ("waiting", Some("too_many_requests"), Some(429))
    );
    // The wait of a first try without it is a second at the most.
    let is_put_off: bool = shop
        .tenant
        .admin()
        .value(
            "select next_try_at - created_at >= interval '3 s' from vault.token_jobs where job_id = $1",
            &[&job.id],
        )
        .unwrap();
    assert!(is_put_off);
    shop.token(&method);
    assert_eq!(shop.ended_job(&method).attempts, 2);
}

#[test]
fn a_connector_that_is_disabled_ends_the_jobs_that_wait() {
    let shop = Shop::new();
    shop.provider
        .behave(&json!({"status": 503, "retry_after": 1}));
    let method = shop.store("multi_use");
    soon("the first try is over", || {
        shop.jobs(&method)[0].error.is_some()
    });
    shop.admin("disable_connector", &shop.connector);
    shop.provider.behave_well();
    let job = shop.ended_job(&method);
    assert_eq!(job.state, "failed");
    assert_eq!(job.error.as_deref(), Some("connector_unavailable"));
    shop.admin("enable_connector", &shop.connector);
    shop.admin("retry_token_job", &job.id);
    shop.token(&method);
}

#[test]
fn a_client_that_holds_a_payment_method_holds_up_its_token_alone() {
    let shop = Shop::new();
    shop.provider.behave(&json!({"delay_ms": 3000}));
    let mut sql = shop.tenant.sql();
    sql.run("begin").unwrap();
    let (held, free) = (shop.store("single_use"), shop.store("single_use"));
    let name = json!({"payment_method_data": {"card": {"nick_name": random::name("n")}}});
    sql.call("update_payment_method($1, $2)", &[&held, &name])
        .unwrap();
    shop.token(&free);
    assert_eq!(shop.jobs(&held)[0].state, "sent");
    sql.run("commit").unwrap();
    shop.token(&held);
    assert_eq!(shop.ended_job(&held).attempts, 1);
    shop.has_one_token_per_order();
}

#[test]
fn a_client_that_holds_very_many_payment_methods_holds_up_no_other_connector() {
    let (shop, other) = (Shop::within(&HURRIED_STACK), Shop::within(&HURRIED_STACK));
    shop.provider
        .behave(&json!({"status": 503, "retry_after": 5}));
    let mut sql = shop.tenant.sql();
    sql.run("begin").unwrap();
    let methods = store_many(&shop, 300, "single_use");
    sql.rows(
        "select vault.update_payment_method(m, $2) from unnest($1::text[]) m",
        &[&methods, &json!({"network_transaction_id": "N"})],
    )
    .unwrap();
    let sent = || -> i64 {
        shop.tenant
            .admin()
            .value(
                "select count(*) from vault.token_jobs where connector_id = $1 and state = 'sent'",
                &[&shop.connector],
            )
            .unwrap()
    };
    // As many as one connector is given at a time.
    soon_equal("answers cannot be written", &16, sent);
    for _ in 0..3 {
        let method = other.store("single_use");
        other.token(&method);
    }
    assert_eq!(sent(), 16);
    shop.provider.behave_well();
    sql.run("commit").unwrap();
    shop.token(&methods[0]);
}

#[test]
fn a_client_that_deletes_very_many_payment_methods_and_does_not_commit_holds_up_no_other_connector()
{
    let (shop, other) = (Shop::within(&HURRIED_STACK), Shop::within(&HURRIED_STACK));
    shop.provider
        .behave(&json!({"status": 503, "retry_after": 5}));
    let methods = store_many(&shop, 100, "single_use");
    soon_equal("the first tries are over", &100, || {
        shop.provider.state()["requests"].clone()
    });
    let mut sql = shop.tenant.sql();
    sql.run("begin").unwrap();
    sql.rows(
        "select vault.delete_payment_method(m) from unnest($1::text[]) m",
        &[&methods],
    )
    .unwrap();
    soon("their second tries are due", || {
        shop.tenant
            .admin()
            .value(
                "select bool_and(next_try_at < now()) from vault.token_jobs where connector_id = $1",
                &[&shop.connector],
            )
            .unwrap()
    });
    let method = other.store("single_use");
    other.token(&method);
    sql.run("commit").unwrap();
    assert_eq!(shop.ended_job(&methods[0]).state, "cancelled");
}

#[test]
fn a_client_that_holds_a_customer_holds_up_its_tokens_alone() {
    let (shop, other) = (Shop::new(), Shop::new());
    shop.provider.behave(&json!({"delay_ms": 3000, "times": 1}));
    let mut sql = shop.tenant.sql();
    sql.run("begin").unwrap();
    let method = shop.store("multi_use");
    sql.call(
        "update_customer($1, $2)",
        &[&shop.customer, &json!({"name": "Another"})],
    )
    .unwrap();
    soon_equal("the token is made and attached", &1, || {
        shop.provider.state()["attached"].clone()
    });
    for _ in 0..2 {
        let method = other.store("multi_use");
        other.token(&method);
    }
    assert_eq!(shop.jobs(&method)[0].state, "sent");
    sql.run("commit").unwrap();
    shop.token(&method);
    shop.has_one_token_per_order();
}

#[test]
fn a_provider_that_hangs_delays_no_other_connectors_jobs() {
    let (shop, other) = (Shop::within(&HURRIED_STACK), Shop::within(&HURRIED_STACK));
    shop.provider.behave(&json!({"hang": true}));
    let methods = store_many(&shop, 1000, "single_use");
    assert_eq!(methods.len(), 1000);
    soon("the provider hangs", || {
        shop.provider.state()["requests"] != 0
    });
    for _ in 0..3 {
        let method = other.store("multi_use");
        other.token(&method);
    }
    let waiting: i64 = shop
        .tenant
        .admin()
        .value(
            "select jobs from vault.token_job_counts where connector_id = $1 and state = 'waiting'",
            &[&shop.connector],
        )
        .unwrap();
    assert!(waiting > 900, "{waiting}");
    // Calls for nothing until the end of the tests would be in the way of others.
    shop.admin("disable_connector", &shop.connector);
}

/// They are older than any other job, and none of them becomes a call that would count against its connector.
#[test]
fn very_many_jobs_that_end_without_a_call_delay_no_other_connectors_jobs() {
    let (shop, other) = (Shop::within(&HURRIED_STACK), Shop::within(&HURRIED_STACK));
    let method = shop.store("single_use");
    shop.token(&method);
    shop.admin("disable_connector", &shop.connector);
    HURRIED_STACK
        .superuser()
        .execute(
            "insert into vault.jobs (profile_id, job_id, payment_method_id, connector_id, action, next_try_at, created_at)
             select $1, 'planted_' || g, $2, $3, 'delete_token', now() - interval '1 day', now() - interval '1 day'
             from generate_series(1, 50000) g",
            &[&shop.tenant.profile, &method, &shop.connector],
        )
        .unwrap();
    for _ in 0..3 {
        let method = other.store("single_use");
        other.token(&method);
    }
    let mut admin = shop.tenant.admin();
    let waiting: i64 = admin
        .value(
            "select count(*) from vault.token_jobs where connector_id = $1 and state = 'waiting'",
            &[&shop.connector],
        )
        .unwrap();
    assert!(waiting > 0, "the others were done before");
    HURRIED_STACK
        .superuser()
        .execute("delete from vault.jobs where job_id like 'planted_%'", &[])
        .unwrap();
}

/// Writes an order of a token as somebody can who may write the tables, and gives the method that it is for.
fn plant_order(shop: &Shop, connector: &str) -> String {
    let method = shop.tenant.store(&Card::new(), &shop.customer);
    shop.tenant
        .stack
        .superuser()
        .execute(
            "insert into vault.jobs (profile_id, job_id, payment_method_id, connector_id, action, next_try_at, created_at)
             values ($1, 'planted_' || $2, $2, $3, 'make_single_use_token', now(), now())",
            &[&shop.tenant.profile, &method, &connector],
        )
        .unwrap();
    method
}

/// README says so of who may write the tables.
#[test]
fn a_planted_job_reaches_an_account_of_its_merchant_alone_and_is_on_record() {
    let (shop, stranger) = (Shop::new(), Shop::new());
    let stack = &shop.tenant.stack;
    let method = plant_order(&shop, &shop.connector);
    shop.token(&method);
    assert_eq!(audited(stack, "payment_method.send", &method), 1);

    let method = plant_order(&shop, &stranger.connector);
    assert_eq!(
        shop.ended_job(&method).outcome(),
        ("failed", Some("connector_unavailable"), None)
    );
    assert_eq!(audited(stack, "payment_method.send", &method), 0);
    assert_eq!(stranger.provider.state()["requests"], 0);
}

#[test]
fn operators_see_how_many_jobs_there_are_and_how_old_the_oldest_is() {
    let shop = Shop::new();
    let done = shop.store("single_use");
    shop.token(&done);
    shop.provider
        .behave(&json!({"status": 503, "retry_after": 3600}));
    let waiting: Vec<String> = (0..3).map(|_| shop.store("multi_use")).collect();
    for method in &waiting {
        soon("its first try is over", || {
            shop.jobs(method)[0].error.is_some()
        });
    }
    shop.tenant
        .stack
        .superuser()
        .execute(
            "update vault.jobs set created_at = created_at - interval '1 h' where payment_method_id = $1",
            &[&waiting[1]],
        )
        .unwrap();
    for role in [ADMIN, "vault_audit"] {
        let counts = shop
            .tenant
            .stack
            .session(role)
            .rows(
                "select action, state, jobs, oldest_age_seconds between 3600 and 3700 from vault.token_job_counts
                 where connector_id = $1 order by action",
                &[&shop.connector],
            )
            .unwrap();
        let counts: Vec<(String, String, i64, bool)> = counts
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
            .collect();
        let count =
            |action: &str, state: &str, jobs, old| (action.to_owned(), state.to_owned(), jobs, old);
        assert_eq!(
            counts,
            [
                count("make_multi_use_token", "waiting", 3, true),
                count("make_single_use_token", "done", 1, false),
            ]
        );
    }
    shop.tenant.delete(&path(&waiting[0])).ok();
}
