//! The provider that answers as Stripe does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use vault_tests::sandbox::SandboxProvider;
use vault_tests::{Card, Request};

use super::{assert_violation, misread, new_card, provider};

// Stripe's API.

fn stripe(
    provider: &SandboxProvider,
    path: &str,
    key: &str,
    parameters: &[(&str, &str)],
) -> Request {
    let form: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    Request::new("POST", path)
        .header("Authorization", format!("Bearer {}", provider.secret_key))
        .header("Stripe-Version", "2026-10-28.dahlia")
        .header("Idempotency-Key", key)
        .body(form.join("&"))
        .without("content-type")
        .header("Content-Type", "application/x-www-form-urlencoded")
}

fn card_form(card: &Card) -> [(&str, &str); 4] {
    [
        ("type", "card"),
        ("card[number]", &card.number),
        ("card[exp_month]", &card.month),
        ("card[exp_year]", &card.year),
    ]
}

#[test]
fn a_payment_method_is_made_attached_and_detached() {
    let provider = provider();
    let card = new_card();
    let made = provider.send(&stripe(
        &provider,
        "/v1/payment_methods",
        "one:pm",
        &card_form(&card),
    ));
    let body = made.ok();
    assert_eq!(body["card"]["last4"], card.last_four());
    let customer = stripe(
        &provider,
        "/v1/customers",
        "c",
        &[("metadata[vault_customer_id]", "x")],
    );
    let customer = provider.send(&customer).id();
    let path = format!("/v1/payment_methods/{}", made.id());
    let attach = stripe(
        &provider,
        &format!("{path}/attach"),
        "one:attach",
        &[("customer", &customer)],
    );
    assert_eq!(provider.send(&attach).ok()["customer"], customer);
    let detach = |key| stripe(&provider, &format!("{path}/detach"), key, &[]);
    provider.send(&detach("one:detach")).ok();
    assert_eq!(provider.send(&detach("one:detach")).status, 200);
    assert_eq!(provider.send(&detach("two:detach")).status, 404);

    let state = provider.state();
    assert_eq!(state["tokens_by_reference"], json!({"one": 1}));
    for (name, number) in [
        ("tokens_made", 1),
        ("attached", 1),
        ("deleted", 1),
        ("customers", 1),
        ("requests", 6),
    ] {
        assert_eq!(state[name], number, "{name}");
    }
    assert_eq!(state["violations"], json!([]));
    assert!(!state.to_string().contains(&card.number));
}

#[test]
fn the_same_key_brings_the_same_answer_and_for_another_call_none() {
    let provider = provider();
    let (card, other) = (new_card(), new_card());
    let make = |card: &Card| stripe(&provider, "/v1/payment_methods", "key", &card_form(card));
    let first = provider.send(&make(&card));
    let second = provider.send(&make(&card));
    assert_eq!(first.text, second.text);
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_violation(&provider, &make(&other), 400, "used for another call");
    let customers = stripe(&provider, "/v1/customers", "key", &[]);
    assert_violation(&provider, &customers, 400, "used for another call");
    assert_eq!(provider.state()["tokens_made"], 1);
}

#[test]
fn what_stripe_should_not_be_sent_is_a_violation() {
    let provider = provider();
    let card = new_card();
    let path = "/v1/payment_methods";
    let good = stripe(&provider, path, "good", &card_form(&card));
    let with = |key: &str, changed: &[(&str, &str)]| stripe(&provider, path, key, changed);
    let mut number = card_form(&card);
    let misread = misread(&card.number);
    number[1].1 = &misread;
    let mut expired = card_form(&card);
    expired[3].1 = "2020";
    let cvc = [card_form(&card).as_slice(), &[("card[cvc]", "123")]].concat();
    let twice = [card_form(&card).as_slice(), &[("type", "card")]].concat();
    let unknown = [card_form(&card).as_slice(), &[("card[numbre]", "1")]].concat();
    let basic = STANDARD.encode(format!("{}:", provider.secret_key));
    for (request, status, words) in [
        (good.clone().without("authorization"), 401, "secret key"),
        (
            good.clone()
                .without("authorization")
                .header("Authorization", "Bearer sk_x"),
            401,
            "secret key",
        ),
        (
            good.clone().without("stripe-version"),
            400,
            "Stripe-Version",
        ),
        (
            good.clone().without("idempotency-key"),
            400,
            "Idempotency-Key",
        ),
        (
            good.clone().header("Idempotency-Key", "two"),
            400,
            "Idempotency-Key",
        ),
        (
            good.clone()
                .without("content-type")
                .header("Content-Type", "application/json"),
            400,
            "form-encoded",
        ),
        (with("a", &number), 402, "the card number is none"),
        (with("b", &expired), 402, "expired"),
        (with("c", &cvc), 400, "security code"),
        (with("d", &twice), 400, "twice"),
        (with("e", &unknown), 400, "unknown parameter"),
        (with("f", &[]), 400, "the type is not card"),
        (
            stripe(
                &provider,
                "/v1/payment_methods/pm_x/attach",
                "g",
                &[("customer", "cus_x")],
            ),
            404,
            "customer is unknown",
        ),
        (
            stripe(&provider, "/v1/payment_methods?x=y", "h", &[]),
            400,
            "in the URL",
        ),
        (
            stripe(&provider, "/v1/charges", "i", &[]),
            404,
            "no such call",
        ),
    ] {
        assert_violation(&provider, &request, status, words);
    }
    let by_basic = good
        .without("authorization")
        .header("Authorization", format!("Basic {basic}"));
    provider.send(&by_basic).ok();
    let violations = provider.violations().join("\n");
    assert!(!violations.contains(&card.number) && !violations.contains(&misread));
}

#[test]
fn a_second_customer_of_one_vault_customer_is_a_violation() {
    let provider = provider();
    let make = |key| {
        stripe(
            &provider,
            "/v1/customers",
            key,
            &[("metadata[vault_customer_id]", "x")],
        )
    };
    provider.send(&make("a")).ok();
    assert_violation(&provider, &make("b"), 200, "there already");
}
