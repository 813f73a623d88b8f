//! Providers that misbehave: what the job says of it, and that a later try makes the one token.

use std::thread;

use serde_json::{Value, json};
use vault_tests::Card;

use super::{HURRIED_STACK, Job, Shop, create_connector, deserted, order_at, provider};

/// A way to misbehave, and what comes of a job.
struct Fault {
    behaviour: Value,
    error: &'static str,
    status: Option<i32>,
    attempts: i32,
}

fn fault(behaviour: Value, error: &'static str, status: Option<i32>, attempts: i32) -> Fault {
    Fault {
        behaviour,
        error,
        status,
        attempts,
    }
}

/// Those that another try may mend are tried three times, as the setting has it.
fn faults() -> Vec<Fault> {
    vec![
        fault(
            json!({"status": 429, "retry_after": 1}),
            "too_many_requests",
            Some(429),
            3,
        ),
        fault(json!({"status": 503}), "server_error", Some(503), 3),
        fault(
            json!({"status": 500, "carried_out": true}),
            "server_error",
            Some(500),
            3,
        ),
        fault(json!({"status": 409}), "refused", Some(409), 3),
        fault(json!({"status": 402}), "refused", Some(402), 1),
        fault(json!({"status": 401}), "credentials_refused", Some(401), 1),
        fault(json!({"hang_up": "before"}), "hung_up", None, 3),
        fault(json!({"hang_up": "middle"}), "hung_up", Some(200), 3),
        fault(json!({"hang": true}), "timed_out", None, 3),
        fault(json!({"delay_ms": 3600}), "timed_out", None, 3),
        fault(json!({"nonsense": true}), "unexpected_answer", Some(200), 3),
        fault(
            json!({"without_token": true}),
            "unexpected_answer",
            Some(200),
            3,
        ),
        fault(
            json!({"card_as_token": true}),
            "unexpected_answer",
            Some(200),
            3,
        ),
        fault(
            json!({"body_bytes": 10_000_000}),
            "answer_too_large",
            Some(200),
            3,
        ),
        fault(json!({"echo_card_in_error": true}), "refused", Some(402), 1),
    ]
}

/// The card number is in no row of the job, no answer and no line of the log.
#[track_caller]
fn is_not_shown(shop: &Shop, card: &Card, method: &str) {
    let rows: String = shop
        .tenant
        .stack
        .superuser()
        .value(
            "select string_agg(j::text, ' ') || (select string_agg(t::text, ' ') from vault.token_jobs t where t.payment_method_id = $1)
             from vault.jobs j where j.payment_method_id = $1",
            &[&method],
        )
        .unwrap();
    let answer = shop.get(method).text;
    for text in [rows, answer, HURRIED_STACK.log()] {
        assert!(!text.contains(&card.number));
    }
}

fn meets(fault: &Fault) -> (Job, Job) {
    let shop = Shop::within(&HURRIED_STACK);
    shop.provider.behave(&fault.behaviour);
    let card = Card::new();
    let method = shop.store_card(&card, "multi_use");
    let failed = shop.ended_job(&method);
    assert_eq!(shop.get(&method).ok()["connector_tokens"], Value::Null);
    is_not_shown(&shop, &card, &method);

    shop.provider.behave_well();
    shop.admin("retry_token_job", &failed.id);
    shop.token(&method);
    is_not_shown(&shop, &card, &method);
    let done = shop.ended_job(&method);
    // Whichever tries have reached it.
    shop.has_one_token_per_order();
    assert_eq!(shop.provider.state()["tokens_made"], 1);
    (failed, done)
}

#[test]
fn each_fault_is_told_by_its_kind_and_mended_by_a_later_try_of_the_same_order() {
    let faults = faults();
    thread::scope(|scope| {
        let threads: Vec<_> = faults
            .iter()
            .map(|fault| (fault, scope.spawn(|| meets(fault))))
            .collect();
        for (fault, thread) in threads {
            let (failed, done) = thread.join().unwrap();
            let behaviour = &fault.behaviour;
            assert_eq!(
                (failed.outcome(), failed.attempts),
                (("failed", Some(fault.error), fault.status), fault.attempts),
                "{behaviour}"
            );
            assert_eq!(done.outcome(), ("done", None, None), "{behaviour}");
        }
    });
}

#[test]
fn a_redirect_is_not_followed() {
    let (shop, elsewhere) = (Shop::new(), provider());
    shop.provider
        .behave(&json!({"redirect": elsewhere.url("/v1/payment_methods")}));
    let method = shop.store("multi_use");
    let job = shop.ended_job(&method);
    assert_eq!(job.outcome(), ("failed", Some("redirected"), Some(307)));
    assert_eq!(job.attempts, 1);
    assert_eq!(elsewhere.state()["requests"], 0);
}

/// What becomes of a job at a provider with this URL, which the list of hosts names.
fn job_at(shop: &Shop, api_base: &str) -> Job {
    let settings = json!({"api_base": api_base});
    let (stack, profile) = (&shop.tenant.stack, &shop.tenant.profile);
    let connector = create_connector(stack, profile, "stripe", &settings, "sk_x").unwrap();
    let order = order_at(&connector, &shop.customer, &Card::new(), "multi_use");
    let method = shop.tenant.post("/v2/payment-methods", &order).id();
    shop.ended_job(&method)
}

#[test]
fn a_provider_that_is_not_there_is_tried_again() {
    let shop = Shop::within(&HURRIED_STACK);
    let job = job_at(&shop, &format!("http://{}", deserted()));
    assert_eq!(
        (job.outcome(), job.attempts),
        (("failed", Some("unreachable"), None), 3)
    );
}

/// The name `localhost` is on the list, and its address is not.
#[test]
fn a_name_without_an_address_an_address_that_is_not_named_and_a_server_without_tls_are_told_apart()
{
    let shop = Shop::within(&HURRIED_STACK);
    let without_tls = shop.provider.url("/").replacen("http:", "https:", 1);
    for (api_base, error, attempts) in [
        ("https://nowhere.invalid", "unresolved", 3),
        ("http://localhost:29170", "address_not_allowed", 1),
        (without_tls.as_str(), "tls", 3),
    ] {
        let job = job_at(&shop, api_base);
        assert_eq!(
            (job.outcome(), job.attempts),
            (("failed", Some(error), None), attempts),
            "{api_base}"
        );
    }
    assert_eq!(shop.provider.state()["requests"], 0);
}
