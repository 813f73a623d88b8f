use serde_json::{Value, json};

use super::*;
use crate::contract::json::from_slice;

fn create(body: &Value) -> Result<NewCustomer, Refusal> {
    from_slice::<CustomerCreate>(body.to_string().as_bytes())?.into_valid()
}

fn update(body: &Value) -> Result<CustomerChanges, Refusal> {
    from_slice::<CustomerUpdate>(body.to_string().as_bytes())?.into_valid()
}

fn refusal<T>(result: Result<T, Refusal>) -> String {
    result.err().unwrap().to_string()
}

fn minimal() -> Value {
    json!({"name": "John Doe", "email": "guest@example.com"})
}

fn with(mut body: Value, member: &str, value: impl Into<Value>) -> Value {
    body[member] = value.into();
    body
}

#[test]
fn name_and_email_suffice() {
    let customer = create(&minimal()).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(customer.details.name, "John Doe");
    assert_eq!(customer.details.email, "guest@example.com");
    assert_eq!(customer.merchant_reference_id, None);
    assert!(customer.details.metadata.is_none());
}

#[test]
fn name_and_email_are_required() {
    for member in ["name", "email"] {
        let mut body = minimal();
        body.as_object_mut().unwrap().remove(member);
        let message = refusal(create(&body));
        assert!(
            message.starts_with(&format!(
                "Json deserialize error: missing field `{member}` at line 1"
            )),
            "{message}"
        );
    }
}

#[test]
fn no_other_members_are_taken() {
    let message = refusal(create(&with(minimal(), "card", "x")));
    assert!(message.starts_with("Json deserialize error: unknown field, expected one of"));
    for member in ["merchant_reference_id", "id", "card"] {
        let message = refusal(update(&json!({member: "x"})));
        assert!(message.starts_with("Json deserialize error: unknown field, expected one of"));
    }
}

#[test]
fn the_reference_is_trimmed() {
    let customer = create(&with(minimal(), "merchant_reference_id", " ref-1\n"));
    assert_eq!(
        customer.ok().unwrap().merchant_reference_id.as_deref(),
        Some("ref-1")
    );
    let message = refusal(create(&with(minimal(), "merchant_reference_id", "  ")));
    assert_eq!(
        message,
        "`merchant_reference_id` must be 1 to 64 letters, digits, underscores or hyphens"
    );
}

#[test]
fn every_field_is_taken_at_its_limit_and_refused_one_over() {
    let limits = [
        ("name", "at most 255 characters long", 0, 255),
        ("phone", "at most 255 characters long", 0, 255),
        ("phone_country_code", "at most 8 characters long", 0, 8),
        ("description", "1 to 255 characters long", 1, 255),
        ("tax_registration_id", "at most 255 characters long", 0, 255),
    ];
    for (member, rule, min, max) in limits {
        let text = |length: usize| "a".repeat(length);
        for length in [0, 1, max, max + 1] {
            let created = create(&with(minimal(), member, text(length))).map(|_| ());
            let updated = update(&json!({member: text(length)})).map(|_| ());
            assert_eq!(created, updated, "{member}");
            if (min..=max).contains(&length) {
                assert_eq!(created, Ok(()), "{member} of {length}");
            } else {
                assert_eq!(refusal(created), format!("`{member}` must be {rule}"));
            }
        }
    }
    let reference = |length: usize| {
        create(&with(
            minimal(),
            "merchant_reference_id",
            "a".repeat(length),
        ))
    };
    assert!(reference(64).is_ok());
    for length in [0, 65] {
        let expected =
            "`merchant_reference_id` must be 1 to 64 letters, digits, underscores or hyphens";
        assert_eq!(refusal(reference(length)), expected);
    }
    let email = |length: usize| format!("{}@b.co", "a".repeat(length - 5));
    assert!(create(&with(minimal(), "email", email(319))).is_ok());
    assert_eq!(
        refusal(create(&with(minimal(), "email", email(320)))),
        "`email` must be 1 to 319 characters long"
    );
    assert_eq!(
        refusal(create(&with(minimal(), "email", "guest"))),
        "`email` must be an e-mail address"
    );
}

#[test]
fn addresses_are_checked_where_they_stand() {
    for member in ["default_billing_address", "default_shipping_address"] {
        assert!(create(&with(minimal(), member, json!({"country": "US"}))).is_ok());
        assert_eq!(
            refusal(create(&with(minimal(), member, json!({"country": "us"})))),
            format!("`{member}.country` must be an ISO 3166-1 alpha-2 country code")
        );
        let strange = with(minimal(), member, json!({"planet": "Earth", "line2": ""}));
        let details = create(&strange).ok().unwrap().details;
        let addresses = [
            details.default_billing_address,
            details.default_shipping_address,
        ];
        let address = addresses.into_iter().flatten().next().unwrap();
        assert_eq!(address.line2.as_deref(), Some(""));
        assert!(create(&with(minimal(), member, json!(["San Francisco"]))).is_err());
    }
}

#[test]
fn metadata_is_an_object() {
    let customer = create(&with(minimal(), "metadata", json!({"a": 1})));
    assert_eq!(
        customer.ok().unwrap().details.metadata.unwrap().as_json(),
        r#"{"a":1}"#
    );
    for value in [json!([]), json!("x"), json!(1)] {
        assert!(create(&with(minimal(), "metadata", value)).is_err());
    }
}

#[test]
fn wrong_types_are_refused() {
    for member in minimal().as_object().unwrap().keys() {
        for value in [json!(1), json!(true), json!({}), json!(["a"]), json!(null)] {
            assert!(create(&with(minimal(), member, value)).is_err(), "{member}");
        }
    }
}

#[test]
fn an_update_changes_what_it_names_and_leaves_the_rest() {
    let body = with(
        with(minimal(), "phone", "999999999"),
        "metadata",
        json!({"a": 1}),
    );
    let details = create(&body).ok().unwrap().details;
    let changes = update(&json!({
        "name": "Jane Doe",
        "phone": null,
        "default_payment_method_id": "12345_pm_1"
    }));
    let changes = changes.ok().unwrap();
    assert_eq!(
        changes.default_payment_method_id,
        Some(PaymentMethodId::from_client("12345_pm_1"))
    );
    let details = details.apply(changes);
    assert_eq!(details.name, "Jane Doe");
    assert_eq!(details.email, "guest@example.com");
    assert_eq!(details.phone.as_deref(), Some("999999999"));
    assert_eq!(details.metadata.unwrap().as_json(), r#"{"a":1}"#);
}

#[test]
fn document_details_are_an_object_or_null_and_not_kept() {
    let document = json!({"document_type": "cpf", "document_number": "12345678909"});
    for value in [json!(null), json!({}), document] {
        let customer = create(&with(minimal(), "document_details", value.clone()));
        let kept = serde_json::to_string(&customer.ok().unwrap().details).unwrap();
        assert!(!kept.contains("document") && !kept.contains("12345678909"));
        assert!(update(&json!({"document_details": value})).is_ok());
    }
    for value in [json!([]), json!("12345678909"), json!(1), json!(true)] {
        let created = refusal(create(&with(minimal(), "document_details", value.clone())));
        let updated = refusal(update(&json!({"document_details": value})));
        for message in [created, updated] {
            assert!(
                message.contains("expected an object at line 1"),
                "{message}"
            );
            assert!(!message.contains("12345678909"), "{message}");
        }
    }
}

#[test]
fn fields_are_checked_in_the_contracts_order() {
    let broken = [
        ("name", json!("a".repeat(256)), json!("Jane")),
        ("email", json!("guest"), json!("a@b")),
        ("merchant_reference_id", json!("a b"), json!("ref")),
        ("phone", json!("1".repeat(256)), json!("1")),
        ("phone_country_code", json!("+12345678"), json!("+1")),
        ("description", json!(""), json!("a")),
        (
            "default_billing_address",
            json!({"country": "x"}),
            json!({}),
        ),
        (
            "default_shipping_address",
            json!({"country": "x"}),
            json!({}),
        ),
        ("tax_registration_id", json!("a".repeat(256)), json!("a")),
    ];
    let mut body = minimal();
    for (member, value, _) in &broken {
        body[member] = value.clone();
    }
    for (member, _, mended) in broken {
        let message = refusal(create(&body));
        assert!(message.starts_with(&format!("`{member}")), "{message}");
        body[member] = mended;
    }
    assert!(create(&body).is_ok());
}

#[test]
fn an_empty_update_is_taken() {
    assert!(update(&json!({})).is_ok());
}
