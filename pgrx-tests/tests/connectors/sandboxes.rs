//! The sandboxes themselves: that they answer, are strict, and misbehave as they are told.

use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::PKey;
use serde_json::{Value, json};
use vault_tests::card::{this_year, with_check_digit};
use vault_tests::http::Answer;
use vault_tests::sandbox::{Program, SandboxProvider, SandboxTokenService, jwe};
use vault_tests::{Card, Request, random};

fn provider() -> SandboxProvider {
    SandboxProvider::start(env!("CARGO_BIN_EXE_sandbox-provider"))
}

fn token_service() -> SandboxTokenService {
    let executable = env!("CARGO_BIN_EXE_sandbox-token-service");
    SandboxTokenService::start(executable, env!("CARGO_TARGET_TMPDIR"))
}

/// Sends what must be refused with this status, and be a violation that has these words.
#[track_caller]
fn assert_violation(sandbox: &Program, request: &Request, status: u16, words: &str) {
    let before = sandbox.violations().len();
    let answer = sandbox.send(request);
    assert_eq!(answer.status, status, "{words}: {}", answer.text);
    let violations = sandbox.violations();
    assert_eq!(violations.len(), before + 1, "{words}");
    assert!(violations[before].contains(words), "{violations:?} {words}");
}

/// A card that is in no ledger: no vault gets it.
fn new_card() -> Card {
    Card {
        number: with_check_digit(&format!("4{}", random::digits(14))),
        month: "10".to_owned(),
        year: (this_year() + 3).to_string(),
        cvc: "123".to_owned(),
    }
}

/// The number with a wrong check digit.
fn misread(number: &str) -> String {
    let (body, check) = number.split_at(15);
    format!("{body}{}", (check.parse::<u8>().unwrap() + 1) % 10)
}

// Stripe's API.

fn stripe(
    provider: &SandboxProvider,
    path: &str,
    key: &str,
    parameters: &[(&str, &str)],
) -> Request {
    let form: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    Request::new("POST", path)
        .header("Authorization", format!("Bearer {}", provider.secret_key))
        .header("Stripe-Version", "2026-10-28.dahlia")
        .header("Idempotency-Key", key)
        .body(form.join("&"))
        .without("content-type")
        .header("Content-Type", "application/x-www-form-urlencoded")
}

fn card_form(card: &Card) -> [(&str, &str); 4] {
    [
        ("type", "card"),
        ("card[number]", &card.number),
        ("card[exp_month]", &card.month),
        ("card[exp_year]", &card.year),
    ]
}

#[test]
fn a_payment_method_is_made_attached_and_detached() {
    let provider = provider();
    let card = new_card();
    let made = provider.send(&stripe(
        &provider,
        "/v1/payment_methods",
        "one:pm",
        &card_form(&card),
    ));
    let body = made.ok();
    assert_eq!(body["card"]["last4"], card.last_four());
    let customer = stripe(
        &provider,
        "/v1/customers",
        "c",
        &[("metadata[vault_customer_id]", "x")],
    );
    let customer = provider.send(&customer).id();
    let path = format!("/v1/payment_methods/{}", made.id());
    let attach = stripe(
        &provider,
        &format!("{path}/attach"),
        "one:attach",
        &[("customer", &customer)],
    );
    assert_eq!(provider.send(&attach).ok()["customer"], customer);
    let detach = |key| stripe(&provider, &format!("{path}/detach"), key, &[]);
    provider.send(&detach("one:detach")).ok();
    assert_eq!(provider.send(&detach("one:detach")).status, 200);
    assert_eq!(provider.send(&detach("two:detach")).status, 404);

    let state = provider.state();
    assert_eq!(state["tokens_by_reference"], json!({"one": 1}));
    for (name, number) in [
        ("tokens_made", 1),
        ("attached", 1),
        ("deleted", 1),
        ("customers", 1),
        ("requests", 6),
    ] {
        assert_eq!(state[name], number, "{name}");
    }
    assert_eq!(state["violations"], json!([]));
    assert!(!state.to_string().contains(&card.number));
}

#[test]
fn the_same_key_brings_the_same_answer_and_for_another_call_none() {
    let provider = provider();
    let (card, other) = (new_card(), new_card());
    let make = |card: &Card| stripe(&provider, "/v1/payment_methods", "key", &card_form(card));
    let first = provider.send(&make(&card));
    let second = provider.send(&make(&card));
    assert_eq!(first.text, second.text);
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_violation(&provider, &make(&other), 400, "used for another call");
    let customers = stripe(&provider, "/v1/customers", "key", &[]);
    assert_violation(&provider, &customers, 400, "used for another call");
    assert_eq!(provider.state()["tokens_made"], 1);
}

#[test]
fn what_stripe_should_not_be_sent_is_a_violation() {
    let provider = provider();
    let card = new_card();
    let path = "/v1/payment_methods";
    let good = stripe(&provider, path, "good", &card_form(&card));
    let with = |key: &str, changed: &[(&str, &str)]| stripe(&provider, path, key, changed);
    let mut number = card_form(&card);
    let misread = misread(&card.number);
    number[1].1 = &misread;
    let mut expired = card_form(&card);
    expired[3].1 = "2020";
    let cvc = [card_form(&card).as_slice(), &[("card[cvc]", "123")]].concat();
    let twice = [card_form(&card).as_slice(), &[("type", "card")]].concat();
    let unknown = [card_form(&card).as_slice(), &[("card[numbre]", "1")]].concat();
    let basic = STANDARD.encode(format!("{}:", provider.secret_key));
    for (request, status, words) in [
        (good.clone().without("authorization"), 401, "secret key"),
        (
            good.clone()
                .without("authorization")
                .header("Authorization", "Bearer sk_x"),
            401,
            "secret key",
        ),
        (
            good.clone().without("stripe-version"),
            400,
            "Stripe-Version",
        ),
        (
            good.clone().without("idempotency-key"),
            400,
            "Idempotency-Key",
        ),
        (
            good.clone().header("Idempotency-Key", "two"),
            400,
            "Idempotency-Key",
        ),
        (
            good.clone()
                .without("content-type")
                .header("Content-Type", "application/json"),
            400,
            "form-encoded",
        ),
        (with("a", &number), 402, "the card number is none"),
        (with("b", &expired), 402, "expired"),
        (with("c", &cvc), 400, "security code"),
        (with("d", &twice), 400, "twice"),
        (with("e", &unknown), 400, "unknown parameter"),
        (with("f", &[]), 400, "the type is not card"),
        (
            stripe(
                &provider,
                "/v1/payment_methods/pm_x/attach",
                "g",
                &[("customer", "cus_x")],
            ),
            404,
            "customer is unknown",
        ),
        (
            stripe(&provider, "/v1/payment_methods?x=y", "h", &[]),
            400,
            "in the URL",
        ),
        (
            stripe(&provider, "/v1/charges", "i", &[]),
            404,
            "no such call",
        ),
    ] {
        assert_violation(&provider, &request, status, words);
    }
    let by_basic = good
        .without("authorization")
        .header("Authorization", format!("Basic {basic}"));
    provider.send(&by_basic).ok();
    let violations = provider.violations().join("\n");
    assert!(!violations.contains(&card.number) && !violations.contains(&misread));
}

#[test]
fn a_second_customer_of_one_vault_customer_is_a_violation() {
    let provider = provider();
    let make = |key| {
        stripe(
            &provider,
            "/v1/customers",
            key,
            &[("metadata[vault_customer_id]", "x")],
        )
    };
    provider.send(&make("a")).ok();
    assert_violation(&provider, &make("b"), 200, "there already");
}

// The JSON API.

fn json_order(provider: &SandboxProvider, key: &str, body: &str) -> Request {
    Request::new("POST", "/tokens")
        .header("X-Api-Key", &provider.secret_key)
        .header("Idempotency-Key", key)
        .body(body)
}

fn card_json(card: &Card) -> Value {
    json!({"type": "card", "number": card.number, "expiry_month": card.month, "expiry_year": card.year})
}

#[test]
fn a_token_is_made_and_deleted_by_its_escaped_name() {
    let provider = provider();
    let card = new_card();
    let mut order = card_json(&card);
    order["name"] = "Zoë \"O'Neil\"\n\\".into();
    order["customer"] = json!({"id": "x"});
    let made = provider.send(&json_order(&provider, "key", &order.to_string()));
    assert_eq!(made.status, 201);
    let body = made.json();
    assert_eq!(body["name"], order["name"]);
    assert_eq!(
        provider
            .send(&json_order(&provider, "key", &order.to_string()))
            .text,
        made.text
    );
    let customer = provider
        .send(&json_order(&provider, "key 2", &order.to_string()))
        .json();
    assert_eq!(customer["customer"], body["customer"]);

    let token = body["token"].as_str().unwrap();
    let delete = |token: &str| {
        let path = format!("/tokens/{token}");
        Request::new("DELETE", path).header("X-Api-Key", &provider.secret_key)
    };
    let escaped = token.replace('/', "%2F").replace('=', "%3D");
    assert_violation(&provider, &delete(token), 404, "not one escaped segment");
    assert_eq!(provider.send(&delete(&escaped)).status, 204);
    assert_eq!(provider.send(&delete(&escaped)).status, 404);
    let state = provider.state();
    assert_eq!(
        (&state["deleted"], &state["customers"]),
        (&json!(1), &json!(1))
    );
    assert!(!state.to_string().contains(&card.number));
}

#[test]
fn what_the_json_api_should_not_be_sent_is_a_violation() {
    let provider = provider();
    let card = new_card();
    let good = card_json(&card).to_string();
    // As a name would do that is put into the text without escaping.
    let broken_out = good.replace("{\"type\"", "{\"name\":\"x\",\"number\":\"1\",\"type\"");
    let unknown = good.replace("{\"type\"", "{\"admin\":\"x\",\"type\"");
    let misread = good.replace(&card.number, &misread(&card.number));
    let order = |body: &str| json_order(&provider, "key", body);
    for (request, status, words) in [
        (order(&good).without("x-api-key"), 401, "API key"),
        (
            order(&good).without("idempotency-key"),
            400,
            "Idempotency-Key",
        ),
        (order(&good).without("content-type"), 415, "labelled"),
        (order("{"), 400, "agreed members"),
        (order(&broken_out), 400, "agreed members"),
        (order(&unknown), 400, "agreed members"),
        (order(&misread), 422, "the card number is none"),
        (
            order(&good.replace("\"card\"", "\"cards\"")),
            422,
            "not card",
        ),
        (Request::new("GET", "/tokens"), 404, "no such call"),
    ] {
        assert_violation(&provider, &request, status, words);
    }
    assert_eq!(provider.send(&order(&good)).status, 201);
    assert_violation(
        &provider,
        &order(&card_json(&new_card()).to_string()),
        409,
        "another call",
    );
}

// The token service.

struct Order<'a> {
    service: &'a SandboxTokenService,
    key: PKey<openssl::pkey::Public>,
    key_id: String,
}

impl<'a> Order<'a> {
    fn to(service: &'a SandboxTokenService) -> Order<'a> {
        let settings = service.settings();
        Order {
            service,
            key: PKey::public_key_from_pem(&service.pem("service_public.pem")).unwrap(),
            key_id: settings["key_id"].as_str().unwrap().to_owned(),
        }
    }

    fn text(card: &Card) -> String {
        let (number, month, year) = (&card.number, &card.month, &card.year);
        json!({"cardNumber": number, "expMonth": month, "expYear": year}).to_string()
    }

    fn seal(&self, text: &str) -> String {
        jwe::seal(text, &self.key, &self.key_id).unwrap()
    }

    fn sealed_card(&self, card: &Card) -> String {
        self.seal(&json!(Self::text(card)).to_string())
    }

    fn request(&self, path: &str, body: &Value) -> Request {
        let credentials = self.service.credentials();
        let api_key = credentials["api_key"].as_str().unwrap();
        Request::new("POST", path)
            .header("Authorization", api_key)
            .json(body)
    }

    fn body(&self, sealed: &str, consent: &str) -> Value {
        json!({
            "service": "NETWORK_TOKEN",
            "cardData": sealed,
            "orderData": {"consentId": consent, "customerId": "customer"},
            "shouldSendToken": true,
            "keyId": self.key_id,
        })
    }

    fn generate(&self, sealed: &str, consent: &str) -> Request {
        self.request("/generate", &self.body(sealed, consent))
    }

    fn opened(&self, answer: &Answer) -> Value {
        let key = PKey::private_key_from_pem(&self.service.pem("vault_private.pem")).unwrap();
        let payload = answer.ok()["payload"].as_str().unwrap().to_owned();
        serde_json::from_slice(&jwe::open(&payload, &key, &self.key_id).unwrap()).unwrap()
    }
}

#[test]
fn one_consent_brings_one_token_until_it_is_deleted() {
    let service = token_service();
    let order = Order::to(&service);
    let card = new_card();
    let make =
        |consent| order.opened(&service.send(&order.generate(&order.sealed_card(&card), consent)));
    let first = make("consent");
    assert_eq!(first["token"], make("consent")["token"]);
    assert_ne!(first["token"], make("another")["token"]);
    let named = json!({"card_reference": first["cardReference"], "customer_id": "customer"});
    assert_eq!(
        service.send(&order.request("/delete", &named)).ok(),
        json!({"status": "SUCCESS"})
    );
    assert_eq!(service.send(&order.request("/delete", &named)).status, 404);
    assert_eq!(service.violations(), Vec::<String>::new());
    let again = order.generate(&order.sealed_card(&card), "consent");
    assert_violation(&service, &again, 410, "was deleted");
    assert!(!service.state().to_string().contains(&card.number));
}

#[test]
fn what_the_token_service_should_not_be_sent_is_a_violation() {
    let service = token_service();
    let order = Order::to(&service);
    let card = new_card();
    let good = order.sealed_card(&card);
    let text = Order::text(&card);
    let with_cvc = text.replace("}", ",\"cardSecurityCode\":\"123\"}");
    let misread = text.replace(&card.number, &misread(&card.number));
    let twice = |text: &str| order.seal(&json!(text).to_string());
    let damaged = |part: usize| {
        let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
        let replacement = if parts[part].starts_with('A') {
            "B"
        } else {
            "A"
        };
        parts[part].replace_range(..1, replacement);
        parts.join(".")
    };
    let other_name = jwe::seal(&json!(text).to_string(), &order.key, "another").unwrap();
    let other_key = jwe::seal(
        &json!(text).to_string(),
        &own_public(&service),
        &order.key_id,
    )
    .unwrap();
    let mut without_token = order.body(&good, "c");
    without_token["shouldSendToken"] = false.into();
    let mut unknown_member = order.body(&good, "c");
    unknown_member["extra"] = 1.into();
    let mut other_key_id = order.body(&good, "c");
    other_key_id["keyId"] = "another".into();
    for (request, status, words) in [
        (
            order.generate(&good, "c").without("authorization"),
            401,
            "API key",
        ),
        (
            order.generate(&good, "c").without("content-type"),
            415,
            "labelled",
        ),
        (order.generate(&good, ""), 400, "consent id"),
        (
            order.request("/generate", &without_token),
            400,
            "shouldSendToken",
        ),
        (order.request("/generate", &other_key_id), 400, "key id"),
        (
            order.request("/generate", &unknown_member),
            400,
            "agreed members",
        ),
        (order.generate("a.b.c.d", "c"), 400, "five parts"),
        (order.generate(&damaged(0), "c"), 400, "of the JWE"),
        (
            order.generate(&damaged(1), "c"),
            400,
            "key of the JWE does not open",
        ),
        (
            order.generate(&damaged(2), "c"),
            400,
            "content of the JWE does not open",
        ),
        (
            order.generate(&damaged(3), "c"),
            400,
            "content of the JWE does not open",
        ),
        (
            order.generate(&damaged(4), "c"),
            400,
            "content of the JWE does not open",
        ),
        (
            order.generate(&good[..good.len() - 6], "c"),
            400,
            "not of full length",
        ),
        (order.generate(&other_name, "c"), 400, "kid"),
        (
            order.generate(&other_key, "c"),
            400,
            "key of the JWE does not open",
        ),
        (
            order.generate(&order.seal(&text), "c"),
            400,
            "not a JSON string",
        ),
        (
            order.generate(&twice(&with_cvc), "c"),
            400,
            "just a number and an expiry",
        ),
        (
            order.generate(&twice(&misread), "c"),
            422,
            "the card number is none",
        ),
        (order.request("/tokens", &json!({})), 404, "no such call"),
    ] {
        assert_violation(&service, &request, status, words);
    }
    for (part, words) in [("alg", "alg"), ("enc", "enc")] {
        assert_violation(
            &service,
            &order.generate(&with_header(&good, part), "c"),
            400,
            words,
        );
    }
    let violations = service.violations().join("\n");
    assert!(!violations.contains(&card.number));
    assert_eq!(service.state()["tokens_made"], 0);
}

/// The vault's own key, which the service does not open with.
fn own_public(service: &SandboxTokenService) -> PKey<openssl::pkey::Public> {
    PKey::public_key_from_pem(&service.pem("vault_public.pem")).unwrap()
}

/// The JWE with another algorithm named in its header.
fn with_header(sealed: &str, member: &str) -> String {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let (header, rest) = sealed.split_once('.').unwrap();
    let mut header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header[member] = "RSA1_5".into();
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

#[test]
fn a_consent_is_for_one_card_and_a_token_for_one_customer() {
    let service = token_service();
    let order = Order::to(&service);
    let first = order.generate(&order.sealed_card(&new_card()), "consent");
    let token = order.opened(&service.send(&first));
    let other = order.generate(&order.sealed_card(&new_card()), "consent");
    assert_violation(&service, &other, 409, "consent id was used");
    let named = json!({"card_reference": token["cardReference"], "customer_id": "another"});
    assert_violation(
        &service,
        &order.request("/fetch", &named),
        404,
        "another customer's",
    );
    assert_violation(
        &service,
        &order.request("/status", &named),
        400,
        "agreed members",
    );
}

#[test]
fn a_token_service_takes_the_keys_that_are_there() {
    let service = token_service();
    let directory = service.directory();
    let executable = env!("CARGO_BIN_EXE_sandbox-token-service");
    let again = Program::start(executable, &["--keys-dir", directory]);
    assert_eq!(again.violations(), Vec::<String>::new());
    let mode = std::fs::metadata(format!("{directory}/vault_private.pem"))
        .unwrap()
        .permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777,
        0o600
    );
}

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
