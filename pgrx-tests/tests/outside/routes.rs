//! One vault under several spellings: prefixes, paths, verbs and ways to present a key (contract, section 1).

use serde_json::{Value, json};
use vault_tests::ledger::{Kind, record};
use vault_tests::sandbox::SandboxTokenService;
use vault_tests::{Answer, Card, Tenant};

use crate::connectors::{create_connector, token_service};
use crate::support::{UNAUTHENTICATED, UUID_V7, has_form, soon};

const PREFIXES: [&str; 4] = ["/v2", "/v1", "/api/v1", "/api/v2"];

#[test]
fn every_call_answers_under_every_prefix_and_spelling() {
    let tenant = Tenant::new();
    let service = with_token_service(&tenant);
    for prefix in PREFIXES {
        for spell in [
            |path: &str| path.to_owned(),
            |path: &str| path.replace('-', "_"),
        ] {
            let at = |path: &str| format!("{prefix}{}", spell(path));
            walk(&tenant, &at);
        }
    }
    assert_eq!(service.violations(), Vec::<String>::new());
}

/// Has network tokens made for the cards of the profile.
pub fn with_token_service(tenant: &Tenant) -> SandboxTokenService {
    let service = token_service();
    let credentials = service.credentials().to_string();
    let (stack, profile, settings) = (&tenant.stack, &tenant.profile, service.settings());
    create_connector(stack, profile, "token_service", &settings, &credentials).unwrap();
    tenant
        .admin()
        .execute(
            "select vault.set_network_tokenization($1, true)",
            &[profile],
        )
        .unwrap();
    service
}

/// Makes every call once; each must succeed.
fn walk(tenant: &Tenant, at: &dyn Fn(&str) -> String) {
    let call = |verb: &str, path: &str, body: Option<Value>| -> Answer {
        let request = tenant.request(verb, at(path));
        let answer = tenant.send(&match &body {
            Some(body) => request.json(body),
            None => request,
        });
        assert_eq!(answer.status, 200, "{verb} {}: {}", at(path), answer.text);
        answer
    };
    // Ids have underscores themselves, so they go into the path after it has been spelled.
    let with = |path: &str, verb: &str, ids: &[(&str, &str)], body: Option<Value>| {
        let target = ids
            .iter()
            .fold(at(path), |path, (name, id)| path.replace(name, id));
        let request = tenant.request(verb, &target);
        let answer = tenant.send(&match &body {
            Some(body) => request.json(body),
            None => request,
        });
        assert_eq!(answer.status, 200, "{verb} {target}: {}", answer.text);
        answer
    };
    let reference = vault_tests::random::name("ref");
    let person =
        json!({"name": "Ada", "email": "a@example.com", "merchant_reference_id": reference});
    let customer = call("POST", "/customers", Some(person)).id();
    let ids = [("C", customer.as_str())];
    with("/customers/C", "GET", &ids, None);
    for verb in ["PUT", "PATCH", "POST"] {
        with(
            "/customers/C",
            verb,
            &ids,
            Some(json!({"name": "Ada Byron"})),
        );
    }
    with("/customers/reference/R", "GET", &[("R", &reference)], None);
    call("GET", "/customers/list", None);
    tenant
        .send(&tenant.request(
            "GET",
            at("/customers/list").replace("list", "list_with_count"),
        ))
        .ok();
    call("GET", "/customers/total-payment-methods", None);

    let mut create = Card::new().create_for(&customer);
    create["network_tokenization"] = json!({"enable": "Enable"});
    let method = call("POST", "/payment-methods", Some(create)).id();
    let batch = json!({"payment_methods": [Card::new().create_for(&customer)]});
    call("POST", "/payment-methods/batch", Some(batch));
    let ids = [("C", customer.as_str()), ("M", &method)];
    with("/customers/C/saved-payment-methods", "GET", &ids, None);
    with("/customers/C/payment-methods/M/default", "POST", &ids, None);
    for verb in ["GET", "POST"] {
        with("/payment-methods/M", verb, &ids, None);
    }
    soon("there is a network token", || {
        let details = with("/payment-methods/M/details", "GET", &ids, None).ok();
        details["network_token"] != Value::Null
    });
    with(
        "/payment-methods/M/check-network-token-status",
        "GET",
        &ids,
        None,
    );
    for verb in ["GET", "POST"] {
        let path = at("/payment-methods/M/get-token").replace('M', &method);
        let request = tenant.revealing(verb, &path);
        let token = tenant.send(&request.json(&json!({"token_type": "network_token"})));
        record(
            Kind::Pan,
            token.ok()["token_details"]["network_token"]
                .as_str()
                .unwrap(),
        );
    }
    let eligibility = at("/payment-methods/get-network-token-eligibility");
    tenant.get(&format!("{eligibility}?card_bin=411111")).ok();
    for verb in ["PUT", "PATCH"] {
        with(
            "/payment-methods/M/update-saved-payment-method",
            verb,
            &ids,
            Some(json!({})),
        );
    }
    with("/payment-methods/M", "DELETE", &ids, None);
    with("/customers/C", "DELETE", &ids, None);
}

#[test]
fn a_key_is_taken_from_any_of_its_headers() {
    let tenant = Tenant::new();
    let key = &tenant.key;
    let ways = [
        vec![("api-key", key.clone())],
        vec![("API-KEY", key.clone())],
        vec![("Authorization", format!("api-key={key}"))],
        vec![("authorization", key.clone())],
        vec![("Authorization", format!(" api-key={key} , api-key={key}"))],
        vec![
            ("api-key", key.clone()),
            ("Authorization", format!("api-key={key}")),
        ],
        vec![("api-key", key.clone()), ("api-key", key.clone())],
        vec![(
            "Authorization",
            format!("publishable-key=pk_1, api-key={key},client-secret=a=b"),
        )],
        vec![("Authorization", format!("x={},{key}", tenant.reveal_key))],
        vec![
            ("api-key", key.clone()),
            (
                "Authorization",
                format!("publishable-key={}", tenant.reveal_key),
            ),
        ],
    ];
    for headers in ways {
        let bare = tenant
            .request("GET", "/v2/customers/list")
            .without("api-key");
        let request = headers
            .iter()
            .fold(bare, |request, (name, value)| request.header(name, value));
        assert_eq!(tenant.send(&request).status, 200, "{headers:?}");
    }
}

#[test]
fn two_different_keys_are_no_key_and_other_parts_of_authorization_are_none() {
    let tenant = Tenant::new();
    let (one, two) = (&tenant.key, &tenant.reveal_key);
    let ways = [
        vec![("api-key", one.clone()), ("api-key", two.clone())],
        vec![
            ("api-key", one.clone()),
            ("Authorization", format!("api-key={two}")),
        ],
        vec![("Authorization", format!("api-key={one},api-key={two}"))],
        vec![("Authorization", format!("{one},{two}"))],
        vec![
            ("api-key", one.clone()),
            ("Authorization", "Bearer something".into()),
        ],
        vec![("Authorization", format!("x={one}"))],
        vec![("Authorization", format!("API-KEY={one}"))],
        vec![("Authorization", "publishable-key=pk_1".into())],
        vec![(
            "Authorization",
            format!("publishable-key=pk_1, {one}, api-key={two}"),
        )],
    ];
    for headers in ways {
        let bare = tenant
            .request("GET", "/v2/customers/list")
            .without("api-key");
        let request = headers
            .iter()
            .fold(bare, |request, (name, value)| request.header(name, value));
        let answer = tenant.send(&request);
        assert_eq!(answer.refusal().1, UNAUTHENTICATED, "{headers:?}");
        answer.refuses(401, "IR_01", UNAUTHENTICATED);
    }
}

#[test]
fn a_second_authorization_header_is_no_valid_request() {
    let tenant = Tenant::new();
    let request = tenant
        .request("GET", "/v2/customers/list")
        .without("api-key")
        .header("Authorization", &tenant.key)
        .header("Authorization", &tenant.reveal_key);
    tenant
        .send(&request)
        .refuses(400, "IR_06", "Invalid request");
}

#[test]
fn the_name_of_the_profile_header_has_no_case() {
    let tenant = Tenant::new();
    for name in ["x-profile-id", "X-Profile-Id", "X-PROFILE-ID"] {
        let request = tenant
            .request("GET", "/v2/customers/list")
            .without("x-profile-id")
            .header(name, &tenant.profile);
        assert_eq!(tenant.send(&request).status, 200, "{name}");
    }
}

#[test]
fn a_request_id_of_good_form_is_echoed_by_answers_and_refusals() {
    let tenant = Tenant::new();
    let longest = "a.B:c-9_".repeat(16);
    for id in ["a", "req-1.2:3_4", &longest] {
        for path in ["/v2/customers/list", "/v2/customers/nobody"] {
            let answer = tenant.send(&tenant.request("GET", path).header("x-request-id", id));
            assert_eq!(answer.header("x-request-id"), Some(id), "{path}");
        }
    }
}

#[test]
fn a_request_without_a_good_request_id_gets_a_fresh_one() {
    let tenant = Tenant::new();
    let fresh = |request: &vault_tests::Request| {
        let id = json!(tenant.send(request).header("x-request-id").unwrap());
        has_form(&id, UUID_V7);
        id
    };
    let request = tenant.request("GET", "/v2/customers/list");
    assert_ne!(fresh(&request), fresh(&request));
    let long = "a".repeat(129);
    for bad in [
        "",
        "with space",
        "semi;colon",
        "quote\"d",
        "\u{fc}mlaut",
        "a,b",
        &long,
    ] {
        fresh(&request.clone().header("x-request-id", bad));
    }
}

#[test]
fn the_content_type_of_the_request_does_not_matter() {
    let tenant = Tenant::new();
    let body = vault_tests::tenant::customer().to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "text/csv",
        "application/json; charset=utf-8",
    ] {
        let request = tenant
            .request("POST", "/v2/customers")
            .body(&body)
            .without("content-type")
            .header("Content-Type", content_type);
        assert_eq!(tenant.send(&request).status, 200, "{content_type}");
    }
    let unlabelled = tenant
        .request("POST", "/v2/customers")
        .body(&body)
        .without("content-type");
    assert_eq!(tenant.send(&unlabelled).status, 200);
}

#[test]
fn neither_accept_nor_prefer_nor_range_nor_query_changes_the_form_of_the_answer() {
    let tenant = Tenant::new();
    let id = tenant.customer();
    let plain = tenant.get(&format!("/v2/customers/{id}")).text;
    let headers = [
        ("Accept", "text/csv"),
        ("Accept", "application/vnd.pgrst.plan"),
        ("Accept", "application/vnd.pgrst.object+json"),
        ("Prefer", "return=minimal"),
        ("Prefer", "count=exact, tx=rollback"),
        ("Prefer", "params=single-object"),
        ("Range", "0-0"),
        ("Accept-Profile", "pg_catalog"),
        ("Content-Profile", "vault"),
    ];
    for (name, value) in headers {
        let answer = tenant.send(
            &tenant
                .request("GET", format!("/v2/customers/{id}"))
                .header(name, value),
        );
        assert_eq!(
            (answer.status, &answer.text),
            (200, &plain),
            "{name}: {value}"
        );
    }
    assert_eq!(
        tenant
            .get(&format!("/v2/customers/{id}?select=id&limit=0"))
            .text,
        plain
    );
}
