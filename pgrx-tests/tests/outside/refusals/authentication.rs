//! Keys and profiles.

use vault_tests::tenant::unknown_key;
use vault_tests::{Card, Tenant};

use super::settled;
use crate::support::{UNAUTHENTICATED, holdings};

#[test]
fn a_request_without_any_key_is_not_authenticated() {
    let tenant = Tenant::new();
    tenant
        .send(
            &tenant
                .request("GET", "/v2/customers/list")
                .without("api-key"),
        )
        .refuses(401, "IR_01", UNAUTHENTICATED);
}

#[test]
fn keys_that_do_not_open_are_all_refused_alike() {
    let (tenant, ..) = settled();
    let before = holdings(&tenant.stack, &tenant.profile);
    let mut admin = tenant.admin();
    let (revoked_id, revoked) = tenant.new_key(&[]);
    admin
        .execute("select vault.revoke_api_key($1)", &[&revoked_id])
        .unwrap();
    let expired: String = admin
        .value(
            "select api_key from vault.create_api_key($1, 'old', '{}', now() - interval '1 second')",
            &[&tenant.merchant],
        )
        .unwrap();
    let strangers = Tenant::new().key;
    let good = &tenant.key;
    let keys = [
        unknown_key(),
        revoked,
        expired,
        strangers,
        "x".into(),
        good[..good.len() - 1].to_owned(),
        format!("{good}a"),
        good.to_uppercase(),
        "' or 1=1 --".into(),
    ];

    for key in keys {
        // Each from an address of its own: failures are counted, and must not lock this tenant out.
        let client = tenant.stack.client();
        let request = tenant
            .request("GET", "/v2/customers/list")
            .without("api-key")
            .header("api-key", &key);
        client.send(&request).refuses(401, "IR_01", UNAUTHENTICATED);
        let refused = tenant
            .stack
            .session(&vault_tests::tenant::login_role(
                &tenant.stack,
                &["vault_client"],
            ))
            .execute(
                "select vault.authenticate($1, $2)",
                &[&key, &tenant.profile],
            )
            .unwrap_err();
        assert_eq!(refused.pair(), ("28000", UNAUTHENTICATED));
    }
    assert_eq!(holdings(&tenant.stack, &tenant.profile), before);
}

#[test]
fn a_missing_profile_header_is_refused() {
    let tenant = Tenant::new();
    let request = tenant
        .request("GET", "/v2/customers/list")
        .without("x-profile-id");
    tenant
        .send(&request)
        .refuses(422, "IR_06", "Missing header key: `X-Profile-Id`");
}

#[test]
fn a_malformed_profile_header_is_refused() {
    let tenant = Tenant::new();
    let twice = format!("{0}, {0}", tenant.profile);
    let long = "a".repeat(65);
    for profile in [&twice, &long, "pro 1", "pro/1", "pro'1", "\u{fc}", "pro;1"] {
        let request = tenant
            .request("GET", "/v2/customers/list")
            .without("x-profile-id")
            .header("x-profile-id", profile);
        let answer = tenant.send(&request);
        assert_eq!(
            answer.refusal().1,
            "`X-Profile-Id` header is invalid",
            "{profile:?}"
        );
        answer.refuses(422, "IR_06", "`X-Profile-Id` header is invalid");
    }
}

#[test]
fn an_unknown_profile_is_not_told_from_a_wrong_key() {
    let tenant = Tenant::new();
    for profile in ["pro_aaaaaaaaaaaaaaaaaaaa", "a", &"a".repeat(64)] {
        let request = tenant
            .request("GET", "/v2/customers/list")
            .without("x-profile-id")
            .header("x-profile-id", profile);
        tenant
            .stack
            .client()
            .send(&request)
            .refuses(401, "IR_01", UNAUTHENTICATED);
    }
}

#[test]
fn the_body_is_judged_before_the_key_and_the_key_before_the_fields() {
    let tenant = Tenant::new();
    let stranger = |body: &str| {
        let request = tenant
            .request("POST", "/v2/customers")
            .without("api-key")
            .body(body);
        tenant.stack.client().send(&request)
    };
    stranger(&" ".repeat(32_769)).refuses(413, "IR_06", "Request body is larger than 32768 bytes");
    stranger("{").refuses_like(
        400,
        "IR_06",
        "Json deserialize error: .* at line 1 column 1",
    );
    stranger(r#"{"name":"","email":"nonsense"}"#).refuses(401, "IR_01", UNAUTHENTICATED);
}

#[test]
fn a_role_without_a_profile_is_refused_every_operation() {
    let (tenant, customer, method) = settled();
    let role = vault_tests::tenant::login_role(&tenant.stack, &["vault_client", "vault_reveal"]);
    let mut stranger = tenant.stack.session(&role);
    let person = vault_tests::tenant::customer();
    let card = Card::new().create_for(&customer);
    let calls: [(&str, Vec<vault_tests::sql::Parameter>); 12] = [
        ("create_customer($1)", vec![&person]),
        ("retrieve_customer($1)", vec![&customer]),
        ("retrieve_customer_by_reference($1)", vec![&customer]),
        ("update_customer($1, '{}')", vec![&customer]),
        ("delete_customer($1)", vec![&customer]),
        ("list_customers()", vec![]),
        ("create_payment_method($1)", vec![&card]),
        ("retrieve_payment_method($1, true)", vec![&method]),
        ("update_payment_method($1, '{}')", vec![&method]),
        ("delete_payment_method($1)", vec![&method]),
        ("list_payment_methods($1)", vec![&customer]),
        (
            "set_default_payment_method($1, $2)",
            vec![&customer, &method],
        ),
    ];
    for (operation, parameters) in calls {
        let refused = stranger.call(operation, &parameters).unwrap_err();
        assert_eq!(refused.sqlstate, "28000", "{operation}: {refused:?}");
    }
}
