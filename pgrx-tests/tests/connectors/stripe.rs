//! Calls to Stripe, against a server that answers as Stripe does.

use std::sync::Arc;

use crate::caller::{CARD_NUMBER, delete, kind_of, make, multi_use_order, order, rules_for};
use crate::connectors::{Account, FaultKind, Kind, TokenOrder};
use crate::server::{Received, Server, answer, ok};

const KEY: &str = "sk_test_4eC39HqLyjWDarjtT1zdp7dc";

fn account(server: &Server) -> Arc<Account> {
    let settings = format!(r#"{{"api_base": "http://{}"}}"#, server.address);
    Arc::new(Account::parse(Kind::Stripe, &settings, KEY).unwrap())
}

/// Answers each path in its own way.
fn stripe() -> Server {
    Server::by(|request, stream| stream.write_all(&answer_of_stripe(request)).is_ok())
}

fn answer_of_stripe(request: &Received) -> Vec<u8> {
    match request.path.as_str() {
        "/v1/payment_methods" => {
            ok(r#"{"id": "pm_1", "object": "payment_method", "customer": null}"#)
        }
        "/v1/customers" => ok(r#"{"id": "cus_stripe", "object": "customer"}"#),
        "/v1/payment_methods/pm_1/attach" => ok(r#"{"id": "pm_1", "customer": "cus_stripe"}"#),
        "/v1/payment_methods/pm_1/detach" => ok(r#"{"id": "pm_1", "customer": null}"#),
        "/v1/payment_methods/pm_loose/detach" => answer("400 Bad Request", "", "{}"),
        "/v1/payment_methods/pm_wrong_key/detach" => answer("401 Unauthorized", "", "{}"),
        _ => answer("404 Not Found", "", "{}"),
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}

fn keys(server: &Server) -> Vec<String> {
    let requests = server.received().into_iter();
    requests
        .map(|request| request.header("idempotency-key").unwrap().to_owned())
        .collect()
}

#[test]
fn a_token_for_one_use_is_a_payment_method_of_nobody() {
    let server = stripe();
    let made = make(&account(&server), order(), rules_for(&server)).unwrap();
    assert_eq!(*made.token, "pm_1");
    assert_eq!(made.connector_customer_id, None);

    let request = server.the_request();
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/v1/payment_methods")
    );
    let bearer = format!("Bearer {KEY}");
    assert_eq!(request.header("authorization"), Some(bearer.as_str()));
    assert_eq!(request.header("stripe-version"), Some("2026-04-22.dahlia"));
    assert_eq!(request.header("idempotency-key"), Some("job_1:pm"));
    let expected = pairs(&[
        ("type", "card"),
        ("card[number]", CARD_NUMBER),
        ("card[exp_month]", "03"),
        ("card[exp_year]", "2031"),
        ("billing_details[name]", "Joseph Doe"),
    ]);
    assert_eq!(request.form(), expected);
}

#[test]
fn a_name_is_escaped_and_left_out_where_there_is_none() {
    for name in [Some("Zoë & Sons=1%+\"\n\u{1f600}"), Some(""), None] {
        let server = stripe();
        let mut order = order();
        order.card.holder_name = name.map(str::to_owned);
        make(&account(&server), order, rules_for(&server)).unwrap();
        let form = server.the_request().form();
        let sent = form
            .iter()
            .find(|(field, _)| field == "billing_details[name]");
        assert_eq!(sent.map(|(_, value)| value.as_str()), name);
        assert_eq!(form.len(), 4 + usize::from(name.is_some()));
    }
}

#[test]
fn a_token_for_many_uses_is_attached_to_a_customer_that_is_made_for_it() {
    let server = stripe();
    let made = make(&account(&server), multi_use_order(), rules_for(&server)).unwrap();
    assert_eq!(*made.token, "pm_1");
    assert_eq!(made.connector_customer_id.as_deref(), Some("cus_stripe"));

    let [_, customer, attach] = server.received().try_into().unwrap();
    assert_eq!(customer.path, "/v1/customers");
    let expected = pairs(&[("metadata[vault_customer_id]", "cus_1")]);
    assert_eq!(customer.form(), expected);
    assert_eq!(attach.path, "/v1/payment_methods/pm_1/attach");
    assert_eq!(attach.form(), pairs(&[("customer", "cus_stripe")]));
    assert_eq!(
        keys(&server),
        ["job_1:pm", "vault-customer:cus_1", "job_1:attach"]
    );
}

#[test]
fn a_token_for_many_uses_is_attached_to_a_customer_that_is_known() {
    let server = stripe();
    let order = TokenOrder {
        connector_customer_id: Some("cus_known".to_owned()),
        ..multi_use_order()
    };
    let made = make(&account(&server), order, rules_for(&server)).unwrap();
    assert_eq!(made.connector_customer_id.as_deref(), Some("cus_known"));
    let [_, attach] = server.received().try_into().unwrap();
    assert_eq!(attach.form(), pairs(&[("customer", "cus_known")]));
}

#[test]
fn a_second_try_has_the_same_keys_and_contents() {
    let server = stripe();
    let account = account(&server);
    for _ in 0..2 {
        make(&account, multi_use_order(), rules_for(&server)).unwrap();
    }
    let requests = server.received();
    let (first, second) = requests.split_at(3);
    for (one, other) in first.iter().zip(second) {
        assert_eq!(one.path, other.path);
        assert_eq!(
            one.header("idempotency-key"),
            other.header("idempotency-key")
        );
        assert_eq!(one.form(), other.form());
    }
}

#[test]
fn another_order_of_the_same_customer_has_other_keys_but_for_the_customer() {
    let server = stripe();
    let account = account(&server);
    let second = TokenOrder {
        reference: "job_3".to_owned(),
        ..multi_use_order()
    };
    make(&account, multi_use_order(), rules_for(&server)).unwrap();
    make(&account, second, rules_for(&server)).unwrap();
    let all = keys(&server);
    assert_eq!(
        all[3..],
        ["job_3:pm", "vault-customer:cus_1", "job_3:attach"]
    );
}

#[test]
fn a_refusal_at_any_step_is_the_fault_of_the_whole() {
    for failing in [
        "/v1/payment_methods",
        "/v1/customers",
        "/v1/payment_methods/pm_1/attach",
    ] {
        for (status, kind) in [
            ("402 Payment Required", FaultKind::Refused),
            ("401 Unauthorized", FaultKind::CredentialsRefused),
            ("429 Too Many Requests", FaultKind::TooManyRequests),
            ("500 Internal Server Error", FaultKind::ServerError),
        ] {
            let server = Server::by(move |request, stream| {
                let bytes = if request.path == failing {
                    let message = format!(r#"{{"error": {{"message": "{CARD_NUMBER}"}}}}"#);
                    answer(status, "", &message)
                } else {
                    answer_of_stripe(request)
                };
                stream.write_all(&bytes).is_ok()
            });
            let made = make(&account(&server), multi_use_order(), rules_for(&server));
            assert_eq!(kind_of(made), kind, "{failing} {status}");
            assert_eq!(server.received().last().unwrap().path, failing);
        }
    }
}

#[test]
fn an_id_that_is_none_is_unexpected_at_any_step() {
    for failing in [
        "/v1/payment_methods",
        "/v1/customers",
        "/v1/payment_methods/pm_1/attach",
    ] {
        for id in ["", "..", "pm 1", CARD_NUMBER, "pm_4000056655665556"] {
            let server = Server::by(move |request, stream| {
                let bytes = if request.path == failing {
                    ok(&format!(r#"{{"id": "{id}"}}"#))
                } else {
                    answer_of_stripe(request)
                };
                stream.write_all(&bytes).is_ok()
            });
            let made = make(&account(&server), multi_use_order(), rules_for(&server));
            assert_eq!(kind_of(made), FaultKind::UnexpectedAnswer, "{failing} {id}");
        }
    }
}

#[test]
fn another_payment_method_than_the_one_that_was_to_be_attached_is_unexpected() {
    let server = Server::by(|request, stream| {
        let bytes = match request.path.as_str() {
            "/v1/payment_methods/pm_1/attach" => ok(r#"{"id": "pm_2"}"#),
            _ => answer_of_stripe(request),
        };
        stream.write_all(&bytes).is_ok()
    });
    let made = make(&account(&server), multi_use_order(), rules_for(&server));
    assert_eq!(kind_of(made), FaultKind::UnexpectedAnswer);
}

#[test]
fn a_token_is_deleted_by_detaching_it() {
    let server = stripe();
    delete(&account(&server), "pm_1", rules_for(&server)).unwrap();
    let request = server.the_request();
    assert_eq!(request.method, "POST");
    assert_eq!(request.path, "/v1/payment_methods/pm_1/detach");
    assert_eq!(request.header("idempotency-key"), Some("job_2:detach"));
    assert!(request.body.is_empty());
}

#[test]
fn a_token_that_is_detached_or_gone_is_deleted() {
    for token in ["pm_loose", "pm_gone"] {
        let server = stripe();
        delete(&account(&server), token, rules_for(&server)).unwrap();
        assert_eq!(server.received().len(), 1);
    }
    let server = stripe();
    let deleted = delete(&account(&server), "pm_wrong_key", rules_for(&server));
    assert_eq!(kind_of(deleted), FaultKind::CredentialsRefused);
}

#[test]
fn a_token_cannot_lead_to_another_path() {
    let server = stripe();
    delete(&account(&server), "../customers?x#", rules_for(&server)).unwrap();
    let path = server.the_request().path;
    assert_eq!(path, "/v1/payment_methods/..%2Fcustomers%3Fx%23/detach");
    let deleted = delete(&account(&server), "..", rules_for(&server));
    assert_eq!(kind_of(deleted), FaultKind::Misconfigured);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn settings_can_be_left_out_and_a_base_can_have_a_path() {
    let account = Account::parse(Kind::Stripe, "{}", KEY).unwrap();
    assert_eq!(account.urls()[0].as_str(), "https://api.stripe.com/");

    for end in ["", "/"] {
        let server = Server::answering(ok(r#"{"id": "pm_1"}"#));
        let settings = format!(r#"{{"api_base": "http://{}/stripe{end}"}}"#, server.address);
        let account = Arc::new(Account::parse(Kind::Stripe, &settings, KEY).unwrap());
        make(&account, order(), rules_for(&server)).unwrap();
        assert_eq!(server.the_request().path, "/stripe/v1/payment_methods");
    }
}

#[test]
fn settings_and_keys_that_cannot_be_used_are_refused_without_being_shown() {
    for (settings, key, complaint) in [
        ("[]", KEY, "settings must be a JSON object"),
        ("nonsense", KEY, "settings must be a JSON object"),
        (
            r#"{"base": "https://x.example"}"#,
            KEY,
            "base is not a known setting",
        ),
        (r#"{"api_base": 1}"#, KEY, "api_base must be a string"),
        (
            r#"{"api_base": "api.stripe.com"}"#,
            KEY,
            "api_base must be a URL",
        ),
        (
            r#"{"api_base": "http://api.stripe.com"}"#,
            KEY,
            "api_base must begin with https:",
        ),
        (
            r#"{"api_base": "ftp://api.stripe.com"}"#,
            KEY,
            "api_base must begin with https:",
        ),
        (
            r#"{"api_base": "https://u:p@api.stripe.com"}"#,
            KEY,
            "api_base must have no user name",
        ),
        (
            r#"{"api_base": "https://api.stripe.com/?a=b"}"#,
            KEY,
            "api_base must have no query",
        ),
        (
            r#"{"api_base": "https://api.stripe.com/#a"}"#,
            KEY,
            "api_base must have no fragment",
        ),
        ("{}", "", "credentials must be"),
        ("{}", "pk_test_SECRET", "credentials must be"),
        ("{}", "sk_test_SECRET\r\nX-Evil: 1", "credentials must be"),
        ("{}", "sk_test SECRET", "credentials must be"),
        ("{}", "sk_test_SECRÉT", "credentials must be"),
        ("{}", "\"sk_test_SECRET\"", "credentials must be"),
    ] {
        let error = Account::parse(Kind::Stripe, settings, key)
            .map(drop)
            .unwrap_err();
        assert!(error.to_string().starts_with(complaint), "{error}");
        assert!(!format!("{error:?}").contains("SECR"), "{error}");
    }
}
