use serde_json::{Value, json};

use super::*;
use crate::contract::json::from_slice;

const TODAY: YearMonth = YearMonth {
    year: 2026,
    month: 4,
};

fn create(body: &Value) -> Result<NewPaymentMethod, Refusal> {
    from_slice::<PaymentMethodCreate>(body.to_string().as_bytes())?.into_valid(TODAY)
}

fn refusal(body: &Value) -> Refusal {
    create(body).err().unwrap()
}

fn message(body: &Value) -> String {
    refusal(body).to_string()
}

fn card() -> Value {
    json!({
        "payment_method_type": "card",
        "customer_id": "12345_cus_1",
        "payment_method_data": {"card": {
            "card_number": "4111111111111111",
            "card_exp_month": "03",
            "card_exp_year": "2030",
        }},
    })
}

fn ach() -> Value {
    json!({
        "payment_method_type": "bank_debit",
        "payment_method_subtype": "ach",
        "customer_id": "12345_cus_1",
        "payment_method_data": {"bank_debit": {"ach": {
            "account_number": "000123456789",
            "routing_number": "110000000",
            "bank_account_holder_name": "John Doe",
            "bank_type": "checking",
            "bank_holder_type": "personal",
            "bank_name": "Test Bank",
        }}},
    })
}

/// Sets one member, named by its JSON pointer.
fn with(mut body: Value, pointer: &str, value: impl Into<Value>) -> Value {
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[member] = value.into();
    body
}

fn without(mut body: Value, pointer: &str) -> Value {
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().remove(member).unwrap();
    body
}

fn summary(body: &Value) -> Value {
    serde_json::to_value(create(body).ok().unwrap().summary).unwrap()
}

/// The longest create in the documents that the contract is made of, with an expiry to come.
#[test]
fn a_create_with_every_member_is_taken() {
    let body = json!({
        "payment_method_type": "card",
        "payment_method_subtype": "ach",
        "metadata": {},
        "customer_id": "12345_cus_01926c58bc6e77c09e809964e72af8c8",
        "payment_method_data": {"card": {
            "card_number": "4111111145551142",
            "card_exp_month": "10",
            "card_exp_year": "26",
            "card_holder_name": "John Doe",
            "nick_name": "John Doe",
            "card_issuing_country": "AF",
            "card_network": "Visa",
            "card_issuer": "<string>",
            "card_type": "credit",
            "card_cvc": "242",
        }},
        "billing": {
            "address": {
                "city": "New York",
                "country": "AF",
                "line1": "123, King Street",
                "line2": "Powelson Avenue",
                "line3": "Bridgewater",
                "zip": "08807",
                "state": "New York",
                "first_name": "John",
                "last_name": "Doe",
            },
            "phone": {"number": "9123456789", "country_code": "+1"},
            "email": "<string>",
        },
        "network_tokenization": {"enable": "Enable"},
        "storage_type": "persistent",
    });
    let created = create(&body).ok().unwrap();
    assert_eq!(
        created.storage,
        Storage::Persistent(CustomerId::from_client(
            "12345_cus_01926c58bc6e77c09e809964e72af8c8"
        ))
    );
    assert_eq!(created.card_cvc.unwrap().expose(), "242");
    assert_eq!(created.payment_method_type, PaymentMethodType::Card);
    assert_eq!(created.payment_method_subtype.as_deref(), Some("ach"));
    assert!(created.network_tokenization);
    assert_eq!(
        serde_json::to_value(created.summary).unwrap(),
        json!({
            "payment_method_data": {"card": {
                "issuer_country": "AF",
                "last4_digits": "1142",
                "expiry_month": "10",
                "expiry_year": "26",
                "card_holder_name": "John Doe",
                "card_fingerprint": null,
                "nick_name": "John Doe",
                "card_network": "Visa",
                "card_isin": "411111",
                "card_issuer": "<string>",
                "card_type": "credit",
                "saved_to_locker": true,
            }},
            "billing": {
                "address": {
                    "city": "New York",
                    "country": "AF",
                    "line1": "123, King Street",
                    "line2": "Powelson Avenue",
                    "line3": "Bridgewater",
                    "zip": "08807",
                    "state": "New York",
                    "first_name": "John",
                    "last_name": "Doe",
                    "origin_zip": null,
                },
                "phone": {"number": "9123456789", "country_code": "+1"},
                "email": "<string>",
            },
            "metadata": {},
            "network_transaction_id": null,
            "acknowledgement_status": null,
        })
    );
}

#[test]
fn a_summary_holds_neither_number_nor_cvc() {
    let body = with(card(), "/payment_method_data/card/card_cvc", "7379");
    let summary = summary(&body).to_string();
    assert!(!summary.contains("4111111111"));
    assert!(!summary.contains("7379"));
    let Instrument::Card(instrument) = create(&body).ok().unwrap().instrument else {
        panic!("not a card");
    };
    assert_eq!(instrument.number.expose(), "4111111111111111");
    assert_eq!(instrument.expiry.year(), "2030");
}

#[test]
fn a_bank_debit_shows_the_last_digits_of_its_numbers() {
    assert_eq!(
        summary(&ach())["payment_method_data"],
        json!({"bank_debit": {"ach_bank_debit": {
            "account_number_last4_digits": "6789",
            "routing_number_last4_digits": "0000",
            "bank_account_holder_name": "John Doe",
            "bank_name": "Test Bank",
            "bank_type": "checking",
            "bank_holder_type": "personal",
        }}})
    );
}

#[test]
fn types_that_the_vault_does_not_store_are_refused() {
    for kind in PaymentMethodType::ALL {
        let body = with(card(), "/payment_method_subtype", ACH);
        let body = with(body, "/payment_method_type", kind.as_str());
        let expected = match kind {
            PaymentMethodType::Card => None,
            PaymentMethodType::BankDebit => Some(Refusal::InvalidPaymentMethodData),
            _ => Some(Refusal::InvalidPaymentMethodType),
        };
        assert_eq!(create(&body).err(), expected, "{kind:?}");
    }
    let unknown = message(&with(card(), "/payment_method_type", "4111111111111111"));
    assert!(unknown.starts_with("Json deserialize error: unknown variant, expected one of `card`"));
}

#[test]
fn types_that_the_vault_does_not_store_are_refused_whatever_their_data() {
    let with_data = |data: &str| {
        format!(
            r#"{{"payment_method_data":{data},"payment_method_type":"wallet","customer_id":"c"}}"#
        )
    };
    let create = |body: &str| {
        from_slice::<PaymentMethodCreate>(body.as_bytes())
            .and_then(|create| create.into_valid(TODAY))
            .err()
            .unwrap()
    };
    for data in [
        "{}",
        "null",
        "\"x\"",
        "[7]",
        r#"{"wallet":{"apple_pay":{"token":"x"}}}"#,
        r#"{"card":7}"#,
        r#"{"card":{"card_number":7}}"#,
    ] {
        assert_eq!(
            create(&with_data(data)),
            Refusal::InvalidPaymentMethodType,
            "{data}"
        );
    }
    assert_eq!(
        create(r#"{"payment_method_type":"wallet"}"#),
        Refusal::InvalidPaymentMethodType
    );
    // All but the data must still be what a create is made of.
    for body in [
        r#"{"payment_method_type":"wallet","payment_method_data":{},"x":1}"#,
        r#"{"payment_method_type":"wallet","payment_method_data":{},"customer_id":1}"#,
        r#"{"payment_method_type":"card","customer_id":"c"}"#,
    ] {
        assert!(matches!(create(body), Refusal::Json { .. }), "{body}");
    }
}

#[test]
fn data_must_be_of_the_type_and_of_one_kind() {
    let card_data = card()["payment_method_data"]["card"].clone();
    for body in [
        with(ach(), "/payment_method_type", "card"),
        with(ach(), "/payment_method_data/card", card_data.clone()),
        with(card(), "/payment_method_data", json!({})),
        with(card(), "/payment_method_data/card", json!(null)),
        with(card(), "/payment_method_data", json!({"wallet": {}})),
    ] {
        assert_eq!(refusal(&body), Refusal::InvalidPaymentMethodData);
    }
}

#[test]
fn only_a_card_that_is_kept_can_have_connector_tokens() {
    let psp = json!({"tokenization_type": "single_use", "connector_id": "mca_1"});
    let asked = create(&with(card(), "/psp_tokenization", psp.clone()))
        .ok()
        .unwrap();
    let asked = asked.psp_tokenization.unwrap();
    assert_eq!(asked.connector_id, "mca_1");
    assert_eq!(asked.tokenization_type, TokenType::SingleUse);
    let volatile = with(card(), "/storage_type", "volatile");
    for body in [ach(), volatile] {
        assert_eq!(
            refusal(&with(body, "/psp_tokenization", psp.clone())),
            Refusal::PspTokenizationNotSupported
        );
    }
    let long = json!({"tokenization_type": "single_use", "connector_id": "a".repeat(256)});
    assert!(message(&with(card(), "/psp_tokenization", long)).contains("connector_id"));
}

#[test]
fn a_customer_is_required_unless_the_method_is_volatile() {
    let nobodys = without(card(), "/customer_id");
    for body in [
        nobodys.clone(),
        with(nobodys.clone(), "/storage_type", "persistent"),
    ] {
        assert_eq!(refusal(&body), Refusal::MissingCustomerId);
    }
    let storage = |body| create(&with(body, "/storage_type", "volatile")).map(|new| new.storage);
    assert_eq!(storage(nobodys), Ok(Storage::Volatile(None)));
    let customer = Some(CustomerId::from_client("12345_cus_1"));
    assert_eq!(storage(card()), Ok(Storage::Volatile(customer)));
}

#[test]
fn rules_are_checked_in_the_contracts_order() {
    let mut body = with(card(), "/payment_method_type", "wallet");
    body = with(without(body, "/customer_id"), "/payment_method_subtype", "");
    body = with(body, "/payment_method_data/card/card_number", "4");
    body = with(body, "/payment_method_data/card/card_exp_month", "13");
    body = with(body, "/payment_method_data/card/card_cvc", "1");
    for member in ["card_holder_name", "nick_name", "card_issuer"] {
        let pointer = format!("/payment_method_data/card/{member}");
        body = with(body, &pointer, "a".repeat(256));
    }
    body = with(
        body,
        "/payment_method_data/card/card_issuing_country",
        "USA",
    );
    body = with(body, "/billing", json!({"email": "a".repeat(320)}));

    assert_eq!(refusal(&body), Refusal::InvalidPaymentMethodType);
    body = with(body, "/payment_method_type", "card");
    assert!(message(&body).starts_with("`payment_method_subtype`"));
    body = with(body, "/payment_method_subtype", "credit");
    assert_eq!(refusal(&body), Refusal::MissingCustomerId);
    body = with(body, "/customer_id", "12345_cus_1");
    let bank_debit = ach()["payment_method_data"]["bank_debit"].clone();
    body = with(body, "/payment_method_data/bank_debit", bank_debit);
    assert_eq!(refusal(&body), Refusal::InvalidPaymentMethodData);
    body = without(body, "/payment_method_data/bank_debit");
    assert_eq!(refusal(&body), Refusal::CardNumberLength);
    body = with(
        body,
        "/payment_method_data/card/card_number",
        "4111111111111111",
    );
    assert_eq!(refusal(&body), Refusal::ExpiryMonth);
    body = with(body, "/payment_method_data/card/card_exp_month", "12");
    for (member, value) in [
        ("card_holder_name", ""),
        ("nick_name", ""),
        ("card_issuing_country", "US"),
        ("card_issuer", ""),
        ("card_cvc", "123"),
    ] {
        assert!(message(&body).starts_with(&format!("`{member}`")));
        body = with(body, &format!("/payment_method_data/card/{member}"), value);
    }
    assert!(message(&body).starts_with("`billing.email`"));
    body = with(body, "/billing/email", "a");
    assert!(create(&body).is_ok());
}

#[test]
fn a_subtype_is_optional_for_a_card_and_that_of_the_scheme_for_a_bank_debit() {
    assert!(create(&with(card(), "/payment_method_subtype", "a".repeat(255))).is_ok());
    for subtype in [String::new(), "a".repeat(256), "Credit".into()] {
        assert_eq!(
            message(&with(card(), "/payment_method_subtype", subtype)),
            "`payment_method_subtype` must be 1 to 255 lower-case letters, digits or underscores"
        );
    }
    assert_eq!(
        message(&without(ach(), "/payment_method_subtype")),
        "`payment_method_subtype` must be given for a bank debit"
    );
    assert_eq!(
        refusal(&with(ach(), "/payment_method_subtype", "sepa")),
        Refusal::InvalidPaymentMethodData
    );
}

#[test]
fn card_refusals_are_those_of_the_contract() {
    let refused = |member: &str, value: &str| {
        let pointer = format!("/payment_method_data/card/{member}");
        refusal(&with(card(), &pointer, value))
    };
    assert_eq!(
        refused("card_number", "4111-1111-1111-1111"),
        Refusal::CardNumberCharacter
    );
    assert_eq!(refused("card_number", "4111111"), Refusal::CardNumberLength);
    assert_eq!(
        refused("card_number", "4111111111111112"),
        Refusal::CardNumberChecksum
    );
    let field = "card_exp_month";
    assert_eq!(refused(field, "x"), Refusal::NotANumber { field });
    assert_eq!(refused(field, "13"), Refusal::ExpiryMonth);
    assert_eq!(refused("card_exp_year", "2025"), Refusal::ExpiryYear);
    assert_eq!(refused("card_exp_year", "2026"), Refusal::CardExpired);
    assert_eq!(
        refused("card_issuing_country", "XX").to_string(),
        "`card_issuing_country` must be an ISO 3166-1 alpha-2 country code"
    );
}

#[test]
fn every_text_is_taken_at_its_limit_and_refused_one_over() {
    let card_with_billing = || {
        with(
            card(),
            "/billing",
            json!({"address": {}, "phone": {}, "email": null}),
        )
    };
    let limits = [
        (
            "/payment_method_data/card/card_holder_name",
            "card_holder_name",
            255,
        ),
        ("/payment_method_data/card/nick_name", "nick_name", 255),
        ("/payment_method_data/card/card_issuer", "card_issuer", 255),
        ("/billing/address/line1", "billing.address.line1", 255),
        ("/billing/phone/number", "billing.phone.number", 255),
        (
            "/billing/phone/country_code",
            "billing.phone.country_code",
            8,
        ),
        ("/billing/email", "billing.email", 319),
    ];
    for (pointer, field, limit) in limits {
        let body = |length: usize| with(card_with_billing(), pointer, "a".repeat(length));
        for length in [0, limit] {
            assert!(create(&body(length)).is_ok(), "{field} of {length}");
        }
        assert_eq!(
            message(&body(limit + 1)),
            format!("`{field}` must be at most {limit} characters long")
        );
    }
    for member in ["bank_account_holder_name", "bank_name"] {
        let pointer = format!("/payment_method_data/bank_debit/ach/{member}");
        let body = |length: usize| with(ach(), &pointer, "a".repeat(length));
        for length in [0, 255] {
            assert!(create(&body(length)).is_ok(), "{member} of {length}");
        }
        assert_eq!(
            message(&body(256)),
            format!("`{member}` must be at most 255 characters long")
        );
    }
}

#[test]
fn required_members_are_missed_by_name() {
    for (body, pointer) in [
        (card(), "/payment_method_type"),
        (card(), "/payment_method_data"),
        (card(), "/payment_method_data/card/card_number"),
        (card(), "/payment_method_data/card/card_exp_month"),
        (card(), "/payment_method_data/card/card_exp_year"),
        (ach(), "/payment_method_data/bank_debit/ach"),
        (ach(), "/payment_method_data/bank_debit/ach/account_number"),
        (ach(), "/payment_method_data/bank_debit/ach/routing_number"),
    ] {
        let member = pointer.rsplit('/').next().unwrap();
        let message = message(&without(body, pointer));
        let expected = format!("Json deserialize error: missing field `{member}` at line 1");
        assert!(message.starts_with(&expected), "{message}");
    }
}

/// Every object of a create, by its JSON pointer.
fn objects() -> [(Value, &'static str); 9] {
    let full = |body: Value| {
        let body = with(
            body,
            "/billing",
            json!({"address": {}, "phone": {"number": "1"}}),
        );
        with(body, "/network_tokenization", json!({"enable": "Skip"}))
    };
    [
        (full(card()), ""),
        (full(card()), "/payment_method_data"),
        (full(card()), "/payment_method_data/card"),
        (full(ach()), "/payment_method_data/bank_debit"),
        (full(ach()), "/payment_method_data/bank_debit/ach"),
        (full(card()), "/billing"),
        (full(card()), "/billing/address"),
        (full(card()), "/billing/phone"),
        (full(card()), "/network_tokenization"),
    ]
}

#[test]
fn other_members_are_refused_at_the_top_and_ignored_further_in() {
    for (body, pointer) in objects() {
        let expected = summary(&body);
        for value in [json!(1), json!({"a": [null]}), json!("4111111111111111")] {
            let body = with(body.clone(), &format!("{pointer}/4111111111111111"), value);
            if pointer.is_empty() {
                let message = message(&body);
                assert!(
                    message.starts_with("Json deserialize error: unknown field, expected"),
                    "{message}"
                );
                assert!(!message.contains("4111"), "{message}");
            } else {
                assert_eq!(summary(&body), expected, "{pointer}");
            }
        }
    }
}

#[test]
fn no_object_is_read_from_an_array_of_its_values() {
    for (mut body, pointer) in objects() {
        let object = body.pointer_mut(pointer).unwrap();
        *object = object.as_object().unwrap().values().cloned().collect();
        let message = message(&body);
        assert!(
            message.contains("expected an object at line 1"),
            "{pointer}: {message}"
        );
    }
}

#[test]
fn numbers_are_not_taken_for_strings_and_are_not_repeated() {
    for member in [
        "card_number",
        "card_exp_month",
        "card_exp_year",
        "card_holder_name",
        "nick_name",
        "card_issuing_country",
        "card_network",
        "card_issuer",
        "card_type",
        "card_cvc",
    ] {
        let pointer = format!("/payment_method_data/card/{member}");
        let message = message(&with(card(), &pointer, 4_111_111_111_111_111_u64));
        assert!(
            message.starts_with("Json deserialize error: invalid type, expected a string"),
            "{message}"
        );
        assert!(!message.contains("4111"), "{message}");
    }
}

#[test]
fn metadata_is_an_object() {
    assert_eq!(
        summary(&with(card(), "/metadata", json!({"a": [1, 2]})))["metadata"],
        json!({"a": [1, 2]})
    );
    for value in [json!([]), json!("x"), json!(1)] {
        assert!(create(&with(card(), "/metadata", value)).is_err());
    }
}
