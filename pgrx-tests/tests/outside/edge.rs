//! What nginx answers by itself, and what it makes of the answers behind it.

use std::time::Duration;

use vault_tests::http::Request;
use vault_tests::stack::PrivateStack;
use vault_tests::{Card, Tenant};

use crate::support::equal_within;

#[test]
fn unknown_paths_are_not_recognised() {
    let tenant = Tenant::new();
    let paths = [
        "/",
        "/v2",
        "/v2/",
        "/v3/customers",
        "/customers",
        "/rpc/create_customer",
        "/v2/rpc/create_customer",
        "/v2/customers/list/more",
        "/v2/payment-methods/a/b",
        "/v2/nonsense",
        "/index.html",
        "/.env",
        "/v2/Customers",
        "/api/v3/customers",
        "/v2//customers",
        "/v2/customers/a/b/c/d/e",
    ];
    for path in paths {
        let answer = tenant.get(path);
        assert_eq!(
            answer.refusal().1,
            "Unrecognized request URL",
            "{path}: {}",
            answer.text
        );
        answer.refuses(404, "IR_02", "Unrecognized request URL");
    }
}

#[test]
fn a_path_that_climbs_out_of_the_root_is_refused() {
    let tenant = Tenant::new();
    for path in [
        "/%2e%2e/v2/customers",
        "/../v2/customers",
        "/v2/../../v2/customers",
    ] {
        tenant.get(path).refuses(400, "IR_06", "Invalid request");
    }
}

#[test]
fn wrong_verbs_on_known_paths_are_refused_with_the_verbs_that_fit() {
    let tenant = Tenant::new();
    let cases = [
        (
            "/v2/customers",
            vec!["GET", "PUT", "PATCH", "DELETE", "OPTIONS"],
            vec!["POST"],
        ),
        (
            "/v2/customers/a",
            vec!["OPTIONS"],
            vec!["GET", "PUT", "PATCH", "POST", "DELETE"],
        ),
        ("/v2/customers/list", vec!["POST", "DELETE"], vec!["GET"]),
        (
            "/v2/customers/list_with_count",
            vec!["POST", "PUT"],
            vec!["GET"],
        ),
        (
            "/v2/customers/reference/a",
            vec!["POST", "DELETE"],
            vec!["GET"],
        ),
        (
            "/v2/customers/total-payment-methods",
            vec!["POST"],
            vec!["GET"],
        ),
        (
            "/v2/customers/a/saved-payment-methods",
            vec!["POST"],
            vec!["GET"],
        ),
        (
            "/v2/customers/a/payment-methods/b/default",
            vec!["GET", "PUT"],
            vec!["POST"],
        ),
        (
            "/v2/payment-methods",
            vec!["GET", "PUT", "DELETE"],
            vec!["POST"],
        ),
        (
            "/v2/payment-methods/a",
            vec!["PUT", "PATCH", "OPTIONS"],
            vec!["GET", "POST", "DELETE"],
        ),
        (
            "/v2/payment-methods/a/details",
            vec!["POST", "DELETE"],
            vec!["GET"],
        ),
        (
            "/v2/payment-methods/a/update-saved-payment-method",
            vec!["GET", "POST", "DELETE"],
            vec!["PUT", "PATCH"],
        ),
        (
            "/v2/payment-methods/a/check-network-token-status",
            vec!["POST"],
            vec!["GET"],
        ),
        (
            "/v2/payment-methods/a/get-token",
            vec!["PUT", "DELETE"],
            vec!["GET", "POST"],
        ),
    ];
    for (path, wrong, right) in cases {
        for verb in wrong {
            let answer = tenant.send(&tenant.request(verb, path));
            assert_eq!(answer.status, 405, "{verb} {path}: {}", answer.text);
            answer.refuses(
                405,
                "IR_03",
                "The HTTP method is not applicable for this API",
            );
            let allowed = answer
                .header("allow")
                .unwrap_or_else(|| panic!("{verb} {path}: no Allow"));
            for verb in &right {
                assert!(
                    allowed.contains(verb),
                    "{path} allows {allowed}, not {verb}"
                );
            }
        }
    }
}

#[test]
fn invented_verbs_are_refused() {
    let tenant = Tenant::new();
    for verb in ["TRACE", "PROPFIND", "LOCK", "FROB", "get"] {
        let answer = tenant.send(&tenant.request(verb, "/v2/customers"));
        assert!(
            [400, 405].contains(&answer.status),
            "{verb}: {} {}",
            answer.status,
            answer.text
        );
        assert!(
            ["IR_03", "IR_06"].contains(&answer.refusal().0.as_str()),
            "{verb}: {}",
            answer.text
        );
    }
}

#[test]
fn a_verb_cannot_be_overridden_by_a_header() {
    let tenant = Tenant::new();
    let id = tenant.customer();
    let request = tenant
        .request("GET", format!("/v2/customers/{id}"))
        .header("x-http-method-override", "DELETE")
        .header("x-method-override", "DELETE");
    assert_eq!(tenant.send(&request).id(), id);
    assert_eq!(tenant.get(&format!("/v2/customers/{id}")).id(), id);
}

#[test]
fn malformed_requests_get_our_error_body() {
    let tenant = Tenant::new();
    let broken: [&[u8]; 5] = [
        b"nonsense\r\n\r\n",
        b"GET /v2/customers/list HTTP/1.1\r\n\r\n",
        b"GET /v2/customers/list HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /v2/customers HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST /v2/customers HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    ];
    for bytes in broken {
        let answer = tenant.client.exchange(bytes);
        answer.refuses(400, "IR_06", "Invalid request");
        assert!(
            answer
                .header("content-type")
                .unwrap_or_default()
                .starts_with("application/json"),
            "{answer:?}"
        );
        assert!(answer.header("x-request-id").is_some(), "{answer:?}");
        assert!(
            !answer.header("server").unwrap_or_default().contains('/'),
            "{answer:?}"
        );
    }
}

#[test]
fn a_target_that_is_too_long_is_refused() {
    let tenant = Tenant::new();
    let answer = tenant.get(&format!("/v2/customers/{}", "a".repeat(40_000)));
    answer.refuses(414, "IR_06", "Invalid request");
}

#[test]
fn headers_that_are_too_large_are_refused() {
    let tenant = Tenant::new();
    let answer = tenant.send(
        &tenant
            .request("GET", "/v2/customers/list")
            .header("x-large", "a".repeat(70_000)),
    );
    assert!([400, 431].contains(&answer.status), "{}", answer.status);
    answer.refuses(answer.status, "IR_06", "Invalid request");
}

#[test]
fn a_body_that_comes_in_chunks_is_a_body() {
    let tenant = Tenant::new();
    let body = vault_tests::tenant::customer().to_string();
    let request = format!(
        "POST /v2/customers HTTP/1.1\r\nHost: a\r\nConnection: close\r\nx-profile-id: {}\r\napi-key: {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        tenant.profile,
        tenant.key,
        body.len()
    );
    tenant.client.exchange(request.as_bytes()).ok();
}

#[test]
fn what_is_kept_for_nobody_is_cached_by_nobody() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    let answer = tenant.get(&format!("/v2/payment-methods/{id}"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[test]
fn when_the_services_behind_it_are_gone_nginx_answers_in_our_form() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    tenant.customer();

    stack.kill_postgrest();

    let answer = tenant.get("/v2/customers/list");
    answer.refuses(502, "HE_00", "Something went wrong");
    let unknown = stack.client().send(&Request::new("GET", "/nothing"));
    unknown.refuses(404, "IR_02", "Unrecognized request URL");
}

#[test]
fn when_the_database_is_gone_the_answer_is_in_our_form_and_it_comes_back() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let customer = tenant.customer();

    stack.kill_postmaster();
    let answer = tenant.get(&format!("/v2/customers/{customer}"));
    assert!(answer.status >= 500, "{} {}", answer.status, answer.text);
    answer.refuses(answer.status, "HE_00", "Something went wrong");

    stack.restart();
    // PostgREST connects again by itself, at intervals that grow to half a minute.
    let path = format!("/v2/customers/{customer}");
    let minute = Duration::from_secs(60);
    equal_within(minute, "the customer is shown", &200, || {
        tenant.get(&path).status
    });
    assert_eq!(tenant.get(&path).id(), customer);
}
