//! Creating and updating customers.

use serde::Deserialize;

use super::details::{CustomerChanges, CustomerDetails};
use crate::contract::address::Address;
use crate::contract::id::PaymentMethodId;
use crate::contract::json::Object;
use crate::contract::metadata::Metadata;
use crate::contract::refusal::Refusal;
use crate::contract::rules;

/// `POST /customers`, as it was sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerCreate {
    name: String,
    email: String,
    merchant_reference_id: Option<String>,
    phone: Option<String>,
    phone_country_code: Option<String>,
    description: Option<String>,
    default_billing_address: Option<Object<Address>>,
    default_shipping_address: Option<Object<Address>>,
    metadata: Option<Metadata>,
    tax_registration_id: Option<String>,
}

/// A checked create.
pub struct NewCustomer {
    /// The merchant's own name for the customer, unique in the profile.
    pub merchant_reference_id: Option<String>,
    /// All the rest.
    pub details: CustomerDetails,
}

impl CustomerCreate {
    /// Checks the fields.
    ///
    /// # Errors
    /// [`Refusal::Field`] for the first that breaks its rule.
    pub fn check(self) -> Result<NewCustomer, Refusal> {
        let merchant_reference_id = self
            .merchant_reference_id
            .map(|reference| reference.trim().to_owned());
        rules::each(
            "",
            rules::reference,
            [("merchant_reference_id", &merchant_reference_id)],
        )?;
        rules::text("", "name", &self.name)?;
        rules::email_address("", "email", &self.email)?;
        let others = CustomerUpdate {
            name: None,
            email: None,
            phone: self.phone,
            phone_country_code: self.phone_country_code,
            description: self.description,
            default_billing_address: self.default_billing_address,
            default_shipping_address: self.default_shipping_address,
            metadata: self.metadata,
            tax_registration_id: self.tax_registration_id,
            default_payment_method_id: None,
        };
        let details = CustomerDetails::new(self.name, self.email).apply(others.check()?);
        Ok(NewCustomer {
            merchant_reference_id,
            details,
        })
    }
}

/// `PUT /customers/{id}`, as it was sent: absent or null leaves a member as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerUpdate {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    phone_country_code: Option<String>,
    description: Option<String>,
    default_billing_address: Option<Object<Address>>,
    default_shipping_address: Option<Object<Address>>,
    metadata: Option<Metadata>,
    tax_registration_id: Option<String>,
    default_payment_method_id: Option<PaymentMethodId>,
}

impl CustomerUpdate {
    /// Checks the fields.
    ///
    /// # Errors
    /// [`Refusal::Field`] for the first that breaks its rule.
    pub fn check(self) -> Result<CustomerChanges, Refusal> {
        rules::each("", rules::email_address, [("email", &self.email)])?;
        rules::each(
            "",
            rules::telephone_country_code,
            [("phone_country_code", &self.phone_country_code)],
        )?;
        rules::each(
            "",
            rules::text,
            [
                ("name", &self.name),
                ("phone", &self.phone),
                ("description", &self.description),
                ("tax_registration_id", &self.tax_registration_id),
            ],
        )?;
        Ok(CustomerChanges {
            name: self.name,
            email: self.email,
            phone: self.phone,
            phone_country_code: self.phone_country_code,
            description: self.description,
            default_billing_address: address(
                "default_billing_address",
                self.default_billing_address,
            )?,
            default_shipping_address: address(
                "default_shipping_address",
                self.default_shipping_address,
            )?,
            metadata: self.metadata,
            tax_registration_id: self.tax_registration_id,
            default_payment_method_id: self.default_payment_method_id,
        })
    }
}

fn address(path: &str, address: Option<Object<Address>>) -> Result<Option<Address>, Refusal> {
    let address = address.map(Object::into_inner);
    if let Some(address) = &address {
        address.check(path)?;
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::contract::json::from_slice;

    fn create(body: &Value) -> Result<NewCustomer, Refusal> {
        from_slice::<CustomerCreate>(body.to_string().as_bytes())?.check()
    }

    fn update(body: &Value) -> Result<CustomerChanges, Refusal> {
        from_slice::<CustomerUpdate>(body.to_string().as_bytes())?.check()
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
            ("name", 255),
            ("phone", 255),
            ("phone_country_code", 8),
            ("description", 255),
            ("tax_registration_id", 255),
            ("merchant_reference_id", 64),
        ];
        for (member, limit) in limits {
            let body = |length: usize| with(minimal(), member, "a".repeat(length));
            assert!(create(&body(limit)).is_ok(), "{member}");
            for length in [0, limit + 1] {
                assert!(
                    refusal(create(&body(length)))
                        .starts_with(&format!("`{member}` must be 1 to {limit}")),
                    "{member}"
                );
                if member != "merchant_reference_id" {
                    assert!(
                        update(&json!({member: "a".repeat(length)})).is_err(),
                        "{member}"
                    );
                }
            }
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
            assert!(create(&with(minimal(), member, json!({"planet": "Earth"}))).is_err());
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
        assert_eq!(changes.default_payment_method_id, Some("12345_pm_1".into()));
        let details = details.apply(changes);
        assert_eq!(details.name, "Jane Doe");
        assert_eq!(details.email, "guest@example.com");
        assert_eq!(details.phone.as_deref(), Some("999999999"));
        assert_eq!(details.metadata.unwrap().as_json(), r#"{"a":1}"#);
    }

    #[test]
    fn an_empty_update_is_taken() {
        assert!(update(&json!({})).is_ok());
    }
}
