//! The places where the vault seals its own values.
//!
//! Table and column are part of what an envelope is bound to. If they were texts, a typing error would make values
//! unreadable, at the latest when they are sealed under another key.

use crate::ids::{CustomerId, PaymentMethodId};

/// A column of the vault's own tables that holds envelopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// What the vault keeps about a customer. The row's id is the customer's.
    CustomerDetails,
    /// A payment method's instrument. The row's id is the payment method's.
    PaymentMethodInstrument,
    /// A payment method's summary. The row's id is the payment method's.
    PaymentMethodSummary,
    /// A volatile payment method's instrument. The row's id is the payment method's.
    VolatilePaymentMethodInstrument,
    /// A volatile payment method's summary. The row's id is the payment method's.
    VolatilePaymentMethodSummary,
    /// A connector's token. The row's id is made by [`connector_token_row`].
    ConnectorTokenDetails,
    /// A connector's own id of a customer. The row's id is made by [`connector_customer_row`].
    ConnectorCustomerDetails,
    /// A network token. The row's id is the payment method's.
    NetworkTokenSummary,
    /// A CVC. The row's id is the payment method's.
    Cvc,
    /// What a job at a connector is about. The row's id is the job's.
    JobSubject,
}

impl Place {
    /// Every place, in the order of the definition.
    pub const ALL: [Self; 10] = [
        Self::CustomerDetails,
        Self::PaymentMethodInstrument,
        Self::PaymentMethodSummary,
        Self::VolatilePaymentMethodInstrument,
        Self::VolatilePaymentMethodSummary,
        Self::ConnectorTokenDetails,
        Self::ConnectorCustomerDetails,
        Self::NetworkTokenSummary,
        Self::Cvc,
        Self::JobSubject,
    ];

    /// The table, as an envelope names it. The name never changes: envelopes outlive the table's own name.
    pub fn table(self) -> &'static str {
        match self {
            Self::CustomerDetails => "customers",
            Self::PaymentMethodInstrument | Self::PaymentMethodSummary => "payment_methods",
            Self::VolatilePaymentMethodInstrument | Self::VolatilePaymentMethodSummary => {
                "volatile_payment_methods"
            }
            Self::ConnectorTokenDetails => "connector_tokens",
            Self::ConnectorCustomerDetails => "connector_customers",
            Self::NetworkTokenSummary => "network_tokens",
            Self::Cvc => "cvcs",
            Self::JobSubject => "jobs",
        }
    }

    /// The column, as an envelope names it. The name never changes: envelopes outlive the column's own name.
    pub fn column(self) -> &'static str {
        match self {
            Self::CustomerDetails
            | Self::ConnectorTokenDetails
            | Self::ConnectorCustomerDetails => "details",
            Self::PaymentMethodInstrument | Self::VolatilePaymentMethodInstrument => "instrument",
            Self::PaymentMethodSummary
            | Self::VolatilePaymentMethodSummary
            | Self::NetworkTokenSummary => "summary",
            Self::Cvc => "code",
            Self::JobSubject => "subject",
        }
    }
}

/// The id of a row of connectors' tokens.
pub fn connector_token_row(payment_method_id: &PaymentMethodId, position: i32) -> String {
    format!("{payment_method_id}/{position}")
}

/// The id of a row of connectors' customers.
pub fn connector_customer_row(customer_id: &CustomerId, connector_id: &str) -> String {
    format!("{customer_id}/{connector_id}")
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;
    use crate::crypto::context::Context;
    use crate::crypto::envelope::{Envelope, EnvelopeError, seal};
    use crate::crypto::key::{DataKey, KeyId, KeyMaterial};
    use crate::ids::ProfileId;

    const NONCE: [u8; 24] = [9; 24];
    const PLAINTEXT: &[u8] = b"4111";
    const HEADER: [u8; 5] = [1, 0, 0, 0, 7];

    /// The places with a row of each, and the ciphertext and tag of [`PLAINTEXT`] as the vault has always sealed it: these
    /// were made when tables and columns were still texts.
    #[rustfmt::skip]
    const SEALED: [(Place, &str, [u8; 20]); 10] = [
        (Place::CustomerDetails, "cus_1", hex!("65eb770af5535208cbd9e8898a849948854dea88")),
        (Place::PaymentMethodInstrument, "pm_1", hex!("65eb770af6d7ca239f6491e6f00d11c13ddb12f4")),
        (Place::PaymentMethodSummary, "pm_1", hex!("65eb770ae119e29b9439e9279a32dda7188165b5")),
        (Place::VolatilePaymentMethodInstrument, "pm_1", hex!("65eb770ae56f396827a1694da074ebe4b02c3bb1")),
        (Place::VolatilePaymentMethodSummary, "pm_1", hex!("65eb770a65c89f4a0e5e6e0916fd72d007068640")),
        (Place::ConnectorTokenDetails, "pm_1/2", hex!("65eb770aad638b8caa9f15a8bbdd305396c41b3f")),
        (Place::ConnectorCustomerDetails, "cus_1/mca_1", hex!("65eb770a09b8d3aaf1c2100b4e1ef7f948f54dcc")),
        (Place::NetworkTokenSummary, "pm_1", hex!("65eb770a3187521c581ad2cf9d8f0989a8cc0e6c")),
        (Place::Cvc, "pm_1", hex!("65eb770aff94f4a6b93b298a03c702f55b61bfa0")),
        (Place::JobSubject, "job_1", hex!("65eb770a591935566afa6d1b90ca32282c0fa942")),
    ];

    fn profile() -> ProfileId {
        ProfileId::from_administrator("pro_a")
    }

    fn key() -> DataKey {
        DataKey::from(&KeyMaterial::from(&[1; 32]))
    }

    #[test]
    fn each_place_seals_as_it_always_has() {
        let places = SEALED.map(|(place, _, _)| place);
        assert_eq!(places, Place::ALL);
        for (place, row, ciphertext) in SEALED {
            let context = Context::row(place, row);
            let bytes = seal(&key(), KeyId(7), NONCE, &profile(), &context, &[PLAINTEXT]).unwrap();
            let expected = [HEADER.as_slice(), &NONCE, &ciphertext].concat();
            assert_eq!(bytes, expected, "{place:?}");
        }
    }

    #[test]
    fn a_value_of_one_place_or_row_opens_in_no_other() {
        for (sealed_for, row, ciphertext) in SEALED {
            let bytes = [HEADER.as_slice(), &NONCE, &ciphertext].concat();
            let envelope = Envelope::parse(&bytes).unwrap();
            for place in Place::ALL {
                let opened = envelope.open(&key(), &profile(), &Context::row(place, row));
                assert_eq!(opened.is_ok(), place == sealed_for, "{place:?}");
            }
            let other_row = Context::row(sealed_for, "pm_2");
            let opened = envelope.open(&key(), &profile(), &other_row);
            assert_eq!(opened.err(), Some(EnvelopeError::Damaged));
        }
    }

    #[test]
    fn a_row_with_two_keys_is_named_by_both() {
        assert_eq!(
            connector_token_row(&PaymentMethodId::from_client("pm_1"), 2),
            "pm_1/2"
        );
        let customer = CustomerId::from_client("cus_1");
        assert_eq!(connector_customer_row(&customer, "mca_1"), "cus_1/mca_1");
    }
}
