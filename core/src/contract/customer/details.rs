//! What the vault knows about a customer and keeps sealed.

use serde::{Deserialize, Serialize};

use crate::contract::address::Address;
use crate::contract::metadata::Metadata;
use crate::ids::PaymentMethodId;

/// The personal data of a customer: one sealed value.
#[derive(Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names of the members say what they are")]
pub struct CustomerDetails {
    pub name: String,
    pub email: String,
    pub phone: Option<String>,
    pub phone_country_code: Option<String>,
    pub description: Option<String>,
    pub default_billing_address: Option<Address>,
    pub default_shipping_address: Option<Address>,
    pub metadata: Option<Metadata>,
    pub tax_registration_id: Option<String>,
}

/// A checked update. What is absent stays as it is.
#[expect(missing_docs, reason = "the names of the members say what they are")]
pub struct CustomerChanges {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub phone_country_code: Option<String>,
    pub description: Option<String>,
    pub default_billing_address: Option<Address>,
    pub default_shipping_address: Option<Address>,
    pub metadata: Option<Metadata>,
    pub tax_registration_id: Option<String>,
    /// The customer's default payment method. It is stored outside of [`CustomerDetails`], and must belong to this
    /// customer.
    pub default_payment_method_id: Option<PaymentMethodId>,
}

impl CustomerDetails {
    /// The details of a customer of whom only the required members are known.
    pub(super) fn new(name: String, email: String) -> Self {
        Self {
            name,
            email,
            phone: None,
            phone_country_code: None,
            description: None,
            default_billing_address: None,
            default_shipping_address: None,
            metadata: None,
            tax_registration_id: None,
        }
    }

    /// The details after an update.
    #[must_use]
    pub fn apply(self, changes: CustomerChanges) -> Self {
        Self {
            name: changes.name.unwrap_or(self.name),
            email: changes.email.unwrap_or(self.email),
            phone: changes.phone.or(self.phone),
            phone_country_code: changes.phone_country_code.or(self.phone_country_code),
            description: changes.description.or(self.description),
            default_billing_address: changes
                .default_billing_address
                .or(self.default_billing_address),
            default_shipping_address: changes
                .default_shipping_address
                .or(self.default_shipping_address),
            metadata: changes.metadata.or(self.metadata),
            tax_registration_id: changes.tax_registration_id.or(self.tax_registration_id),
        }
    }
}
