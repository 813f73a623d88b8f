//! Paths and queries.

use serde_json::json;
use vault_tests::{Card, Tenant};

use crate::support::{NO_CUSTOMER, NO_PAYMENT_METHOD};

#[test]
fn strange_ids_in_paths_are_found_nowhere() {
    let tenant = Tenant::new();
    let id = tenant.customer();
    let method = tenant.store(&Card::new(), &id);
    let strange = [
        "nonsense",
        "'",
        "''--",
        "%27",
        "%22",
        "%20",
        "%2e%2e",
        "%25",
        "%ff",
        "%c3%28",
        "*",
        "(select%201)",
        "$1",
        "null",
        "0",
        "{}",
        "\\",
        "%5c",
        "\"",
        &"a".repeat(2000),
    ];
    for text in strange {
        for (resource, message) in [
            ("customers", NO_CUSTOMER),
            ("payment-methods", NO_PAYMENT_METHOD),
        ] {
            let answer = tenant.get(&format!("/v2/{resource}/{text}"));
            assert_eq!(
                answer.refusal().1,
                message,
                "/v2/{resource}/{text}: {}",
                answer.text
            );
            answer.refuses(404, "HE_02", message);
        }
    }
    for near in [
        format!("{id}%00"),
        format!("{id}%20"),
        id.to_uppercase(),
        format!("{id}a"),
        id[..id.len() - 1].to_owned(),
        id.replace("cus", "pm"),
        method,
    ] {
        let answer = tenant.get(&format!("/v2/customers/{near}"));
        assert!(
            [400, 404].contains(&answer.status),
            "{near}: {} {}",
            answer.status,
            answer.text
        );
        assert_ne!(answer.json()["id"], json!(id));
    }
}

#[test]
fn slashes_in_ids_lead_to_no_other_call() {
    let tenant = Tenant::new();
    let id = tenant.customer();
    for path in [
        format!("/v2/customers/{id}/"),
        format!("/v2/customers/{id}/x"),
        format!("/v2/customers//{id}"),
        format!("/v2/customers/a/{id}"),
        format!("/v2/payment-methods/x%2f{id}%2fdetails"),
    ] {
        let answer = tenant.get(&path);
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        assert!(
            ["IR_02", "HE_02"].contains(&answer.refusal().0.as_str()),
            "{path}: {}",
            answer.text
        );
    }
}

#[test]
fn broken_percent_encoding_in_a_path_is_refused() {
    let tenant = Tenant::new();
    for path in [
        "/v2/customers/%u0041",
        "/v2/customers/%4",
        "/v2/payment-methods/%zz",
        "/v2/%",
    ] {
        tenant.get(path).refuses(400, "IR_06", "Invalid request");
    }
}

#[test]
fn a_nul_in_a_path_is_refused() {
    let tenant = Tenant::new();
    for path in [
        "/v2/customers/%00",
        "/v2/customers/a%00b",
        "/v2/payment-methods/%00/details",
        "/v2/%00",
    ] {
        let answer = tenant.get(path);
        assert!(
            [400, 404].contains(&answer.status),
            "{path}: {} {}",
            answer.status,
            answer.text
        );
    }
}

#[test]
fn strange_queries_are_refused_or_ignored() {
    let tenant = Tenant::new();
    for query in [
        "limit=%00",
        "limit=1%27",
        "limit=",
        "limit=1&limit=2",
        "limit=%ff",
        "offset=1e3",
        "limit=0x10",
        "customer_id=%00",
        "customer_id=",
    ] {
        let answer = tenant.get(&format!("/v2/customers/list?{query}"));
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{query}: {}",
            answer.text
        );
    }
    for query in ["", "&", "&&", "=", "unknown=1", "customer_id=%27"] {
        let answer = tenant.get(&format!("/v2/customers/list?{query}"));
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (200, "[]"),
            "{query}"
        );
    }
}

#[test]
fn invalid_bytes_in_paths_and_queries_are_refused() {
    let tenant = Tenant::new();
    for path in [
        b"/v2/customers/\xff".as_slice(),
        b"/v2/customers/reference/\xff",
        b"/v2/payment-methods/\xc3\x28/details",
    ] {
        assert_eq!(
            tenant.send(&tenant.request("GET", path)).status,
            404,
            "{path:?}"
        );
    }
    for query in [b"limit=\xff".as_slice(), b"customer_id=\xff", b"\xff=1"] {
        let target = [b"/v2/customers/list?", query].concat();
        tenant.send(&tenant.request("GET", target)).refuses(
            404,
            "IR_02",
            "Unrecognized request URL",
        );
    }
}
