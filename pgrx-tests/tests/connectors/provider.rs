//! The vault's calls of payment service providers, against the sandbox of one.

use std::sync::Arc;

use serde_json::{Value, json};
use vault_tests::sandbox::SandboxProvider;

use crate::caller::{CARD_NUMBER, delete, kind_of, make, multi_use_order, order, rules};
use crate::connectors::{Account, CallRules, FaultKind, Kind, TokenOrder};

struct Provider {
    sandbox: SandboxProvider,
    account: Arc<Account>,
}

impl Provider {
    fn stripe() -> Provider {
        Provider::with(Kind::Stripe, |sandbox| {
            let settings = sandbox.stripe_settings();
            (settings, sandbox.secret_key.clone())
        })
    }

    fn template() -> Provider {
        Provider::with(Kind::HttpTemplate, |sandbox| {
            let settings = sandbox.template_settings();
            (settings, sandbox.template_credentials().to_string())
        })
    }

    fn with(kind: Kind, configure: impl Fn(&SandboxProvider) -> (Value, String)) -> Provider {
        let sandbox = SandboxProvider::start(env!("CARGO_BIN_EXE_sandbox-provider"));
        let (settings, credentials) = configure(&sandbox);
        let account = Account::parse(kind, &settings.to_string(), &credentials).unwrap();
        Provider {
            sandbox,
            account: Arc::new(account),
        }
    }

    fn rules(&self) -> CallRules {
        rules(&self.sandbox.address.to_string())
    }

    #[track_caller]
    fn assert_state(&self, expected: &[(&str, Value)]) {
        let state = self.sandbox.state();
        for (name, value) in expected {
            assert_eq!(state[*name], *value, "{name}");
        }
        assert_eq!(state["violations"], json!([]));
    }
}

/// The order that a second customer of the same vault customer would show.
fn second_order() -> TokenOrder {
    TokenOrder {
        reference: "job_2".to_owned(),
        ..multi_use_order()
    }
}

#[test]
fn stripe_makes_a_token_for_one_use() {
    let provider = Provider::stripe();
    let made = make(&provider.account, order(), provider.rules()).unwrap();
    assert!(made.token.starts_with("pm_"));
    assert_eq!(made.connector_customer_id, None);
    provider.assert_state(&[("tokens_made", 1.into()), ("attached", 0.into())]);
}

#[test]
fn stripe_attaches_the_tokens_of_a_customer_to_one_customer_of_its_own() {
    let provider = Provider::stripe();
    let first = make(&provider.account, multi_use_order(), provider.rules()).unwrap();
    let again = make(&provider.account, multi_use_order(), provider.rules()).unwrap();
    assert_eq!(first.token, again.token);
    let second = make(&provider.account, second_order(), provider.rules()).unwrap();
    assert_eq!(first.connector_customer_id, second.connector_customer_id);
    provider.assert_state(&[
        ("tokens_by_reference", json!({"job_1": 1, "job_2": 1})),
        ("attached", 2.into()),
        ("customers", 1.into()),
    ]);
    delete(&provider.account, &first.token, provider.rules()).unwrap();
    delete(&provider.account, &first.token, provider.rules()).unwrap();
    provider.assert_state(&[("deleted", 1.into())]);
}

#[test]
fn a_try_after_each_kind_of_end_makes_one_token() {
    for provider in [Provider::stripe(), Provider::template()] {
        for behaviour in [
            json!({"status": 503}),
            json!({"status": 500, "carried_out": true}),
            json!({"hang_up": "before"}),
            json!({"hang_up": "middle"}),
            json!({"nonsense": true}),
            json!({"without_token": true}),
            json!({"card_as_token": true}),
            json!({"status": 429, "retry_after": 1}),
        ] {
            provider.sandbox.behave(&behaviour);
            let fault = make(&provider.account, multi_use_order(), provider.rules())
                .map(drop)
                .unwrap_err();
            assert!(fault.is_worth_another_try(), "{behaviour} {fault:?}");
        }
        provider.sandbox.behave_well();
        make(&provider.account, multi_use_order(), provider.rules()).unwrap();
        provider.assert_state(&[
            ("tokens_by_reference", json!({"job_1": 1})),
            ("customers", 1.into()),
        ]);
    }
}

#[test]
fn a_refusal_that_repeats_the_card_is_final() {
    for provider in [Provider::stripe(), Provider::template()] {
        provider
            .sandbox
            .behave(&json!({"echo_card_in_error": true}));
        let fault = make(&provider.account, order(), provider.rules()).map(drop);
        let fault = fault.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Refused);
        assert!(!fault.is_worth_another_try());
        assert!(!format!("{fault} {fault:?}").contains(CARD_NUMBER));
        provider.assert_state(&[("tokens_made", 0.into())]);
    }
}

#[test]
fn a_template_makes_and_deletes_tokens() {
    let provider = Provider::template();
    let mut order = multi_use_order();
    order.card.holder_name = Some("Zoë \"O'Neil\"\n\\ {{card_number}}".to_owned());
    let made = make(&provider.account, order, provider.rules()).unwrap();
    assert!(made.token.starts_with("tok_"));
    assert!(made.connector_customer_id.unwrap().starts_with("cus_"));
    delete(&provider.account, &made.token, provider.rules()).unwrap();
    delete(&provider.account, &made.token, provider.rules()).unwrap();
    provider.assert_state(&[("tokens_made", 1.into()), ("deleted", 1.into())]);
}

#[test]
fn a_template_leaves_out_what_a_card_has_not() {
    let provider = Provider::template();
    let mut order = order();
    order.card.holder_name = None;
    make(&provider.account, order, provider.rules()).unwrap();
    provider.assert_state(&[("tokens_made", 1.into())]);
}

#[test]
fn a_wrong_secret_is_refused_by_the_provider() {
    let provider = Provider::stripe();
    let settings = provider.sandbox.stripe_settings().to_string();
    let account = Account::parse(Kind::Stripe, &settings, "sk_test_another").unwrap();
    let result = make(&Arc::new(account), order(), provider.rules());
    assert_eq!(kind_of(result), FaultKind::CredentialsRefused);
    assert_eq!(provider.sandbox.violations().len(), 1);
}
