//! Bodies that are not the JSON which is asked for.

use serde_json::{Value, json};
use vault_tests::tenant::customer;
use vault_tests::{Answer, Card, Tenant};

use super::{NO_JSON, SECRET, repeats_nothing, send_body};
use crate::support::holdings;

#[track_caller]
fn is_no_json(answer: &Answer) {
    repeats_nothing(answer);
    answer.refuses_like(400, "IR_06", NO_JSON);
}

/// The bodies of a create, each with what is wrong with it.
fn broken_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let person =
        |more: &str| format!(r#"{{"name":"{SECRET}","email":"a@example.com"{more}}}"#).into_bytes();
    vec![
        ("empty", vec![]),
        ("blank", b"  \n ".to_vec()),
        (
            "truncated",
            format!(r#"{{"name":"{SECRET}","ema"#).into_bytes(),
        ),
        (
            "truncated in a string",
            format!(r#"{{"name":"{SECRET}"#).into_bytes(),
        ),
        ("a string", format!(r#""{SECRET}""#).into_bytes()),
        ("a number", b"42".to_vec()),
        ("null", b"null".to_vec()),
        ("true", b"true".to_vec()),
        ("an array", format!(r#"["{SECRET}"]"#).into_bytes()),
        (
            "an array of one object",
            [b"[".to_vec(), person(""), b"]".to_vec()].concat(),
        ),
        ("two values", [person(""), person("")].concat()),
        (
            "trailing text",
            [person(""), SECRET.as_bytes().to_vec()].concat(),
        ),
        (
            "a duplicate member",
            person(&format!(r#","name":"{SECRET}2""#)),
        ),
        (
            "a duplicate member spelled with escapes",
            person(&format!(r#","n\u0061me":"{SECRET}2""#)),
        ),
        (
            "a duplicate member further in",
            person(r#","metadata":{"a":1,"a":2}"#),
        ),
        ("an unknown member", person(&format!(r#","{SECRET}":1"#))),
        ("a comment", person("/* */")),
        ("a trailing comma", person(",")),
        (
            "single quotes",
            format!("{{'name':'{SECRET}'}}").into_bytes(),
        ),
        ("NaN", person(r#","metadata":{"a":NaN}"#)),
        ("a NUL escape in a value", person(r#","phone":"1\u00002""#)),
        (
            "a NUL escape in free data",
            person(r#","metadata":{"a":"\u0000"}"#),
        ),
        (
            "a NUL escape in a free member's name",
            person(r#","metadata":{"\u0000":"a"}"#),
        ),
        ("a NUL byte", person(",\"phone\":\"1\x002\"")),
        ("a raw control character", person(",\"phone\":\"1\x012\"")),
        ("a lone surrogate", person(r#","phone":"\ud800""#)),
        (
            "invalid UTF-8",
            [person(r#","phone":"#), b"\"\xff\"}".to_vec()].concat(),
        ),
        (
            "invalid UTF-8 in free data",
            [
                &person("")[..person("").len() - 1],
                b",\"metadata\":{\"a\":\"\xc3\x28\"}}",
            ]
            .concat(),
        ),
        (
            "overlong UTF-8",
            [
                &person("")[..person("").len() - 1],
                b",\"phone\":\"\xc0\x80\"}",
            ]
            .concat(),
        ),
        (
            "a byte order mark",
            [b"\xef\xbb\xbf".to_vec(), person("")].concat(),
        ),
        (
            "UTF-16",
            person("").iter().flat_map(|byte| [*byte, 0]).collect(),
        ),
        ("an unbounded number", person(r#","metadata":{"a":1e999}"#)),
    ]
}

#[test]
fn bodies_that_are_not_the_json_asked_for_are_refused_with_their_place_only() {
    let tenant = Tenant::new();
    tenant.customer();
    let before = holdings(&tenant.stack, &tenant.profile);
    for (what, body) in broken_bodies() {
        let answer = send_body(&tenant, "/v2/customers", body);
        assert_eq!(answer.status, 400, "{what}: {}", answer.text);
        is_no_json(&answer);
    }
    assert_eq!(holdings(&tenant.stack, &tenant.profile), before);
}

/// A body whose nesting is `depth` objects and arrays deep.
fn nested(depth: usize, open: &str, close: &str) -> String {
    let inner = depth - 2;
    format!(
        r#"{{"name":"Ada","email":"a@example.com","metadata":{{"a":{}1{}}}}}"#,
        open.repeat(inner),
        close.repeat(inner)
    )
}

#[test]
fn nesting_is_limited_to_32_levels() {
    let tenant = Tenant::new();
    for (open, close) in [(r#"{"a":"#, "}"), ("[", "]")] {
        assert_eq!(
            send_body(&tenant, "/v2/customers", nested(32, open, close)).status,
            200,
            "{open}"
        );
        is_no_json(&send_body(
            &tenant,
            "/v2/customers",
            nested(33, open, close),
        ));
        is_no_json(&send_body(
            &tenant,
            "/v2/customers",
            nested(4000, open, close),
        ));
    }
}

#[test]
fn a_body_may_have_32768_bytes_and_no_more() {
    let tenant = Tenant::new();
    let padded = |length: usize| {
        let body = customer().to_string();
        body.clone() + &" ".repeat(length - body.len())
    };
    assert_eq!(
        send_body(&tenant, "/v2/customers", padded(32_768)).status,
        200
    );
    for length in [32_769, 100_000, 3_000_000] {
        let answer = send_body(&tenant, "/v2/customers", padded(length));
        answer.refuses(413, "IR_06", "Request body is larger than 32768 bytes");
    }
}

#[test]
fn wrong_types_are_refused_everywhere() {
    let tenant = Tenant::new();
    let id = tenant.customer();
    let person = |member: &str, value: Value| ("/v2/customers", member.to_owned(), value);
    let method = |pointer: &str, value: Value| ("/v2/payment-methods", pointer.to_owned(), value);
    let cases = [
        person("/name", json!(12)),
        person("/email", json!({"a": SECRET})),
        person("/phone", json!(999)),
        person("/merchant_reference_id", json!(7)),
        person("/metadata", json!(SECRET)),
        person("/metadata", json!([SECRET])),
        person("/default_billing_address", json!(SECRET)),
        person("/default_billing_address", json!({"zip": 94122})),
        person("/default_billing_address", json!({"country": SECRET})),
        method("/payment_method_type", json!(SECRET)),
        method("/payment_method_type", json!(1)),
        method("/payment_method_subtype", json!(1)),
        method("/customer_id", json!(1)),
        method("/payment_method_data", json!([SECRET])),
        method(
            "/payment_method_data/card/card_number",
            json!(4111111111111111u64),
        ),
        method("/payment_method_data/card/card_exp_month", json!(10)),
        method("/payment_method_data/card/card_exp_year", json!(2040)),
        method("/payment_method_data/card/card_cvc", json!(737)),
        method("/payment_method_data/card/card_network", json!(SECRET)),
        method("/payment_method_data/card/card_type", json!(SECRET)),
        method(
            "/payment_method_data/card/card_issuing_country",
            json!(SECRET),
        ),
        method("/billing", json!(SECRET)),
        method("/billing", json!({"phone": {"number": 5}})),
        method("/metadata", json!([1])),
        method("/storage_type", json!(SECRET)),
        method("/network_tokenization", json!({"enable": true})),
        method("/network_tokenization", json!({"enable": SECRET})),
    ];
    for (path, pointer, value) in cases {
        let mut body = if path == "/v2/customers" {
            customer()
        } else {
            Card::new().create_for(&id)
        };
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[member] = value.clone();
        let answer = tenant.post(path, &body);
        repeats_nothing(&answer);
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{pointer}: {value}: {}",
            answer.text
        );
        let operation = if path == "/v2/customers" {
            "create_customer($1)"
        } else {
            "create_payment_method($1)"
        };
        let by_sql = tenant.sql().call(operation, &[&body]).unwrap_err();
        assert!(
            ["22032", "22023"].contains(&by_sql.sqlstate.as_str()),
            "{pointer}: {by_sql:?}"
        );
        assert!(!format!("{by_sql:?}").contains(SECRET), "{by_sql:?}");
    }
}

#[test]
fn bad_bodies_of_updates_and_tokens_are_refused_too() {
    let tenant = Tenant::new();
    let id = tenant.customer();
    let method = tenant.store(&Card::new(), &id);
    let calls = [
        ("PUT", format!("/v2/customers/{id}")),
        (
            "PUT",
            format!("/v2/payment-methods/{method}/update-saved-payment-method"),
        ),
        ("POST", format!("/v2/payment-methods/{method}/get-token")),
    ];
    let unknown = format!(r#"{{"{SECRET}":1}}"#);
    let before = holdings(&tenant.stack, &tenant.profile);
    for (verb, path) in &calls {
        for body in ["{", "[]", "null", &unknown, r#"{"name":"\u0000"}"#] {
            is_no_json(&tenant.send(&tenant.request(verb, path).body(body)));
        }
    }
    for (verb, path) in &calls[..2] {
        is_no_json(&tenant.send(&tenant.request(verb, path)));
    }
    assert_eq!(holdings(&tenant.stack, &tenant.profile), before);
}

#[test]
fn incomplete_connector_tokens_are_refused() {
    let tenant = Tenant::new();
    let method = tenant.store(&Card::new(), &tenant.customer());
    let path = format!("/v2/payment-methods/{method}/update-saved-payment-method");
    for details in [
        json!({}),
        json!({"connector_token_request_reference_id": SECRET}),
        json!({"token": 5}),
        json!([SECRET]),
    ] {
        let answer = tenant.put(&path, &json!({"connector_token_details": details}));
        repeats_nothing(&answer);
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{details}: {}",
            answer.text
        );
    }
}
