//! Misbehaviour that they are told.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use vault_tests::Request;
use vault_tests::sandbox::Program;

use super::{card_json, json_order, new_card, provider};

// Misbehaviour.

/// All that comes back from a connection.
fn raw(sandbox: &Program, request: &Request) -> String {
    let mut stream = TcpStream::connect(sandbox.address).unwrap();
    stream.write_all(&request.bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn answers_are_spoiled_as_told() {
    let provider = provider();
    let card = new_card();
    let order = json_order(&provider, "key", &card_json(&card).to_string());
    let spoiled = |behaviour: Value| {
        provider.behave(&behaviour);
        provider.send(&order)
    };
    let redirect = spoiled(json!({"redirect": "http://127.0.0.1:1/elsewhere"}));
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (307, Some("http://127.0.0.1:1/elsewhere"))
    );
    let busy = spoiled(json!({"status": 429, "retry_after": 7, "delay_ms": 1}));
    assert_eq!((busy.status, busy.header("retry-after")), (429, Some("7")));
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    assert_eq!(
        spoiled(json!({"status": 503, "retry_after": date})).header("retry-after"),
        Some(date)
    );
    let echo = spoiled(json!({"echo_card_in_error": true}));
    assert_eq!((echo.status, echo.text.contains(&card.number)), (402, true));
    assert_eq!(provider.state()["tokens_made"], 0);

    assert!(serde_json::from_str::<Value>(&spoiled(json!({"nonsense": true})).text).is_err());
    assert!(spoiled(json!({"body_bytes": 10_000_000})).text.len() >= 10_000_000);
    assert_eq!(
        spoiled(json!({"without_token": true})).json()["token"],
        Value::Null
    );
    assert_eq!(
        spoiled(json!({"card_as_token": true})).json()["token"],
        card.number
    );
    assert_eq!(spoiled(Value::Null).json()["last4"], card.last_four());
    assert_eq!(provider.state()["tokens_made"], 1);
    assert_eq!(provider.violations(), Vec::<String>::new());
}

#[test]
fn connections_are_closed_before_an_answer_or_in_its_middle() {
    let provider = provider();
    let order = json_order(&provider, "key", &card_json(&new_card()).to_string());
    provider.behave(&json!({"hang_up": "before"}));
    assert_eq!(raw(&provider, &order), "");
    provider.behave(&json!({"hang_up": "middle"}));
    let half = raw(&provider, &order);
    let (head, body) = half.split_once("\r\n\r\n").unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.unwrap().parse().unwrap();
    assert!(!body.is_empty() && body.len() < length, "{half}");
}

#[test]
fn one_that_hangs_holds_up_nobody_else() {
    let provider = provider();
    let order = |key| json_order(&provider, key, &card_json(&new_card()).to_string());
    provider.behave(&json!({"hang": true, "times": 1}));
    let mut hanging = TcpStream::connect(provider.address).unwrap();
    hanging.write_all(&order("a").bytes()).unwrap();
    // The one request that hangs has arrived when it is counted.
    while provider.state()["requests"] == 0 {
        std::thread::yield_now();
    }
    assert_eq!(provider.send(&order("b")).status, 201);
}

#[test]
fn misbehaviour_is_for_so_many_calls_and_for_some_paths() {
    let provider = provider();
    let order = |key| json_order(&provider, key, &card_json(&new_card()).to_string());
    provider.behave(&json!({"status": 500, "times": 2}));
    let statuses = ["a", "b", "c"].map(|key| provider.send(&order(key)).status);
    assert_eq!(statuses, [500, 500, 201]);
    provider.behave(&json!({"status": 500, "only_path": "/v1/"}));
    assert_eq!(provider.send(&order("d")).status, 201);
    provider.behave(&json!({"status": 500, "probability": 0.0}));
    assert_eq!(provider.send(&order("e")).status, 201);
    provider.behave(&json!({"status": 500, "carried_out": true}));
    assert_eq!(provider.send(&order("f")).status, 500);
    assert_eq!(provider.state()["tokens_made"], 4);
}

#[test]
fn a_misbehaviour_that_is_not_known_is_refused() {
    let provider = provider();
    let request = Request::new("POST", "/_sandbox/behaviour").json(&json!({"dealy_ms": 1}));
    assert_eq!(provider.send(&request).status, 400);
    assert_eq!(
        provider
            .send(&Request::new("GET", "/_sandbox/behaviour"))
            .status,
        404
    );
}
