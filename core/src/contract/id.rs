//! Identifiers. Those of customers and payment methods are `{cell}_{entity}_{uuid v7}`, the others end in random
//! letters and digits. What a client names is opaque: any text, found or not found.

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::refusal::Refusal;
use crate::card::mentions_card_number;
use crate::crypto::random_text::push_alphanumerics;

const MAX_CELL_LENGTH: usize = 32;
const RANDOM_LENGTH: usize = 20;
const MAX_PROFILE_ID_LENGTH: usize = 64;
const MAX_REQUEST_ID_LENGTH: usize = 128;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The identifier that stands percent-encoded in a path; none when it is no text that a database could hold,
            /// so that nothing of this id exists.
            pub fn from_path_segment(segment: &str) -> Option<Self> {
                path_text(segment).map(Self)
            }
        }

        impl From<String> for $name {
            /// Takes the text as it is; whether such a thing exists shows when it is looked up.
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            /// Takes the text as it is; whether such a thing exists shows when it is looked up.
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

id!(
    /// `{cell}_cus_{uuid v7 as 32 lower-case hexadecimal digits}`.
    CustomerId
);

impl CustomerId {
    /// A new customer's id.
    pub fn new(cell: &str, uuid: Uuid) -> Self {
        Self(format!("{cell}_cus_{}", uuid.simple()))
    }
}

id!(
    /// `{cell}_pm_{uuid v7 as 32 lower-case hexadecimal digits}`.
    PaymentMethodId
);

impl PaymentMethodId {
    /// The text, if it has the form of a payment method's id. What has not may be anything, even a card number.
    pub fn if_well_formed(&self) -> Option<&str> {
        let (cell, uuid) = self.0.split_once("_pm_")?;
        let well_formed = is_cell(cell) && uuid.len() == 32 && Uuid::try_parse(uuid).is_ok();
        well_formed.then_some(&self.0)
    }

    /// A new payment method's id.
    pub fn new(cell: &str, uuid: Uuid) -> Self {
        Self(format!("{cell}_pm_{}", uuid.simple()))
    }
}

id!(
    /// `merchant_{20 letters and digits}`.
    MerchantId
);

impl MerchantId {
    /// A new merchant's id. `fill` fills the buffer it is given with random bytes.
    ///
    /// # Errors
    /// Those of `fill`.
    pub fn from_random<E>(fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        random("merchant", fill).map(Self)
    }
}

id!(
    /// `pro_{20 letters and digits}`.
    ProfileId
);

impl ProfileId {
    /// A new profile's id. `fill` fills the buffer it is given with random bytes.
    ///
    /// # Errors
    /// Those of `fill`.
    pub fn from_random<E>(fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        random("pro", fill).map(Self)
    }

    /// Reads the header `X-Profile-Id`.
    ///
    /// # Errors
    /// [`Refusal::InvalidProfileHeader`] outside of `[A-Za-z0-9_-]{1,64}`.
    pub fn parse_header(value: &str) -> Result<Self, Refusal> {
        let well_formed = (1..=MAX_PROFILE_ID_LENGTH).contains(&value.len())
            && value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !well_formed {
            return Err(Refusal::InvalidProfileHeader);
        }
        Ok(Self(value.to_owned()))
    }
}

id!(
    /// `{environment}_{20 letters and digits}`: names an API key without revealing it.
    ApiKeyId
);

impl ApiKeyId {
    /// A new API key's id. `fill` fills the buffer it is given with random bytes.
    ///
    /// # Errors
    /// Those of `fill`.
    pub fn from_random<E>(
        environment: &str,
        fill: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        random(environment, fill).map(Self)
    }
}

id!(
    /// `{cell}_job_{uuid v7 as 32 lower-case hexadecimal digits}`: one thing to be done at a connector.
    TokenJobId
);

impl TokenJobId {
    /// A new job's id.
    pub fn new(cell: &str, uuid: Uuid) -> Self {
        Self(format!("{cell}_job_{}", uuid.simple()))
    }
}

id!(
    /// `mca_{20 letters and digits}`: a merchant's account with a connector.
    ConnectorAccountId
);

impl ConnectorAccountId {
    /// A new connector account's id. `fill` fills the buffer it is given with random bytes.
    ///
    /// # Errors
    /// Those of `fill`.
    pub fn from_random<E>(fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        random("mca", fill).map(Self)
    }
}

id!(
    /// Names one request in the answer and in the audit log.
    RequestId
);

impl RequestId {
    /// The id of a request that names none of its own.
    pub fn new(uuid: Uuid) -> Self {
        Self(uuid.hyphenated().to_string())
    }

    /// The client's own id, when it is safe to echo and to log: `[A-Za-z0-9._:-]{1,128}` without a card number.
    pub fn parse_header(value: &str) -> Option<Self> {
        let well_formed = (1..=MAX_REQUEST_ID_LENGTH).contains(&value.len())
            && value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
        let harmless = well_formed && !mentions_card_number(value);
        harmless.then(|| Self(value.to_owned()))
    }
}

/// A cell is letters and digits. So is a card number, which some clients take for an id.
fn is_cell(text: &str) -> bool {
    (1..=MAX_CELL_LENGTH).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !mentions_card_number(text)
}

/// The text that stands percent-encoded in a path; none when it is no text that a database could hold.
pub fn path_text(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    (!text.contains('\0')).then(|| text.into_owned())
}

fn random<E>(prefix: &str, fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<String, E> {
    let mut text = format!("{prefix}_");
    push_alphanumerics(&mut text, RANDOM_LENGTH, fill)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn zeros(bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0);
        Ok(())
    }

    #[test]
    fn only_what_looks_like_an_id_is_repeated() {
        let id = PaymentMethodId::new("12345", Uuid::nil());
        assert_eq!(id.if_well_formed(), Some(id.as_str()));
        for other in [
            "",
            "4111111111111111",
            "12345_pm_4111111111111111",
            "12345_cus_00000000000000000000000000000000",
            "4111111111111111_pm_00000000000000000000000000000000",
            "4111 1111_pm_00000000000000000000000000000000",
            "_pm_00000000000000000000000000000000",
        ] {
            assert_eq!(
                PaymentMethodId::from(other).if_well_formed(),
                None,
                "{other}"
            );
        }
    }

    #[test]
    fn ids_of_customers_and_payment_methods_name_cell_and_entity() {
        let uuid = Uuid::from_u128(0x019e_2102_e4fb_7a32_b456_d8f8_96e8_f51e);
        assert_eq!(
            CustomerId::new("12345", uuid).as_str(),
            "12345_cus_019e2102e4fb7a32b456d8f896e8f51e"
        );
        assert_eq!(
            PaymentMethodId::new("12345", uuid).as_str(),
            "12345_pm_019e2102e4fb7a32b456d8f896e8f51e"
        );
    }

    #[test]
    fn random_ids_carry_their_prefix_and_20_characters() {
        let tail = "0".repeat(20);
        assert_eq!(
            MerchantId::from_random(zeros).unwrap().as_str(),
            format!("merchant_{tail}")
        );
        assert_eq!(
            ProfileId::from_random(zeros).unwrap().as_str(),
            format!("pro_{tail}")
        );
        assert_eq!(
            ApiKeyId::from_random("dev", zeros).unwrap().as_str(),
            format!("dev_{tail}")
        );
        assert_eq!(
            ConnectorAccountId::from_random(zeros).unwrap().as_str(),
            format!("mca_{tail}")
        );
    }

    #[test]
    fn an_id_in_a_path_is_any_text_that_can_be_stored() {
        let id = |segment| CustomerId::from_path_segment(segment);
        assert_eq!(id("12345_cus_1"), Some("12345_cus_1".into()));
        assert_eq!(id("a%2Fb%27%20%22"), Some("a/b' \"".into()));
        assert_eq!(id("%C3%A9"), Some("é".into()));
        assert_eq!(id("100%"), Some("100%".into()));
        assert_eq!(id("a%00b"), None);
        assert_eq!(id("%ff"), None);
    }

    #[test]
    fn a_profile_header_is_1_to_64_letters_digits_underscores_and_hyphens() {
        for header in ["a", "pro_Zz09-", &"a".repeat(64)] {
            assert_eq!(ProfileId::parse_header(header).unwrap().as_str(), header);
        }
        for header in ["", &"a".repeat(65), "a b", "a'", "é", "a\n", "a,b", "a\0"] {
            assert_eq!(
                ProfileId::parse_header(header),
                Err(Refusal::InvalidProfileHeader),
                "{header:?}"
            );
        }
    }

    #[test]
    fn a_request_id_is_echoed_only_when_it_is_harmless() {
        for header in ["a", "A-z_0:9.1", &"a".repeat(128)] {
            assert_eq!(RequestId::parse_header(header).unwrap().as_str(), header);
        }
        for header in ["", &"a".repeat(129), "a b", "a\r\nx: y", "\"", "é", "a/b"] {
            assert_eq!(RequestId::parse_header(header), None, "{header:?}");
        }
    }

    #[test]
    fn a_card_number_is_neither_a_request_id_nor_part_of_a_payment_methods_id() {
        for header in [
            "4000056655665556",
            "call:4000-0566-5566-5556",
            "a-4000056655665556",
        ] {
            assert_eq!(RequestId::parse_header(header), None, "{header:?}");
        }
        let id = |cell: &str| format!("{cell}_pm_019e2102e4fb7a32b456d8f896e8f51e");
        for (cell, well_formed) in [("12345", true), ("4000056655665556", false)] {
            let id = PaymentMethodId::from(id(cell));
            assert_eq!(id.if_well_formed().is_some(), well_formed, "{cell}");
        }
    }
}
