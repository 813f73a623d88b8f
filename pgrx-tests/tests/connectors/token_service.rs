//! The vault's calls of a token service, against the sandbox of one, and against nonsense.

use serde_json::{Value, json};
use vault_core::contract::payment_method::NetworkTokenState;
use vault_core::ids::CustomerId;
use vault_tests::sandbox::{SandboxTokenService, jwe};

use crate::connectors::{Account, Answer, Call, Fault, FaultKind, Kind, NetworkToken};
use crate::token_calls::{
    CARD, CUSTOMER, account, ask, ask_one_answering, order, order_of, settings, vectors,
};

struct Service {
    sandbox: SandboxTokenService,
}

impl Service {
    fn start() -> Service {
        let executable = env!("CARGO_BIN_EXE_sandbox-token-service");
        Service {
            sandbox: SandboxTokenService::start(executable, env!("CARGO_TARGET_TMPDIR")),
        }
    }

    fn ask(&self, call: Call) -> Result<Answer, Fault> {
        let configuration = (self.sandbox.settings(), self.sandbox.credentials());
        ask(account(&configuration), call)
    }

    #[track_caller]
    fn make(&self, reference: &str) -> NetworkToken {
        match self.ask(order(reference)) {
            Ok(Answer::NetworkTokenMade(token)) => token,
            Ok(_) => panic!("another answer"),
            Err(fault) => panic!("{fault:?}"),
        }
    }

    #[track_caller]
    fn assert_content(&self) {
        assert_eq!(self.sandbox.violations(), Vec::<String>::new());
    }
}

fn fetch(reference: &str) -> Call {
    Call::FetchNetworkToken {
        customer_id: CustomerId::from_client(CUSTOMER),
        requestor_reference: reference.to_owned(),
    }
}

fn check(reference: &str) -> Call {
    Call::CheckNetworkToken {
        customer_id: CustomerId::from_client(CUSTOMER),
        requestor_reference: reference.to_owned(),
    }
}

fn delete(reference: &str) -> Call {
    Call::DeleteNetworkToken {
        customer_id: CustomerId::from_client(CUSTOMER),
        requestor_reference: reference.to_owned(),
    }
}

fn eligibility(card_bin: &str) -> Call {
    Call::CheckEligibility {
        card_bin: card_bin.to_owned(),
    }
}

#[track_caller]
fn assert_fault(result: Result<Answer, Fault>, kind: FaultKind) {
    assert_eq!(result.err().map(|fault| fault.kind), Some(kind));
}

#[test]
fn a_network_token_is_made_fetched_checked_and_deleted() {
    let service = Service::start();
    let made = service.make("reference");
    assert_ne!(*made.token, CARD);
    assert!(made.token.ends_with(&made.last_four));
    assert_eq!(made.state, NetworkTokenState::Active);
    assert_eq!((made.exp_month.len(), made.exp_year.len()), (2, 4));
    assert_eq!(made.card_brand.as_deref(), Some("VISA"));
    assert!(made.par.is_some());
    assert!(made.token.starts_with(&made.isin.unwrap()));
    let reference = made.requestor_reference;

    let mut cryptograms = Vec::new();
    for _ in 0..2 {
        let Ok(Answer::NetworkTokenFetched(fetched)) = service.ask(fetch(&reference)) else {
            panic!("not fetched");
        };
        assert_eq!(fetched.token, made.token);
        assert_eq!(fetched.eci.as_deref(), Some("07"));
        assert_eq!(
            (fetched.exp_month, fetched.exp_year),
            (made.exp_month.clone(), made.exp_year.clone())
        );
        cryptograms.push(fetched.cryptogram.unwrap());
    }
    assert_ne!(cryptograms[0], cryptograms[1]);

    let Ok(Answer::NetworkTokenChecked(state)) = service.ask(check(&reference)) else {
        panic!("not checked");
    };
    assert_eq!(state.state, NetworkTokenState::Active);
    assert_eq!(
        (state.exp_month, state.exp_year),
        (Some(made.exp_month), Some(made.exp_year))
    );

    assert!(matches!(
        service.ask(delete(&reference)),
        Ok(Answer::NetworkTokenDeleted)
    ));
    assert_fault(service.ask(fetch(&reference)), FaultKind::Refused);
    assert_eq!(service.sandbox.state()["deleted"], 1);
    service.assert_content();
}

#[test]
fn a_token_that_is_gone_is_deleted() {
    let service = Service::start();
    assert!(matches!(
        service.ask(delete("unknown")),
        Ok(Answer::NetworkTokenDeleted)
    ));
    service.assert_content();
}

#[test]
fn a_second_try_makes_no_second_token() {
    let service = Service::start();
    service
        .sandbox
        .behave(&json!({"hang_up": "middle", "times": 1}));
    assert_fault(service.ask(order("reference")), FaultKind::HungUp);
    let first = service.make("reference");
    let second = service.make("reference");
    assert_eq!(first.token, second.token);
    assert_ne!(first.token, service.make("another").token);
    let state = service.sandbox.state();
    assert_eq!(
        state["tokens_by_reference"],
        json!({"reference": 1, "another": 1})
    );
    assert_eq!(state["requests"], 4);
    service.assert_content();
}

#[test]
fn eligibility_is_asked_by_the_first_digits_alone() {
    let service = Service::start();
    for (card_bin, eligible) in [("411111", true), ("55555555", true), ("30569309", false)] {
        let answer = service.ask(eligibility(card_bin));
        assert!(
            matches!(answer, Ok(Answer::Eligibility(is)) if is == eligible),
            "{card_bin}"
        );
    }
    for card_bin in ["41111", "411111114", CARD, "41111a", "../../x", ""] {
        assert_fault(service.ask(eligibility(card_bin)), FaultKind::Refused);
    }
    assert_eq!(service.sandbox.state()["requests"], 3);
    service.assert_content();
}

#[test]
fn a_service_without_eligibility_is_not_asked_for_it() {
    let (mut settings, credentials) = settings("127.0.0.1:1".parse().unwrap());
    settings["token_eligibility_url"] = Value::Null;
    let account = account(&(settings, credentials));
    assert_eq!(account.urls().len(), 4);
    assert_fault(
        ask(account, eligibility("411111")),
        FaultKind::Misconfigured,
    );
}

#[test]
fn each_status_is_read() {
    let service = Service::start();
    let reference = service.make("reference").requestor_reference;
    for status in NetworkTokenState::ALL {
        service
            .sandbox
            .behave(&json!({"token_status": status.as_str()}));
        let Ok(Answer::NetworkTokenChecked(state)) = service.ask(check(&reference)) else {
            panic!("{status:?}");
        };
        assert_eq!(state.state, *status);
        assert_eq!(service.make("reference").state, *status);
    }
    service.sandbox.behave(&json!({"token_status": "SOMEHOW"}));
    assert_fault(service.ask(check(&reference)), FaultKind::UnexpectedAnswer);
}

#[test]
fn misbehaviour_is_a_fault_of_its_kind() {
    let service = Service::start();
    for (behaviour, kind) in [
        (json!({"nonsense": true}), FaultKind::UnexpectedAnswer),
        (json!({"without_token": true}), FaultKind::UnexpectedAnswer),
        (json!({"card_as_token": true}), FaultKind::UnexpectedAnswer),
        (json!({"hang_up": "before"}), FaultKind::HungUp),
        (json!({"hang_up": "middle"}), FaultKind::HungUp),
        (
            json!({"redirect": "http://127.0.0.1:1/"}),
            FaultKind::Redirected,
        ),
        (json!({"body_bytes": 2_000_000}), FaultKind::AnswerTooLarge),
        (json!({"status": 401}), FaultKind::CredentialsRefused),
        (json!({"status": 422}), FaultKind::Refused),
        (json!({"echo_card_in_error": true}), FaultKind::Refused),
        (
            json!({"status": 429, "retry_after": 5}),
            FaultKind::TooManyRequests,
        ),
        (json!({"status": 503}), FaultKind::ServerError),
    ] {
        service.sandbox.behave(&behaviour);
        let result = service.ask(order("reference"));
        assert_eq!(
            result.err().map(|fault| fault.kind),
            Some(kind),
            "{behaviour}"
        );
    }
    service.sandbox.behave_well();
    service.make("reference");
    assert_eq!(service.sandbox.state()["tokens_made"], 1);
    service.assert_content();
}

#[test]
fn a_wrong_key_is_refused_by_the_service() {
    let service = Service::start();
    let good = (service.sandbox.settings(), service.sandbox.credentials());
    let mut other_key = good.clone();
    other_key.0["service_public_key"] = vectors()["service_public_key"].clone();
    let mut other_name = good.clone();
    other_name.0["key_id"] = "another".into();
    let mut other_secret = good.clone();
    other_secret.1["api_key"] = "another".into();
    let mut wrong_opener = good;
    wrong_opener.1["private_key"] = vectors()["vault_private_key"].clone();
    for (configuration, kind) in [
        (other_key, FaultKind::Refused),
        (other_name, FaultKind::Refused),
        (other_secret, FaultKind::CredentialsRefused),
        (wrong_opener, FaultKind::UnexpectedAnswer),
    ] {
        assert_fault(ask(account(&configuration), order("reference")), kind);
    }
    assert_eq!(service.sandbox.violations().len(), 3);
}

/// Has the vault take an answer to an order with one member changed. None removes it.
fn make_with(member: &str, value: Option<Value>) -> Result<Answer, Fault> {
    let vectors = vectors();
    let text = vectors["answer_text"].as_str().unwrap();
    let mut answer: Value = serde_json::from_str(text).unwrap();
    match value {
        Some(value) => answer[member] = value,
        None => drop(answer.as_object_mut().unwrap().remove(member)),
    }
    let key = vectors["vault_public_key"].as_str().unwrap();
    let key = openssl::pkey::PKey::public_key_from_pem(key.as_bytes()).unwrap();
    let sealed = jwe::seal(&answer.to_string(), &key, "any").unwrap();
    ask_one_answering(&json!({"payload": sealed}), order("reference"))
}

#[test]
fn a_token_that_cannot_be_one_is_an_unexpected_answer() {
    for (member, value) in [
        ("token", None),
        ("token", Some(Value::Null)),
        ("token", Some(CARD.into())),
        ("token", Some("4111 1111 4555 1142".into())),
        ("token", Some("4895370012003479".into())),
        ("token", Some("tok_4895370012003478".into())),
        ("token", Some("".into())),
        ("cardReference", None),
        ("cardReference", Some("".into())),
        ("cardReference", Some("a b".into())),
        ("cardReference", Some(format!("ref-{CARD}").into())),
        ("cardReference", Some("4111-1111-4555-1142".into())),
        ("cardReference", Some("x".repeat(1025).into())),
        ("par", Some(CARD.into())),
        ("tokenIsin", Some(CARD.into())),
        ("cardBrand", Some(CARD.into())),
        ("tokenLastFour", Some("1142".into())),
        ("tokenLastFour", Some("8".into())),
        ("tokenExpiryMonth", Some("13".into())),
        ("tokenExpiryMonth", None),
        ("tokenExpiryYear", Some("20".repeat(9).into())),
        ("tokenStatus", Some("".into())),
    ] {
        let kind = make_with(member, value.clone())
            .err()
            .map(|fault| fault.kind);
        assert_eq!(
            kind,
            Some(FaultKind::UnexpectedAnswer),
            "{member} {value:?}"
        );
    }
}

#[test]
fn what_a_service_may_leave_out_may_be_missing() {
    for member in [
        "par",
        "tokenIsin",
        "cardBrand",
        "correlationId",
        "customerId",
    ] {
        assert!(make_with(member, None).is_ok(), "{member}");
    }
    let Ok(Answer::NetworkTokenMade(made)) = make_with("tokenExpiryMonth", Some("3".into())) else {
        panic!("not made");
    };
    assert_eq!(made.exp_month, "03");
}

#[test]
fn nonsense_is_an_unexpected_answer() {
    let fetched = json!({"authentication_details": {"cryptogram": "x", "token": "4895370012003478"},
        "token_details": {"exp_month": "12", "exp_year": "2030"}});
    let mut unlucky = fetched.clone();
    unlucky["authentication_details"]["token"] = "4895370012003479".into();
    let mut unprintable = fetched.clone();
    unprintable["authentication_details"]["cryptogram"] = "a\nb".into();
    let mut timeless = fetched;
    timeless["token_details"]["exp_month"] = "0".into();
    for (call, answer) in [
        (order("reference"), json!({})),
        (order("reference"), json!({"payload": null})),
        (order("reference"), json!({"payload": "a.b.c.d.e"})),
        (order("reference"), json!([])),
        (fetch("reference"), json!({"payload": "x"})),
        (fetch("reference"), unlucky),
        (fetch("reference"), unprintable),
        (fetch("reference"), timeless),
        (check("reference"), json!({"payload": {}})),
        (check("reference"), json!({"payload": {"tokenStatus": 1}})),
        (delete("reference"), json!({"status": "FAILURE"})),
        (delete("reference"), json!({})),
        (eligibility("411111"), json!({"tokenize_support": "yes"})),
    ] {
        let kind = ask_one_answering(&answer, call)
            .err()
            .map(|fault| fault.kind);
        assert_eq!(kind, Some(FaultKind::UnexpectedAnswer), "{answer}");
    }
}

#[test]
fn cards_of_every_length_are_sealed() {
    let service = Service::start();
    for card in [
        "30569309025904",
        "378282246310005",
        "6011111111111117",
        "6304000000000000000",
    ] {
        assert!(
            service.ask(order_of(card, card.get(..4).unwrap())).is_ok(),
            "{card}"
        );
    }
    service.assert_content();
}

#[test]
fn what_is_wrong_with_an_account_is_said_by_its_member_and_shows_no_value() {
    let good = settings("127.0.0.1:1".parse().unwrap());
    let secret = "s3cr3t-value";
    let small = openssl::rsa::Rsa::generate(1024).unwrap();
    let small_public = String::from_utf8(small.public_key_to_pem().unwrap()).unwrap();
    let small_private = String::from_utf8(small.private_key_to_pem().unwrap()).unwrap();
    let vectors = vectors();
    for (of_credentials, member, value) in [
        (false, "generate_token_url", Value::Null),
        (false, "generate_token_url", secret.into()),
        (
            false,
            "fetch_token_url",
            format!("ftp://127.0.0.1/{secret}").into(),
        ),
        (
            false,
            "delete_token_url",
            format!("https://user:{secret}@127.0.0.1/").into(),
        ),
        (
            false,
            "check_token_status_url",
            format!("https://127.0.0.1/#{secret}").into(),
        ),
        (false, "token_eligibility_url", json!({"url": secret})),
        (false, "key_id", "".into()),
        (false, "key_id", format!("{secret}\n").into()),
        (false, "key_id", secret.repeat(30).into()),
        (false, "service_public_key", secret.into()),
        (false, "service_public_key", small_public.into()),
        (
            false,
            "service_public_key",
            vectors["vault_private_key"].clone(),
        ),
        (false, "public_key", secret.into()),
        (true, "api_key", Value::Null),
        (true, "api_key", "".into()),
        (true, "api_key", format!("{secret}\r\nX: y").into()),
        (true, "private_key", secret.into()),
        (true, "private_key", small_private.into()),
        (true, "private_key", vectors["service_public_key"].clone()),
        (true, "password", secret.into()),
    ] {
        let (mut settings, mut credentials) = good.clone();
        let changed = if of_credentials {
            &mut credentials
        } else {
            &mut settings
        };
        changed[member] = value.clone();
        let read = Account::parse(
            Kind::TokenService,
            &settings.to_string(),
            &credentials.to_string(),
        );
        let error = read
            .err()
            .unwrap_or_else(|| panic!("{member} {value}"))
            .to_string();
        assert!(
            !error.contains(secret) && !error.contains("BEGIN"),
            "{error}"
        );
        let is_named = error.contains(member) || member == "password";
        assert!(is_named, "{member}: {error}");
    }
    for text in ["", "[]", "null", "s3cr3t-value"] {
        for (settings, credentials) in [(text, &*good.1.to_string()), (&*good.0.to_string(), text)]
        {
            let error = Account::parse(Kind::TokenService, settings, credentials)
                .err()
                .unwrap();
            assert!(!error.to_string().contains(secret));
        }
    }
}

#[test]
fn the_documented_settings_can_be_used() {
    let document = include_str!("../../../docs/connectors.md");
    let (_, section) = document
        .split_once("\n## A token service: `token_service`\n")
        .unwrap();
    let block = |at: usize| -> Value {
        let block = section.split("```json\n").nth(at).unwrap();
        serde_json::from_str(block.split("```").next().unwrap()).unwrap()
    };
    let (mut settings, mut credentials) = (block(1), block(2));
    let vectors = vectors();
    settings["key_id"] = vectors["key_id"].clone();
    settings["service_public_key"] = vectors["service_public_key"].clone();
    credentials["api_key"] = "key".into();
    credentials["private_key"] = vectors["vault_private_key"].clone();
    assert_eq!(account(&(settings, credentials)).urls().len(), 5);
}
