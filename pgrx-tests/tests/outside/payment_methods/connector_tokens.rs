//! Connector tokens that a client brings.

use serde_json::{Value, json};
use vault_tests::{Card, Tenant};

use super::{path, tokens};

#[test]
fn a_connector_token_in_short_form_makes_an_entry_and_then_replaces_it() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());

    let first = tokens(
        &tenant,
        &id,
        json!({"token": "pm_9UhM", "connector_token_request_reference_id": "ref 1"}),
    )
    .ok();

    let entry = |token: &str, reference: &str| {
        json!([{
            "connector_id": null, "token_type": "multi_use", "status": "active", "token": token,
            "connector_token_request_reference_id": reference, "original_payment_authorized_amount": null,
            "original_payment_authorized_currency": null, "metadata": null, "connector_customer_id": null,
        }])
    };
    assert_eq!(
        first["connector_tokens"].to_string(),
        entry("pm_9UhM", "ref 1").to_string()
    );
    tokens(
        &tenant,
        &id,
        json!({"token": "pm_new", "connector_token_request_reference_id": "ref 2"}),
    )
    .ok();
    assert_eq!(
        tenant.get(&path(&id)).ok()["connector_tokens"].to_string(),
        entry("pm_new", "ref 2").to_string()
    );
}

/// A connector token with every member.
fn full_token(connector: &str, token: &str) -> Value {
    json!({
        "connector_id": connector, "token_type": "multi_use", "status": "active", "token": token,
        "connector_token_request_reference_id": "ref", "original_payment_authorized_amount": 1200,
        "original_payment_authorized_currency": "EUR", "metadata": {"k": "v"},
        "connector_customer_id": "cus_1",
    })
}

#[test]
fn a_connector_token_in_full_form_is_added_or_replaced_by_its_connector() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    let (one, two) = ("mca_aaaaaaaaaaaaaaaaaaaa", "mca_bbbbbbbbbbbbbbbbbbbb");

    let body = tokens(&tenant, &id, full_token(one, "token one")).ok();
    assert_eq!(
        body["connector_tokens"].to_string(),
        json!([full_token(one, "token one")]).to_string()
    );
    tokens(&tenant, &id, full_token(two, "token two")).ok();
    tokens(&tenant, &id, full_token(one, "token three")).ok();

    let mut entries = tenant.get(&path(&id)).ok()["connector_tokens"]
        .as_array()
        .unwrap()
        .clone();
    entries.sort_by_key(|entry| entry["connector_id"].to_string());
    assert_eq!(
        json!(entries),
        json!([full_token(one, "token three"), full_token(two, "token two")])
    );
}

#[test]
fn a_short_connector_token_among_several_is_ambiguous() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    tokens(&tenant, &id, full_token("mca_aaaaaaaaaaaaaaaaaaaa", "one")).ok();
    tokens(&tenant, &id, full_token("mca_bbbbbbbbbbbbbbbbbbbb", "two")).ok();
    let before = tenant.get(&path(&id)).text;

    let answer = tokens(
        &tenant,
        &id,
        json!({"token": "three", "connector_token_request_reference_id": "ref"}),
    );

    assert_eq!(
        (answer.status, answer.refusal().0.as_str()),
        (422, "IR_06"),
        "{}",
        answer.text
    );
    assert_eq!(tenant.get(&path(&id)).text, before);
}

#[test]
fn connector_tokens_lie_encrypted_in_the_tables() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    let token = vault_tests::random::name("tok");
    tokens(&tenant, &id, full_token("mca_aaaaaaaaaaaaaaaaaaaa", &token)).ok();

    let mut superuser = tenant.stack.superuser();
    for table in crate::support::tables(&mut superuser) {
        let found: i64 = superuser
            .value(
                &format!("select count(*) from vault.{table} t where strpos(t::text, $1) > 0"),
                &[&token],
            )
            .unwrap();
        assert_eq!(found, 0, "in vault.{table}");
    }
}
