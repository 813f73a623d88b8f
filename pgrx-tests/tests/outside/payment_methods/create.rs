//! Cards that are stored, and the answers.

use serde_json::{Value, json};
use vault_tests::{Card, Tenant};

use super::{billing, full_request};
use crate::support::{PAYMENT_METHOD_ID, TIME, has_form};

#[test]
fn a_stored_card_is_answered_with_every_member_in_order() {
    let tenant = Tenant::new();
    let card = Card::new();
    let customer = tenant.customer();

    let answer = tenant.post("/v2/payment-methods", &full_request(&card, &customer));

    let body = answer.ok();
    let data = &body["payment_method_data"]["card"];
    has_form(&body["id"], PAYMENT_METHOD_ID);
    has_form(&body["created"], TIME);
    has_form(&body["last_used_at"], TIME);
    has_form(&body["card_cvc_token_storage"]["expires_at"], TIME);
    has_form(&data["card_fingerprint"], r"\S{16,}");
    let expected = json!({
        "id": body["id"],
        "merchant_id": tenant.merchant,
        "customer_id": customer,
        "payment_method_type": "card",
        "payment_method_subtype": "credit",
        "recurring_enabled": false,
        "created": body["created"],
        "last_used_at": body["last_used_at"],
        "payment_method_data": {"card": {
            "issuer_country": "AF",
            "last4_digits": card.last_four(),
            "expiry_month": card.month,
            "expiry_year": card.year,
            "card_holder_name": "John Doe",
            "card_fingerprint": data["card_fingerprint"],
            "nick_name": "Johnny",
            "card_network": "Visa",
            "card_isin": card.first_six(),
            "card_issuer": "First Bank",
            "card_type": "credit",
            "saved_to_locker": true,
        }},
        "connector_tokens": null,
        "network_token": null,
        "storage_type": "persistent",
        "card_cvc_token_storage": {"is_stored": true, "expires_at": body["card_cvc_token_storage"]["expires_at"]},
        "network_transaction_id": null,
        "raw_payment_method_data": null,
        "billing": billing(),
        "acknowledgement_status": null,
        "metadata": {"order": "7"},
    });
    assert_eq!(answer.text, expected.to_string());
}

#[test]
fn a_card_with_nothing_optional_gets_its_network_from_the_number_and_nulls_for_the_rest() {
    let tenant = Tenant::new();
    let card = Card::new();
    let customer = tenant.customer();

    let body = tenant
        .post("/v2/payment-methods", &card.create_for(&customer))
        .ok();

    let data = &body["payment_method_data"]["card"];
    let expected = json!({
        "issuer_country": null, "last4_digits": card.last_four(), "expiry_month": card.month,
        "expiry_year": card.year, "card_holder_name": null, "card_fingerprint": data["card_fingerprint"],
        "nick_name": null, "card_network": "Visa", "card_isin": card.first_six(), "card_issuer": null,
        "card_type": null, "saved_to_locker": true,
    });
    assert_eq!(data.to_string(), expected.to_string());
    assert_eq!(body["payment_method_subtype"], Value::Null);
    assert_eq!(body["storage_type"], "persistent");
    assert_eq!(
        (&body["billing"], &body["metadata"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn the_network_follows_the_published_ranges() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let ranges = [
        ("4", 16, "Visa"),
        ("4", 13, "Visa"),
        ("4", 19, "Visa"),
        ("51", 16, "Mastercard"),
        ("55", 16, "Mastercard"),
        ("2221", 16, "Mastercard"),
        ("2720", 16, "Mastercard"),
        ("34", 15, "AmericanExpress"),
        ("37", 15, "AmericanExpress"),
        ("3528", 16, "JCB"),
        ("3589", 16, "JCB"),
        ("36", 14, "DinersClub"),
        ("6011", 16, "Discover"),
        ("62", 16, "UnionPay"),
    ];
    for (prefix, length, network) in ranges {
        let mut card = Card::starting_with(prefix, length);
        if network == "AmericanExpress" {
            card.cvc = vault_tests::card::cvc(4);
        }
        let body = tenant
            .post("/v2/payment-methods", &card.create_for(&customer))
            .ok();
        assert_eq!(
            body["payment_method_data"]["card"]["card_network"], network,
            "{prefix}… of {length} digits"
        );
    }
}

#[test]
fn the_callers_network_stands() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let networks = [
        "Visa",
        "Mastercard",
        "AmericanExpress",
        "JCB",
        "DinersClub",
        "Discover",
        "CartesBancaires",
        "UnionPay",
        "Interac",
        "RuPay",
        "Maestro",
        "Star",
        "Pulse",
        "Accel",
        "Nyce",
        "Prop",
        "PrivateLabel",
        "Dinacard",
    ];
    for network in networks {
        let mut request = Card::new().create_for(&customer);
        request["payment_method_data"]["card"]["card_network"] = json!(network);
        let body = tenant.post("/v2/payment-methods", &request).ok();
        assert_eq!(body["payment_method_data"]["card"]["card_network"], network);
    }
}

#[test]
fn white_space_in_the_number_is_no_part_of_it() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let card = Card::new();
    let id = tenant.store(&card, &customer);

    let (start, end) = card.number.split_at(4);
    let spaced = Card {
        number: format!(" {start} {end}\t"),
        ..card.clone()
    };
    let body = tenant
        .post("/v2/payment-methods", &spaced.create_for(&customer))
        .ok();

    assert_eq!(body["id"], id);
    assert_eq!(
        body["payment_method_data"]["card"]["last4_digits"],
        card.last_four()
    );
}

#[test]
fn numbers_of_8_to_19_digits_are_taken() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    for length in [8, 12, 13, 19] {
        let card = Card::starting_with("6", length);
        let body = tenant
            .post("/v2/payment-methods", &card.create_for(&customer))
            .ok();
        assert_eq!(
            body["payment_method_data"]["card"]["last4_digits"],
            card.last_four(),
            "{length} digits"
        );
    }
}

#[test]
fn the_expiry_is_answered_as_it_was_sent() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    for (month, year) in [("3", "2040"), ("03", "40"), ("12", "2040")] {
        let card = Card {
            month: month.into(),
            year: year.into(),
            ..Card::new()
        };
        let body = tenant
            .post("/v2/payment-methods", &card.create_for(&customer))
            .ok();
        let data = &body["payment_method_data"]["card"];
        assert_eq!(
            (&data["expiry_month"], &data["expiry_year"]),
            (&json!(month), &json!(year))
        );
    }
}

#[test]
fn a_card_is_good_until_the_end_of_its_month() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let now: Vec<String> = superuser
        .value(
            "select string_to_array(to_char(now() at time zone 'UTC', 'MM YYYY'), ' ')",
            &[],
        )
        .unwrap();
    let card = Card {
        month: now[0].clone(),
        year: now[1].clone(),
        ..Card::new()
    };

    tenant
        .post("/v2/payment-methods", &card.create_for(&tenant.customer()))
        .ok();
}

#[test]
fn a_subtype_of_a_bank_debit_on_a_card_is_echoed() {
    let tenant = Tenant::new();
    let mut request = Card::new().create_for(&tenant.customer());
    request["payment_method_subtype"] = json!("ach");

    assert_eq!(
        tenant.post("/v2/payment-methods", &request).ok()["payment_method_subtype"],
        "ach"
    );
}

#[test]
fn a_network_token_that_is_asked_for_is_null_while_the_profile_has_none() {
    let tenant = Tenant::new();
    for enable in ["Enable", "Skip"] {
        let mut request = Card::new().create_for(&tenant.customer());
        request["network_tokenization"] = json!({"enable": enable});
        assert_eq!(
            tenant.post("/v2/payment-methods", &request).ok()["network_token"],
            Value::Null
        );
    }
}
