//! Creating and updating customers.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::details::{CustomerChanges, CustomerDetails};
use crate::contract::address::Address;
use crate::contract::json::Object;
use crate::contract::metadata::Metadata;
use crate::contract::refusal::Refusal;
use crate::contract::rules;
use crate::ids::PaymentMethodId;

/// `POST /customers`, as it was sent.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(description = "A customer to create."))]
#[serde(deny_unknown_fields)]
pub struct CustomerCreate {
    name: String,
    #[cfg_attr(feature = "openapi", schemars(transform = crate::contract::schema::email_address))]
    email: String,
    #[cfg_attr(feature = "openapi", schemars(transform = crate::contract::schema::reference))]
    merchant_reference_id: Option<String>,
    phone: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(length(max = 8)))]
    phone_country_code: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 255)))]
    description: Option<String>,
    default_billing_address: Option<Object<Address>>,
    default_shipping_address: Option<Object<Address>>,
    metadata: Option<Metadata>,
    tax_registration_id: Option<String>,
    #[cfg_attr(
        feature = "openapi",
        schemars(
            with = "Option<serde_json::Map<String, serde_json::Value>>",
            description = "Accepted, and not kept."
        )
    )]
    #[serde(rename = "document_details")]
    _document_details: NotKept,
}

/// `document_details`, an identity document. Only its form is checked, and nothing of it stays in memory.
type NotKept = Option<Object<IgnoredAny>>;

/// A checked create.
pub struct NewCustomer {
    /// The merchant's own name for the customer, unique in the profile.
    pub merchant_reference_id: Option<String>,
    /// All the rest.
    pub details: CustomerDetails,
}

impl CustomerCreate {
    /// Checks the fields, in the contract's order.
    ///
    /// # Errors
    /// [`Refusal::Field`] for the first that breaks its rule.
    pub fn into_valid(self) -> Result<NewCustomer, Refusal> {
        rules::text("", "name", &self.name)?;
        rules::email_address("", "email", &self.email)?;
        let merchant_reference_id = self
            .merchant_reference_id
            .map(|reference| reference.trim().to_owned());
        rules::each(
            "",
            rules::reference,
            [("merchant_reference_id", &merchant_reference_id)],
        )?;
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
            _document_details: None,
        };
        let details = CustomerDetails::new(self.name, self.email).apply(others.into_valid()?);
        Ok(NewCustomer {
            merchant_reference_id,
            details,
        })
    }
}

/// `PUT /customers/{id}`, as it was sent. An absent or null member leaves the customer's member as it is.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        description = "What changes of a customer. A member that is absent or null leaves the customer's as it is."
    )
)]
#[serde(deny_unknown_fields)]
pub struct CustomerUpdate {
    name: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(transform = crate::contract::schema::email_address))]
    email: Option<String>,
    phone: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(length(max = 8)))]
    phone_country_code: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 255)))]
    description: Option<String>,
    default_billing_address: Option<Object<Address>>,
    default_shipping_address: Option<Object<Address>>,
    metadata: Option<Metadata>,
    tax_registration_id: Option<String>,
    default_payment_method_id: Option<PaymentMethodId>,
    #[cfg_attr(
        feature = "openapi",
        schemars(
            with = "Option<serde_json::Map<String, serde_json::Value>>",
            description = "Accepted, and not kept."
        )
    )]
    #[serde(rename = "document_details")]
    _document_details: NotKept,
}

impl CustomerUpdate {
    /// Checks the fields, in the contract's order.
    ///
    /// # Errors
    /// [`Refusal::Field`] for the first that breaks its rule.
    pub fn into_valid(self) -> Result<CustomerChanges, Refusal> {
        rules::each("", rules::text, [("name", &self.name)])?;
        rules::each("", rules::email_address, [("email", &self.email)])?;
        rules::each("", rules::text, [("phone", &self.phone)])?;
        rules::each(
            "",
            rules::telephone_country_code,
            [("phone_country_code", &self.phone_country_code)],
        )?;
        rules::each("", rules::description, [("description", &self.description)])?;
        let default_billing_address =
            address("default_billing_address", self.default_billing_address)?;
        let default_shipping_address =
            address("default_shipping_address", self.default_shipping_address)?;
        rules::each(
            "",
            rules::text,
            [("tax_registration_id", &self.tax_registration_id)],
        )?;
        Ok(CustomerChanges {
            name: self.name,
            email: self.email,
            phone: self.phone,
            phone_country_code: self.phone_country_code,
            description: self.description,
            default_billing_address,
            default_shipping_address,
            metadata: self.metadata,
            tax_registration_id: self.tax_registration_id,
            default_payment_method_id: self.default_payment_method_id,
        })
    }
}

fn address(path: &str, address: Option<Object<Address>>) -> Result<Option<Address>, Refusal> {
    let address = address.map(Object::into_inner);
    if let Some(address) = &address {
        address.validate(path)?;
    }
    Ok(address)
}

#[cfg(test)]
mod tests;
