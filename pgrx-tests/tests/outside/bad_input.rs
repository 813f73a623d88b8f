//! What no honest client sends. Each gets a refusal in our form, which repeats nothing of the request, and
//! leaves nothing behind.

use serde_json::{Value, json};
use vault_tests::card::{account, ach_for};
use vault_tests::tenant::customer;
use vault_tests::{Answer, Card, Tenant};

use crate::support::{
    NO_CUSTOMER, NO_PAYMENT_METHOD, UNAUTHENTICATED, UUID_V7, has_form, holdings, soon,
};

/// Stands for a secret in a request: no answer may contain it.
const SECRET: &str = "Zq9Secret";

/// The refusals of bodies that are not the JSON which is asked for.
const NO_JSON: &str = r"Json deserialize error: .+ at line \d+ column \d+";

#[track_caller]
fn repeats_nothing(answer: &Answer) {
    assert!(
        !answer.text.contains(SECRET),
        "the answer repeats the request: {}",
        answer.text
    );
}

#[track_caller]
fn is_no_json(answer: &Answer) {
    repeats_nothing(answer);
    answer.refuses_like(400, "IR_06", NO_JSON);
}

fn send_body(tenant: &Tenant, path: &str, body: impl AsRef<[u8]>) -> Answer {
    tenant.send(&tenant.request("POST", path).body(body))
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

#[test]
fn a_card_in_broken_json_is_not_repeated() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let card = Card::new();
    let whole = card.create_for(&customer).to_string();
    let bodies = [
        whole[..whole.len() - 1].to_owned(),
        whole.replace("\"card_exp_month\"", "card_exp_month"),
        whole.replace(&format!("\"{}\"", card.number), &card.number),
        whole.replace(
            &format!("\"{}\"", card.number),
            &format!("[\"{}\"]", card.number),
        ),
        whole.replace("\"card_number\"", &format!("\"{}\"", card.number)),
        whole.replace(
            "\"payment_method_type\":\"card\"",
            &format!("\"payment_method_type\":\"{}\"", card.number),
        ),
    ];
    for body in bodies {
        let answer = send_body(&tenant, "/v2/payment-methods", &body);
        answer.refuses_like(400, "IR_06", NO_JSON);
        assert!(!answer.text.contains(&card.number), "{}", answer.text);
    }
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

/// Which text lengths a member takes: its pointer, how many characters at most.
fn limits() -> Vec<(&'static str, String, usize)> {
    let address = [
        "city",
        "line1",
        "line2",
        "line3",
        "zip",
        "state",
        "first_name",
        "last_name",
        "origin_zip",
    ];
    let mut limits: Vec<(&str, String, usize)> = vec![
        ("customer", "/name".into(), 255),
        ("customer", "/phone".into(), 255),
        ("customer", "/phone_country_code".into(), 8),
        ("customer", "/description".into(), 255),
        ("customer", "/tax_registration_id".into(), 255),
        (
            "card",
            "/payment_method_data/card/card_holder_name".into(),
            255,
        ),
        ("card", "/payment_method_data/card/nick_name".into(), 255),
        ("card", "/payment_method_data/card/card_issuer".into(), 255),
        ("card", "/billing/phone/number".into(), 255),
        ("card", "/billing/email".into(), 319),
        (
            "ach",
            "/payment_method_data/bank_debit/ach/bank_account_holder_name".into(),
            255,
        ),
        (
            "ach",
            "/payment_method_data/bank_debit/ach/bank_name".into(),
            255,
        ),
        ("update", "/network_transaction_id".into(), 255),
        (
            "update",
            "/payment_method_data/card/card_holder_name".into(),
            255,
        ),
        ("update", "/payment_method_data/card/nick_name".into(), 255),
        ("update", "/connector_token_details/token".into(), 1024),
        (
            "update",
            "/connector_token_details/connector_token_request_reference_id".into(),
            255,
        ),
        (
            "update",
            "/connector_token_details/connector_customer_id".into(),
            255,
        ),
        ("card", "/billing/phone/country_code".into(), 8),
    ];
    for member in address {
        limits.push((
            "customer",
            format!("/default_billing_address/{member}"),
            255,
        ));
        limits.push((
            "customer",
            format!("/default_shipping_address/{member}"),
            255,
        ));
        limits.push(("card", format!("/billing/address/{member}"), 255));
    }
    limits
}

/// The body of a request of that kind with `text` at `pointer`.
fn with_text(kind: &str, customer_id: &str, pointer: &str, text: &str) -> Value {
    let mut body = match kind {
        "customer" => customer(),
        "card" => Card::new().create_for(customer_id),
        "ach" => ach_for(customer_id, &account()),
        _ => json!({}),
    };
    if pointer.starts_with("/connector_token_details") {
        body["connector_token_details"] =
            json!({"token": "t", "connector_token_request_reference_id": "r"});
    }
    let mut place = &mut body;
    for member in pointer.split('/').skip(1) {
        if place.is_null() {
            *place = json!({});
        }
        place = &mut place[member];
    }
    *place = json!(text);
    body
}

/// Sends the body by both doors, which agree, and gives the answer by HTTP.
#[track_caller]
fn send_by_both(tenant: &Tenant, kind: &str, method: &str, body: &Value) -> Answer {
    let mut sql = tenant.sql();
    let (http, sql) = match kind {
        "customer" => (
            tenant.post("/v2/customers", body),
            sql.call("create_customer($1)", &[body]),
        ),
        "update" => (
            tenant.put(
                &format!("/v2/payment-methods/{method}/update-saved-payment-method"),
                body,
            ),
            sql.call("update_payment_method($1, $2)", &[&method, body]),
        ),
        _ => (
            tenant.post("/v2/payment-methods", body),
            sql.call("create_payment_method($1)", &[body]),
        ),
    };
    match sql {
        Ok(_) => assert_eq!(http.status, 200, "{}", http.text),
        Err(refused) => assert_eq!(refused.message, http.refusal().1),
    }
    http
}

#[test]
fn texts_are_taken_up_to_their_limit_in_characters_and_refused_beyond_it() {
    let tenant = Tenant::new();
    let id = tenant.customer();
    let method = tenant.store(&Card::new(), &id);
    for (kind, pointer, limit) in limits() {
        let send = |text: &str| {
            let body = with_text(kind, &id, &pointer, text);
            send_by_both(&tenant, kind, &method, &body)
        };
        for letter in ["x", "\u{e9}"] {
            let answer = send(&letter.repeat(limit));
            assert_eq!(
                answer.status, 200,
                "{kind}{pointer} of {limit} {letter}: {}",
                answer.text
            );
            let answer = send(&letter.repeat(limit + 1));
            assert_eq!(
                answer.status,
                400,
                "{kind}{pointer} of {} {letter}: {}",
                limit + 1,
                answer.text
            );
            answer.refuses_like(400, "IR_06", "`[a-z0-9_.]+` must be .+");
            let member = pointer.rsplit('/').next().unwrap();
            assert!(
                answer.refusal().1.contains(member),
                "{kind}{pointer}: {}",
                answer.text
            );
        }
        let answer = send("");
        let expected = if pointer == "/description" { 400 } else { 200 };
        assert_eq!(
            answer.status, expected,
            "{kind}{pointer} empty: {}",
            answer.text
        );
    }
}

#[test]
fn an_email_is_an_address_of_at_most_319_characters() {
    let tenant = Tenant::new();
    let domain = [63, 63, 63].map(|length| "d".repeat(length)).join(".") + "." + &"e".repeat(62);
    let create =
        |email: &str| tenant.post("/v2/customers", &json!({"name": "Ada", "email": email}));

    assert_eq!(domain.len(), 254);
    assert_eq!(create(&format!("{}@{domain}", "l".repeat(64))).status, 200);
    for bad in [
        format!("{}@{domain}", "l".repeat(65)),
        SECRET.into(),
        format!("{SECRET}@"),
        "@example.com".into(),
        "a b@example.com".into(),
        String::new(),
    ] {
        let answer = create(&bad);
        repeats_nothing(&answer);
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{bad:?}: {}",
            answer.text
        );
        answer.refuses_like(400, "IR_06", "`email` must be .+");
    }
}

#[test]
fn a_reference_has_1_to_64_letters_digits_dashes_and_underscores() {
    let tenant = Tenant::new();
    let create = |reference: &str| {
        let mut request = customer();
        request["merchant_reference_id"] = json!(reference);
        tenant.post("/v2/customers", &request)
    };
    assert_eq!(create(&format!("aZ0-_{}", "x".repeat(59))).status, 200);
    for bad in [
        &"x".repeat(65),
        "",
        "   ",
        "a b",
        "a/b",
        "a.b",
        "a%20b",
        "\u{e9}",
        "a'b",
        "a\nb",
    ] {
        let answer = create(bad);
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{bad:?}: {}",
            answer.text
        );
        answer.refuses_like(400, "IR_06", "`merchant_reference_id` must be .+");
    }
}

#[test]
fn countries_are_two_capital_letters_that_name_one() {
    let tenant = Tenant::new();
    for country in ["us", "USA", "U", "", "ZZ", "1A"] {
        let mut request = customer();
        request["default_billing_address"] = json!({"country": country});
        let answer = tenant.post("/v2/customers", &request);
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{country:?}: {}",
            answer.text
        );
    }
}

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
fn headers_that_the_edge_sets_itself_cannot_be_forged() {
    let tenant = Tenant::new();
    let (mine, other) = (tenant.customer(), tenant.customer());
    let request = tenant
        .request("GET", format!("/v2/customers/{mine}"))
        .header("x-vault-customer-id", &other)
        .header("X-Vault-Payment-Method-Id", "12345_pm_x")
        .header("x-vault-merchant-reference-id", "x")
        .header("x_vault_customer_id", &other)
        .header("x-vault-query", "fetch_raw_detail=true")
        .header("x-vault-client-address", "10.1.2.3")
        .header("x-forwarded-for", "10.1.2.3")
        .header("forwarded", "for=10.1.2.3")
        .header("x-request-id", "forged-headers-test");
    assert_eq!(tenant.send(&request).id(), mine);

    let address = tenant.stack.client();
    let refused = request
        .without("api-key")
        .header("api-key", vault_tests::tenant::unknown_key());
    address
        .send(&refused)
        .refuses(401, "IR_01", UNAUTHENTICATED);
    let mut auditor = tenant.stack.session("vault_audit");
    soon("the audit log names the true address", || {
        let seen: i64 = auditor
            .value(
                "select count(*) from vault.audit_log where host(client_address::text::inet) = $1",
                &[&address.address.to_string()],
            )
            .unwrap();
        seen == 1
    });
}

#[test]
fn doubled_headers_choose_nothing() {
    let tenant = Tenant::new();
    let other = tenant.sibling();
    let doubled = tenant
        .request("GET", "/v2/customers/list")
        .header("x-profile-id", &other.profile);
    tenant
        .send(&doubled)
        .refuses(422, "IR_06", "`X-Profile-Id` header is invalid");
    let doubled = tenant
        .request("GET", "/v2/customers/list")
        .header("api-key", &tenant.reveal_key);
    tenant.send(&doubled).refuses(401, "IR_01", UNAUTHENTICATED);
}

#[test]
fn invalid_bytes_in_headers_are_refused() {
    let tenant = Tenant::new();
    let list = || tenant.request("GET", "/v2/customers/list");
    let profile = list()
        .without("x-profile-id")
        .header("x-profile-id", b"\xff\xfe");
    tenant
        .send(&profile)
        .refuses(422, "IR_06", "`X-Profile-Id` header is invalid");
    let key = list().without("api-key").header("api-key", b"\xff\xfe");
    tenant
        .stack
        .client()
        .send(&key)
        .refuses(401, "IR_01", UNAUTHENTICATED);
    let answer = tenant.send(&list().header("x-request-id", b"\xff\xfe"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    has_form(&json!(answer.header("x-request-id").unwrap()), UUID_V7);
}

#[test]
fn a_request_id_of_ten_kilobytes_is_not_echoed() {
    let tenant = Tenant::new();
    let answer = tenant.send(
        &tenant
            .request("GET", "/v2/customers/list")
            .header("x-request-id", "a".repeat(10_240)),
    );
    has_form(&json!(answer.header("x-request-id").unwrap()), UUID_V7);
    if answer.status != 200 {
        answer.refuses(answer.status, "IR_06", "Invalid request");
        assert!([400, 431].contains(&answer.status), "{}", answer.status);
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

/// Clients make this mistake. The numbers stand in the ledger, so that `residue` looks for them in the logs. (A request
/// id is there to be found in the logs, so it is not among the places.)
#[test]
fn a_card_number_in_a_path_or_query_or_header_is_not_repeated() {
    let tenant = Tenant::new();
    let number = Card::new().number;
    let large = "x".repeat(40_000);
    let requests = [
        tenant.request("GET", format!("/v2/payment-methods/{number}")),
        tenant.request(
            "GET",
            format!("/v2/payment-methods/{number}?fetch_raw_detail=true"),
        ),
        tenant.request("GET", format!("/v2/customers/reference/{number}")),
        tenant.request("GET", format!("/v2/customers/list?customer_id={number}")),
        tenant.request("GET", format!("/v2/customers/list?limit={number}")),
        tenant.request("GET", format!("/{number}")),
        tenant.request("GET", format!("/v2/customers/{number}%zz")),
        tenant.request("TRACE", format!("/v2/customers/{number}")),
        tenant.request(&number, "/v2/customers"),
        tenant
            .request("PUT", format!("/v2/customers/{number}"))
            .body(&large),
        tenant
            .request("GET", "/v2/customers/list")
            .header("x-profile-id", &number),
        tenant
            .request("GET", "/v2/customers/list")
            .header("referer", &number),
        tenant
            .request("GET", "/v2/customers/list")
            .header("user-agent", &number),
    ];
    for request in requests {
        let answer = tenant.send(&request);
        assert!(!answer.text.contains(&number), "{}", answer.text);
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
