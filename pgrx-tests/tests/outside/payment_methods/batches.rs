//! Many payment methods by one request over HTTP.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use vault_tests::{Answer, Card, Tenant};

use crate::support::{UNAUTHENTICATED, found_within, unknown_id};

const PATH: &str = "/v2/payment-methods/batch";

fn send(tenant: &Tenant, items: &[Value]) -> Answer {
    tenant.post(PATH, &json!({"payment_methods": items}))
}

#[test]
fn each_of_a_batch_is_answered_as_it_would_be_alone() {
    let tenant = Tenant::new();
    let owner = tenant.customer();
    let known = Card::new();
    let known_id = tenant.store(&known, &owner);
    let mut wrong_digit = Card::new().create_for(&owner);
    wrong_digit["payment_method_data"]["card"]["card_number"] = json!("4111111111111112");
    let mut unknown_member = Card::new().create_for(&owner);
    unknown_member["pan"] = json!("");
    let mut other_type = Card::new().create_for(&owner);
    other_type["payment_method_type"] = json!("wallet");
    let items = [
        Card::new().create_for(&owner),
        wrong_digit,
        known.create_for(&owner),
        Card::new().create_for(&unknown_id("cus")),
        unknown_member,
        other_type,
        json!("no object"),
        Card::new().create_for(&owner),
    ];

    let answer = send(&tenant, &items).ok();

    let outcomes = answer["payment_methods"].as_array().expect("outcomes");
    let names: Vec<_> = outcomes
        .iter()
        .map(|item| item["outcome"].as_str())
        .collect();
    let expected = [
        "created",
        "refused",
        "refreshed",
        "refused",
        "refused",
        "refused",
        "refused",
        "created",
    ];
    assert_eq!(names, expected.map(Some));
    assert_eq!(outcomes[2]["payment_method"]["id"], json!(known_id));
    for (item, outcome) in items.iter().zip(outcomes) {
        if outcome["outcome"] == "refused" {
            let alone = tenant.post("/v2/payment-methods", item);
            assert_eq!(outcome["status"], json!(alone.status));
            assert_eq!(outcome["error"], alone.json()["error"]);
        } else {
            let method = &outcome["payment_method"];
            let id = method["id"].as_str().expect("an id");
            assert_eq!(
                tenant.get(&format!("/v2/payment-methods/{id}")).ok(),
                *method
            );
        }
    }
}

#[test]
fn a_batch_has_1_to_100_payment_methods_and_bad_ones_do_not_stop_a_good_one() {
    let tenant = Tenant::new();
    let owner = tenant.customer();
    let mut items = vec![json!({}); 100];
    items[99] = Card::new().create_for(&owner);
    let answer = send(&tenant, &items).ok();
    assert_eq!(answer["payment_methods"][98]["outcome"], "refused");
    assert_eq!(answer["payment_methods"][99]["outcome"], "created");
    items.push(json!({}));
    for items in [items.as_slice(), &[]] {
        send(&tenant, items).refuses(
            400,
            "IR_06",
            "`payment_methods` must be an array of 1 to 100 payment methods",
        );
    }
}

#[test]
fn the_key_is_asked_before_the_payment_methods() {
    let tenant = Tenant::new();
    let body = json!({"payment_methods": []});
    let request = tenant.request("POST", PATH).without("api-key").json(&body);
    tenant
        .stack
        .client()
        .send(&request)
        .refuses(401, "IR_01", UNAUTHENTICATED);
}

#[test]
fn a_batch_may_have_a_mebibyte_and_no_more_and_each_of_it_32768_bytes() {
    let tenant = Tenant::new();
    let owner = tenant.customer();
    let padded = |length: usize| {
        let body = json!({"payment_methods": [Card::new().create_for(&owner)]}).to_string();
        let padding = " ".repeat(length - body.len());
        tenant.send(&tenant.request("POST", PATH).body(body + &padding))
    };
    let answer = padded(1_048_576).ok();
    assert_eq!(answer["payment_methods"][0]["outcome"], "created");
    padded(1_048_577).refuses(413, "IR_06", "Request body is larger than 1048576 bytes");

    let mut long = Card::new().create_for(&owner);
    long["metadata"] = json!({"note": "x".repeat(32_768)});
    let answer = send(&tenant, &[long]).ok();
    let refused = &answer["payment_methods"][0];
    assert_eq!(refused["status"], json!(413));
    assert_eq!(
        refused["error"]["message"],
        json!("Request body is larger than 32768 bytes")
    );
}

/// The head of a batch that tells its length in this way.
fn head(tenant: &Tenant, length: &str) -> String {
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: vault\r\napi-key: {}\r\nx-profile-id: {}\r\nConnection: close\r\n{length}\r\n\r\n",
        tenant.key, tenant.profile
    )
}

#[test]
fn a_batch_whose_length_is_unknown_is_refused() {
    let tenant = Tenant::new();
    let chunked = head(&tenant, "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n";
    tenant.stack.client().exchange(chunked.as_bytes()).refuses(
        411,
        "IR_06",
        "This call needs a Content-Length",
    );
}

#[test]
fn a_long_batch_lies_in_no_file() {
    let tenant = Tenant::new();
    let body = json!({"payment_methods": [{"metadata": "x".repeat(900_000)}]}).to_string();
    let (most, rest) = body.split_at(800_000);
    let mut connection = tenant.stack.client().connect();
    connection
        .write_all(head(&tenant, &format!("Content-Length: {}", body.len())).as_bytes())
        .unwrap();
    connection.write_all(most.as_bytes()).unwrap();
    // nginx would have a file from when its memory is full until the request ends.
    let found = found_within(Duration::from_millis(500), || {
        Some(body_files(&tenant)).filter(|files| !files.is_empty())
    });
    assert_eq!(found, None);
    connection.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:.200}");
}

/// The files that processes hold open in nginx's directory for bodies. They have lost their names already.
fn body_files(tenant: &Tenant) -> Vec<PathBuf> {
    let run = fs::canonicalize(tenant.stack.state.join("run")).expect("a directory");
    let bodies = run.join("nginx/body");
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let files = processes
        .filter_map(|process| fs::read_dir(process.path().join("fd")).ok())
        .flatten()
        .flatten();
    let targets = files.filter_map(|file| fs::read_link(file.path()).ok());
    targets
        .filter(|target| target.starts_with(&bodies))
        .collect()
}
