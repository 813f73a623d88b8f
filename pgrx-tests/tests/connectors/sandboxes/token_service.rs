//! The token service.

use base64::Engine;
use openssl::pkey::PKey;
use serde_json::{Value, json};
use vault_tests::http::Answer;
use vault_tests::sandbox::{Program, SandboxTokenService, jwe};
use vault_tests::{Card, Request};

use super::{assert_violation, misread, new_card};

fn token_service() -> SandboxTokenService {
    let executable = env!("CARGO_BIN_EXE_sandbox-token-service");
    SandboxTokenService::start(executable, env!("CARGO_TARGET_TMPDIR"))
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
