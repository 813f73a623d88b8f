//! Descriptions of calls that cannot be used are refused when they are given, by the name of the member.

use serde_json::{Value, json};

use crate::connectors::{Account, Kind};

fn good() -> Value {
    json!({
        "request": {
            "method": "POST",
            "url": "https://psp.example/tokens",
            "headers": {"X-Api-Key": "{{credentials.api_key}}"},
            "body": {"json": {"number": "{{card_number}}"}},
        },
        "token": "/token",
        "delete": {"method": "DELETE", "url": "https://psp.example/tokens/{{token}}"},
    })
}

/// What is wrong with the good settings when the member that a pointer leads to is another.
fn complaint(pointer: &str, value: Value) -> String {
    let mut settings = good();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    settings.pointer_mut(parent).unwrap()[name] = value;
    let credentials = r#"{"api_key": "SECRET", "of_two_lines": "SEC\nRET"}"#;
    let parsed = Account::parse(Kind::HttpTemplate, &settings.to_string(), credentials);
    let error = parsed.map(drop).unwrap_err().to_string();
    assert!(!error.contains("SEC"));
    error
}

#[test]
fn good_settings_are_taken() {
    let credentials = r#"{"api_key": "SECRET"}"#;
    Account::parse(Kind::HttpTemplate, &good().to_string(), credentials).unwrap();
}

#[test]
fn a_member_that_is_missing_wrong_or_unknown_is_named() {
    for (pointer, value, expected) in [
        ("/request", Value::Null, "request is missing"),
        ("/request", json!("x"), "request must be an object"),
        ("/request/method", Value::Null, "request.method is missing"),
        (
            "/request/method",
            json!("GET"),
            "request.method must be one of POST, PUT, PATCH",
        ),
        (
            "/request/method",
            json!("post"),
            "request.method must be one of POST, PUT, PATCH",
        ),
        ("/request/url", Value::Null, "request.url is missing"),
        ("/request/url", json!(5), "request.url must be a string"),
        (
            "/request/uri",
            json!("x"),
            "request.uri is not a known setting",
        ),
        (
            "/request/headers",
            json!([]),
            "request.headers must be an object",
        ),
        (
            "/request/headers/X-A",
            json!(1),
            "request.headers.X-A must be a string",
        ),
        (
            "/request/body",
            Value::Null,
            "request.body has no {{card_number}}",
        ),
        (
            "/request/body/json",
            Value::Null,
            "request.body must have either json or form",
        ),
        (
            "/request/body/form",
            json!({}),
            "request.body must have either json or form",
        ),
        (
            "/request/body/text",
            json!("x"),
            "request.body.text is not a known setting",
        ),
        ("/token", Value::Null, "token is missing"),
        (
            "/token",
            json!("token"),
            "token must be a JSON pointer such as /token/id",
        ),
        (
            "/token",
            json!("/a~2"),
            "token must be a JSON pointer such as /token/id",
        ),
        (
            "/token",
            json!("/a~"),
            "token must be a JSON pointer such as /token/id",
        ),
        (
            "/connector_customer_id",
            json!("x"),
            "connector_customer_id must be a JSON pointer such as /token/id",
        ),
        ("/token_use", json!("x"), "token_use must be an object"),
        (
            "/token_use",
            json!({"once": "x"}),
            "token_use.once is not a known setting",
        ),
        ("/tokens", json!("x"), "tokens is not a known setting"),
        (
            "/delete/method",
            json!("GET"),
            "delete.method must be one of DELETE, POST, PUT, PATCH",
        ),
    ] {
        assert_eq!(complaint(pointer, value), expected);
    }
}

#[test]
fn card_data_have_no_place_outside_the_body() {
    for name in [
        "card_number",
        "card_exp_month",
        "card_exp_month_number",
        "card_exp_year",
        "card_exp_year_number",
        "card_exp_year_two_digits",
        "card_holder_name",
    ] {
        let place = format!("{{{{{name}}}}}");
        assert_eq!(
            complaint("/request/headers/X-A", json!(place)),
            format!("request.headers.X-A has {place}, which only the body may have")
        );
        let url = format!("https://psp.example/{place}");
        assert!(complaint("/request/url", json!(url)).starts_with("request.url may have a place"));
        let url = format!("https://psp.example/?number={place}");
        assert!(complaint("/request/url", json!(url)).starts_with("request.url may have a place"));
        let error = complaint("/delete/headers", json!({"X-A": place}));
        assert_eq!(
            error,
            format!(
                "delete.headers.X-A has {place}, which only the call that makes a token may have"
            )
        );
    }
}

#[test]
fn a_place_that_there_is_not_is_named() {
    for (text, expected) in [
        ("{{cvc}}", "has no place {{cvc}}"),
        ("{{card_cvc}}", "has no place {{card_cvc}}"),
        ("{{}}", "has no place {{}}"),
        ("a {{CARD_NUMBER}}", "has no place {{CARD_NUMBER}}"),
        (
            "{{token}}",
            "has {{token}}, which only the delete call may have",
        ),
        (
            "{{credentials.other}}",
            "has {{credentials.other}}, which is not among the credentials",
        ),
        ("{{card_number", "has {{ without }} after it"),
    ] {
        let body = json!({"number": "{{card_number}}", "list": [{"x": text}]});
        let error = complaint("/request/body/json", body);
        assert_eq!(error, format!("request.body.json.list.0.x {expected}"));
        let form = json!({"form": {"number": "{{card_number}}", "x": text}});
        assert_eq!(
            complaint("/request/body", form),
            format!("request.body.form.x {expected}")
        );
    }
    let name = json!({"json": {"{{card_number}}": "{{card_number}}"}});
    let error = complaint("/request/body", name);
    assert_eq!(
        error,
        "request.body.json has a place in the name of a member"
    );
}

#[test]
fn a_url_can_be_called_and_has_no_place_but_the_token() {
    for (url, expected) in [
        ("psp.example", "must be a URL"),
        ("http://psp.example/", "must begin with https:"),
        ("http://10.0.0.1/", "must begin with https:"),
        ("file:///etc/passwd", "must begin with https:"),
        ("https://user@psp.example/", "must have no user name"),
        ("https://psp.example/#x", "must have no fragment"),
        (
            "https://{{token}}/",
            "has characters that must be percent-encoded",
        ),
        ("https://psp.example/?t={{token}}", "may have a place only"),
        ("https://psp.example/x{{token}}", "may have a place only"),
        (
            "https://psp.example/{{token}}/{{token}}",
            "may have a place only",
        ),
        ("https://psp.example/{{reference}}", "may have a place only"),
    ] {
        let error = complaint("/delete/url", json!(url));
        assert!(
            error.starts_with(&format!("delete.url {expected}")),
            "{error}"
        );
    }
    let error = complaint("/request/url", json!("https://psp.example/{{token}}"));
    assert_eq!(error, "request.url must have no places");
}

#[test]
fn a_header_that_is_the_clients_or_cannot_be_sent_is_named() {
    for (name, value, expected) in [
        ("Host", "evil.example", "is set by the HTTP client"),
        ("Content-Length", "5", "is set by the HTTP client"),
        ("Transfer-Encoding", "chunked", "is set by the HTTP client"),
        ("Connection", "close", "is set by the HTTP client"),
        ("X A", "x", "is not the name of a header"),
        (
            "X-A",
            "x\r\nX-B: y",
            "has characters that a header cannot hold",
        ),
        (
            "X-A",
            "{{credentials.of_two_lines}}",
            "has {{credentials.of_two_lines}}, which has characters that a header cannot hold",
        ),
    ] {
        let error = complaint(&format!("/request/headers/{name}"), json!(value));
        assert_eq!(error, format!("request.headers.{name} {expected}"));
    }
}

#[test]
fn credentials_that_are_not_texts_by_their_names_are_refused_without_being_shown() {
    for credentials in [
        "",
        "SECRET",
        "\"SECRET\"",
        "[\"SECRET\"]",
        r#"{"api_key": 5}"#,
        r#"{"api_key": {"SECRET": "SECRET"}}"#,
        r#"{"api_key": null}"#,
        r#"{"api_key": "SECRET""#,
    ] {
        let parsed = Account::parse(Kind::HttpTemplate, &good().to_string(), credentials);
        let error = parsed.map(drop).unwrap_err().to_string();
        assert_eq!(
            error,
            "credentials must be a JSON object whose members are strings"
        );
    }
}
