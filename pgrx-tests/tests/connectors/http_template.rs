//! Calls that settings describe.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::caller::{
    CARD_NUMBER, account_at, delete, kind_of, make, multi_use_order, order, rules_for, template,
};
use crate::connectors::{Account, FaultKind, Kind, TokenOrder};
use crate::server::{Received, Server, answer, ok};

fn account(settings: &Value, credentials: &Value) -> Arc<Account> {
    let parsed = Account::parse(
        Kind::HttpTemplate,
        &settings.to_string(),
        &credentials.to_string(),
    );
    Arc::new(parsed.unwrap())
}

/// Makes a token with this body, and gives what the server has received.
fn sent(body: &Value, order: TokenOrder) -> Received {
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    let settings = json!({
        "request": {"method": "POST", "url": server.url(), "body": body},
        "token": "/token",
    });
    make(&template(&settings.to_string()), order, rules_for(&server)).unwrap();
    server.the_request()
}

#[test]
fn every_place_is_filled() {
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    let settings = json!({
        "request": {
            "method": "PUT",
            "url": format!("{}?version=2", server.url()),
            "headers": {
                "X-Api-Key": "Key {{credentials.api_key}}",
                "Idempotency-Key": "{{reference}}",
                "X-Customer": "{{ customer_id }}/{{token_use}}",
                "Content-Type": "application/json",
            },
            "body": {"json": {
                "card": {
                    "number": "{{card_number}}",
                    "month": "{{card_exp_month}}",
                    "year": "{{card_exp_year}}",
                    "expiry": "{{card_exp_month}}/{{card_exp_year_two_digits}}",
                    "name": "{{card_holder_name}}",
                    "month_number": "{{card_exp_month_number}}",
                    "year_number": "{{card_exp_year_number}}",
                },
                "list": ["{{customer_id}}", "{{connector_customer_id}}", 1, true, null, "as it is"],
                "reference": "{{reference}}",
                "use": "{{token_use}}",
                "merchant": "{{credentials.merchant}}",
            }},
        },
        "token": "/token",
        "token_use": {"multi": "CardOnFile"},
    });
    let credentials = json!({"api_key": "SECRET", "merchant": "shop"});
    let order = TokenOrder {
        connector_customer_id: Some("theirs_1".to_owned()),
        ..multi_use_order()
    };
    make(&account(&settings, &credentials), order, rules_for(&server)).unwrap();

    let request = server.the_request();
    assert_eq!(request.method, "PUT");
    assert_eq!(request.path, "/tokens?version=2");
    assert_eq!(request.header("x-api-key"), Some("Key SECRET"));
    assert_eq!(request.header("idempotency-key"), Some("job_1"));
    assert_eq!(request.header("x-customer"), Some("cus_1/CardOnFile"));
    let expected = json!({
        "card": {
            "number": CARD_NUMBER,
            "month": "03",
            "year": "2031",
            "expiry": "03/31",
            "name": "Joseph Doe",
            "month_number": 3,
            "year_number": 2031,
        },
        "list": ["cus_1", "theirs_1", 1, true, null, "as it is"],
        "reference": "job_1",
        "use": "CardOnFile",
        "merchant": "shop",
    });
    assert_eq!(request.json(), expected);
}

/// Names that would mean something in JSON, in a form or in a template, if they were put into its text.
const NAMES: [&str; 8] = [
    "O\"Brien\\",
    "line\nend\r\n\ttab",
    "{{card_number}} {{credentials.api_key}} {{",
    "\", \"admin\": true, \"x\": \"",
    "a=b&number=1%41+c;d",
    "Zoë \u{1f600} \u{2028} \u{0}",
    "</script>",
    "",
];

#[test]
fn values_are_escaped_in_json_and_never_read_as_templates() {
    let body = json!({"json": {"number": "{{card_number}}", "name": "{{card_holder_name}}"}});
    for name in NAMES {
        let mut order = order();
        order.card.holder_name = Some(name.to_owned());
        let expected = json!({"number": CARD_NUMBER, "name": name});
        assert_eq!(sent(&body, order).json(), expected);
    }
}

#[test]
fn values_are_escaped_in_forms_and_never_read_as_templates() {
    let body = json!({"form": {"card[number]": "{{card_number}}", "n&me": "{{card_holder_name}}"}});
    for name in NAMES {
        let mut order = order();
        order.card.holder_name = Some(name.to_owned());
        let mut form = sent(&body, order).form();
        form.sort();
        let expected = [("card[number]", CARD_NUMBER), ("n&me", name)];
        assert_eq!(
            form,
            expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
    }
}

#[test]
fn a_member_without_a_value_is_left_out() {
    let mut nameless = order();
    nameless.card.holder_name = None;
    let body = json!({"json": {
        "number": "{{card_number}}",
        "name": "{{card_holder_name}}",
        "deeper": {"name": "{{card_holder_name}}"},
        "greeting": "To {{card_holder_name}}",
        "list": ["{{card_holder_name}}"],
    }});
    let expected = json!({"number": CARD_NUMBER, "deeper": {}, "greeting": "To ", "list": [""]});
    assert_eq!(sent(&body, nameless).json(), expected);

    let mut nameless = order();
    nameless.card.holder_name = None;
    let body = json!({"form": {"number": "{{card_number}}", "name": "{{card_holder_name}}"}});
    let expected = [("number".to_owned(), CARD_NUMBER.to_owned())];
    assert_eq!(sent(&body, nameless).form(), expected);
}

#[test]
fn the_uses_have_names_of_their_own_unless_the_settings_name_them() {
    let body = json!({"json": {"number": "{{card_number}}", "use": "{{token_use}}"}});
    assert_eq!(sent(&body, order()).json()["use"], "single");
    assert_eq!(sent(&body, multi_use_order()).json()["use"], "multi");
}

fn token_at(pointer: &str, json: &str) -> Option<String> {
    let server = Server::answering(ok(json));
    let settings = json!({
        "request": {"method": "POST", "url": server.url(), "body": {"json": "{{card_number}}"}},
        "token": pointer,
    });
    let made = make(
        &template(&settings.to_string()),
        order(),
        rules_for(&server),
    );
    made.ok().map(|made| made.token.to_string())
}

#[test]
fn a_pointer_leads_to_the_token() {
    for (pointer, json, token) in [
        ("", r#""tok_1""#, "tok_1"),
        (
            "/data/0/id",
            r#"{"x": [1], "data": [{"id": "tok_1"}, {"id": "tok_2"}]}"#,
            "tok_1",
        ),
        (
            "/data/1/id",
            r#"{"data": [{"id": "tok_1"}, {"id": "tok_2"}]}"#,
            "tok_2",
        ),
        (
            "/a~1b/~0c/~01",
            r#"{"a/b": {"~c": {"~1": "tok_1"}}}"#,
            "tok_1",
        ),
        ("//", r#"{"": {"": "tok_1"}}"#, "tok_1"),
        ("/0", r#"{"0": "tok_1"}"#, "tok_1"),
        ("/id", r#"{"id": 123456}"#, "123456"),
        ("/id", r#"{"id": -5}"#, "-5"),
        ("/id", "{\"i\\u0064\": \"tok\\u005f1\"}", "tok_1"),
    ] {
        assert_eq!(token_at(pointer, json).as_deref(), Some(token), "{pointer}");
    }
}

#[test]
fn a_pointer_leads_to_nothing_else() {
    for (pointer, json) in [
        ("/data/00", r#"{"data": ["tok_1"]}"#),
        ("/data/+0", r#"{"data": ["tok_1"]}"#),
        ("/data/-", r#"{"data": ["tok_1"]}"#),
        ("/data/1", r#"{"data": ["tok_1"]}"#),
        ("/id/x", r#"{"id": "tok_1"}"#),
        ("/id", r#"["tok_1"]"#),
        ("", r#"{"": "tok_1"}"#),
    ] {
        assert_eq!(token_at(pointer, json), None, "{pointer}");
    }
}

fn deletable(server: &Server, url: &str) -> Arc<Account> {
    let settings = json!({
        "request": {"method": "POST", "url": server.url(), "body": {"json": "{{card_number}}"}},
        "token": "/token",
        "connector_customer_id": "/customer",
        "delete": {
            "method": "DELETE",
            "url": url,
            "headers": {"X-Api-Key": "{{credentials.api_key}}", "Idempotency-Key": "{{reference}}"},
            "body": {"form": {"token": "{{token}}"}},
        },
    });
    account(&settings, &json!({"api_key": "SECRET"}))
}

#[test]
fn the_providers_id_of_the_customer_is_taken_where_the_settings_say_so() {
    let server = Server::answering(ok(r#"{"token": "tok_1", "customer": "theirs_1"}"#));
    let account = deletable(&server, &server.url());
    let made = make(&account, order(), rules_for(&server)).unwrap();
    assert_eq!(made.connector_customer_id.as_deref(), Some("theirs_1"));

    for json in [
        r#"{"token": "tok_1"}"#.to_owned(),
        format!(r#"{{"token": "tok_1", "customer": "{CARD_NUMBER}"}}"#),
    ] {
        let server = Server::answering(ok(&json));
        let account = deletable(&server, &server.url());
        let made = make(&account, order(), rules_for(&server));
        assert_eq!(kind_of(made), FaultKind::UnexpectedAnswer);
    }
}

#[test]
fn a_token_is_deleted_by_the_call_that_is_described() {
    let server = Server::answering(answer("204 No Content", "", ""));
    let url = format!("http://{}/a%20b/{{{{token}}}}/c?d=e", server.address);
    let account = deletable(&server, &url);
    delete(&account, "tok/1?x=%2e#", rules_for(&server)).unwrap();
    let request = server.the_request();
    assert_eq!(request.method, "DELETE");
    assert_eq!(request.path, "/a%20b/tok%2F1%3Fx%3D%252e%23/c?d=e");
    assert_eq!(request.header("x-api-key"), Some("SECRET"));
    assert_eq!(request.header("idempotency-key"), Some("job_2"));
    assert_eq!(
        request.form(),
        [("token".to_owned(), "tok/1?x=%2e#".to_owned())]
    );
}

#[test]
fn a_token_that_is_gone_is_deleted() {
    for (status, deleted) in [
        ("404 Not Found", Ok(())),
        ("410 Gone", Ok(())),
        ("400 Bad Request", Err(FaultKind::Refused)),
        ("503 Service Unavailable", Err(FaultKind::ServerError)),
    ] {
        let server = Server::answering(answer(status, "", ""));
        let account = deletable(&server, &format!("http://{}/{{{{token}}}}", server.address));
        let result = delete(&account, "tok_1", rules_for(&server));
        assert_eq!(result.map_err(|fault| fault.kind), deleted, "{status}");
    }
}

#[test]
fn what_cannot_be_deleted_is_not_asked_for() {
    let server = Server::answering(ok("{}"));
    let url = format!("http://{}/{{{{token}}}}", server.address);
    for token in ["", ".", "..", "a b", "a\r\nb", "é"] {
        let result = delete(&deletable(&server, &url), token, rules_for(&server));
        assert_eq!(kind_of(result), FaultKind::Misconfigured, "{token}");
    }
    let cannot = account_at(&server.url());
    let result = delete(&cannot, "tok_1", rules_for(&server));
    assert_eq!(kind_of(result), FaultKind::Misconfigured);
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_value_that_a_header_cannot_hold_is_not_sent() {
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    let settings = json!({
        "request": {
            "method": "POST",
            "url": server.url(),
            "headers": {"Idempotency-Key": "{{reference}}"},
            "body": {"json": "{{card_number}}"},
        },
        "token": "/token",
    });
    let order = TokenOrder {
        reference: "job\r\nX-Evil: 1".to_owned(),
        ..order()
    };
    let made = make(&template(&settings.to_string()), order, rules_for(&server));
    assert_eq!(kind_of(made), FaultKind::Misconfigured);
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_urls_of_both_calls_are_told() {
    let server = Server::answering(ok("{}"));
    let account = deletable(&server, "https://psp.example/{{token}}");
    let hosts: Vec<_> = account
        .urls()
        .iter()
        .map(|url| url.host_str().unwrap().to_owned())
        .collect();
    assert_eq!(hosts, ["127.0.0.1", "psp.example"]);
}
