//! What is answered about customers.

use serde::Serialize;

use super::details::CustomerDetails;
use crate::contract::address::Address;
use crate::contract::metadata::Metadata;
use crate::ids::{CustomerId, PaymentMethodId};
use crate::time::Timestamp;

/// A customer. The members stand in the contract's order.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct CustomerResponse {
    id: CustomerId,
    merchant_reference_id: Option<String>,
    connector_customer_ids: (),
    name: String,
    email: String,
    phone: Option<String>,
    phone_country_code: Option<String>,
    description: Option<String>,
    default_billing_address: Option<Address>,
    default_shipping_address: Option<Address>,
    created_at: Timestamp,
    metadata: Option<Metadata>,
    default_payment_method_id: Option<PaymentMethodId>,
    tax_registration_id: Option<String>,
    document_details: (),
}

impl CustomerResponse {
    /// Puts a customer together.
    pub fn new(
        id: CustomerId,
        merchant_reference_id: Option<String>,
        details: CustomerDetails,
        default_payment_method_id: Option<PaymentMethodId>,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            merchant_reference_id,
            connector_customer_ids: (),
            name: details.name,
            email: details.email,
            phone: details.phone,
            phone_country_code: details.phone_country_code,
            description: details.description,
            default_billing_address: details.default_billing_address,
            default_shipping_address: details.default_shipping_address,
            created_at,
            metadata: details.metadata,
            default_payment_method_id,
            tax_registration_id: details.tax_registration_id,
            document_details: (),
        }
    }
}

/// The answer to a delete.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct CustomerDeleted {
    id: CustomerId,
    merchant_reference_id: Option<String>,
    customer_deleted: bool,
    address_deleted: bool,
    payment_methods_deleted: bool,
}

impl CustomerDeleted {
    /// The customer, the addresses and the payment methods are gone.
    pub fn new(id: CustomerId, merchant_reference_id: Option<String>) -> Self {
        Self {
            id,
            merchant_reference_id,
            customer_deleted: true,
            address_deleted: true,
            payment_methods_deleted: true,
        }
    }
}

/// A page of customers with the number of all.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct CustomerPage {
    /// Oldest first.
    pub data: Vec<CustomerResponse>,
    /// How many there are on all pages together.
    pub total_count: i64,
}

/// How many active payment methods the profile has.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PaymentMethodCount {
    /// Of all customers together.
    pub total_count: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_written_in_the_contracts_order_with_nulls() {
        let response = CustomerResponse::new(
            CustomerId::from_client("12345_cus_1"),
            Some("ref-1".into()),
            CustomerDetails::new("John Doe".into(), "guest@example.com".into()),
            None,
            Timestamp::parse("2026-04-23T09:48:05.617Z").unwrap(),
        );
        assert_eq!(
            serde_json::to_string(&response).unwrap(),
            concat!(
                r#"{"id":"12345_cus_1","merchant_reference_id":"ref-1","connector_customer_ids":null,"#,
                r#""name":"John Doe","email":"guest@example.com","phone":null,"phone_country_code":null,"#,
                r#""description":null,"default_billing_address":null,"default_shipping_address":null,"#,
                r#""created_at":"2026-04-23T09:48:05.617Z","metadata":null,"default_payment_method_id":null,"#,
                r#""tax_registration_id":null,"document_details":null}"#
            )
        );
    }

    #[test]
    fn a_deleted_customer_keeps_id_and_reference() {
        assert_eq!(
            serde_json::to_string(&CustomerDeleted::new(
                CustomerId::from_client("12345_cus_1"),
                None
            ))
            .unwrap(),
            r#"{"id":"12345_cus_1","merchant_reference_id":null,"customer_deleted":true,"address_deleted":true,"payment_methods_deleted":true}"#
        );
    }
}
