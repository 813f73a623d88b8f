//! Postal addresses, of customers and of payment methods.

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::rules;

/// A postal address; every member is optional.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the names of the members say what they are")]
pub struct Address {
    pub city: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<crate::contract::schema::Country>")
    )]
    pub country: Option<String>,
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub line3: Option<String>,
    pub zip: Option<String>,
    pub state: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub origin_zip: Option<String>,
}

impl Address {
    /// Checks every member. `path` names the objects that the address stands in.
    pub(super) fn validate(&self, path: &str) -> Result<(), Refusal> {
        rules::each(path, rules::text, [("city", &self.city)])?;
        rules::each(path, rules::country, [("country", &self.country)])?;
        rules::each(
            path,
            rules::text,
            [
                ("line1", &self.line1),
                ("line2", &self.line2),
                ("line3", &self.line3),
                ("zip", &self.zip),
                ("state", &self.state),
                ("first_name", &self.first_name),
                ("last_name", &self.last_name),
                ("origin_zip", &self.origin_zip),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_member_is_limited() {
        let members = [
            "city",
            "line1",
            "line2",
            "line3",
            "zip",
            "state",
            "first_name",
            "last_name",
            "origin_zip",
        ];
        for member in members {
            let address = |length: usize| -> Address {
                serde_json::from_value(json!({ member: "a".repeat(length) })).unwrap()
            };
            for length in [0, 255] {
                assert_eq!(address(length).validate("billing"), Ok(()));
            }
            assert_eq!(
                address(256).validate("billing").unwrap_err().to_string(),
                format!("`billing.{member}` must be at most 255 characters long")
            );
        }
    }

    #[test]
    fn the_country_is_a_code() {
        let address: Address = serde_json::from_value(json!({"country": "Germany"})).unwrap();
        assert_eq!(
            address.validate("billing").unwrap_err().to_string(),
            "`billing.country` must be an ISO 3166-1 alpha-2 country code"
        );
    }

    #[test]
    fn all_members_are_written_in_the_contracts_order() {
        assert_eq!(
            serde_json::to_string(&Address::default()).unwrap(),
            r#"{"city":null,"country":null,"line1":null,"line2":null,"line3":null,"zip":null,"state":null,"first_name":null,"last_name":null,"origin_zip":null}"#
        );
    }
}
