//! Identifiers, each a type of its own. The identifiers of customers, payment methods and jobs are
//! `{cell}_{entity}_{uuid v7}`. The others end in random letters and digits. An identifier that a client sends may be
//! any text: a look-up finds it or does not.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use rand::CryptoRng;
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::mention::mentions_card_number;

const MAX_CELL_LENGTH: usize = 32;
const RANDOM_LENGTH: usize = 20;
const MAX_PROFILE_ID_LENGTH: usize = 64;
const MAX_REQUEST_ID_LENGTH: usize = 128;

/// An identifier of any kind, as a table has it.
pub trait Id: AsRef<str> {
    /// An identifier that the vault itself has stored. It is not checked again.
    fn from_stored(text: impl Into<String>) -> Self;
}

/// A type of identifiers, and the format that docs/openapi.json names it by.
macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $format:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        #[cfg(feature = "openapi")]
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "format": $format})
            }
        }

        impl Id for $name {
            fn from_stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

/// The constructors of an identifier by which a client names a thing.
macro_rules! named_by_clients {
    ($name:ident) => {
        impl $name {
            /// The identifier that a client sent. Any text is taken: a look-up shows whether such a thing exists.
            pub fn from_client(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The identifier that stands percent-encoded in a path. The result is `None` if it is not a text that a
            /// database could hold, so that nothing of this id can exist.
            pub fn from_path_segment(segment: &str) -> Option<Self> {
                path_text(segment).map(Self)
            }
        }
    };
}

/// The constructor of an identifier by which an administrator names a thing.
macro_rules! named_by_administrators {
    ($name:ident) => {
        impl $name {
            /// The identifier that an administrator has given. Any text is taken: a look-up shows whether such a thing exists.
            pub fn from_administrator(text: impl Into<String>) -> Self {
                Self(text.into())
            }
        }
    };
}

id!(
    /// `{cell}_cus_{uuid v7 as 32 lower-case hexadecimal digits}`.
    #[derive(Deserialize)]
    CustomerId,
    "customer-id"
);

named_by_clients!(CustomerId);

impl CustomerId {
    /// A new customer's id.
    pub fn new(cell: &str, uuid: Uuid) -> Self {
        Self(format!("{cell}_cus_{}", uuid.simple()))
    }
}

id!(
    /// `{cell}_pm_{uuid v7 as 32 lower-case hexadecimal digits}`.
    #[derive(Deserialize)]
    PaymentMethodId,
    "payment-method-id"
);

named_by_clients!(PaymentMethodId);

impl PaymentMethodId {
    /// The text, if it has the form of a payment method's id. Any other text may be anything, even a card number.
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
    MerchantId,
    "merchant-id"
);

named_by_administrators!(MerchantId);

impl MerchantId {
    /// A new merchant's id. `rng` decides its letters and digits.
    pub fn from_random(rng: &mut impl CryptoRng) -> Self {
        Self(random("merchant", rng))
    }
}

id!(
    /// `pro_{20 letters and digits}`.
    ProfileId,
    "profile-id"
);

named_by_administrators!(ProfileId);

impl ProfileId {
    /// A new profile's id. `rng` decides its letters and digits.
    pub fn from_random(rng: &mut impl CryptoRng) -> Self {
        Self(random("pro", rng))
    }

    /// Reads an id of the form `[A-Za-z0-9_-]{1,64}`, which is what a client or the root key's source may name a profile
    /// by. A look-up shows whether the profile exists.
    ///
    /// # Errors
    /// [`InvalidProfileId`] for any other text.
    pub fn parse(value: &str) -> Result<Self, InvalidProfileId> {
        let well_formed = (1..=MAX_PROFILE_ID_LENGTH).contains(&value.len())
            && value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !well_formed {
            return Err(InvalidProfileId);
        }
        Ok(Self(value.to_owned()))
    }
}

impl FromStr for ProfileId {
    type Err = InvalidProfileId;

    fn from_str(value: &str) -> Result<Self, InvalidProfileId> {
        Self::parse(value)
    }
}

/// The text does not have the form of a profile's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a profile's id must be 1 to 64 letters, digits, underscores and hyphens")]
pub struct InvalidProfileId;

id!(
    /// `{environment}_{20 letters and digits}`: names an API key without revealing it.
    ApiKeyId,
    "api-key-id"
);

impl ApiKeyId {
    /// A new API key's id. `rng` decides its letters and digits.
    pub fn from_random(environment: &str, rng: &mut impl CryptoRng) -> Self {
        Self(random(environment, rng))
    }
}

id!(
    /// `{cell}_job_{uuid v7 as 32 lower-case hexadecimal digits}`: one thing to be done at a connector.
    TokenJobId,
    "token-job-id"
);

impl TokenJobId {
    /// A new job's id.
    pub fn new(cell: &str, uuid: Uuid) -> Self {
        Self(format!("{cell}_job_{}", uuid.simple()))
    }
}

id!(
    /// `mca_{20 letters and digits}`: a merchant's account with a connector.
    ConnectorAccountId,
    "connector-account-id"
);

impl ConnectorAccountId {
    /// A new connector account's id. `rng` decides its letters and digits.
    pub fn from_random(rng: &mut impl CryptoRng) -> Self {
        Self(random("mca", rng))
    }
}

id!(
    /// Names one request in the answer and in the audit log.
    RequestId,
    "request-id"
);

impl RequestId {
    /// The id of a request that names none of its own.
    pub fn new(uuid: Uuid) -> Self {
        Self(uuid.hyphenated().to_string())
    }

    /// The client's own id, when it is safe to echo and to log: `[A-Za-z0-9._:-]{1,128}` without a card number.
    pub fn parse(value: &str) -> Option<Self> {
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

/// The text that stands percent-encoded in a path. The result is `None` if it is not a text that a database could hold.
pub fn path_text(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    (!text.contains('\0')).then(|| text.into_owned())
}

fn random(prefix: &str, rng: &mut impl CryptoRng) -> String {
    let mut text = format!("{prefix}_");
    Alphanumeric.append_string(rng, &mut text, RANDOM_LENGTH);
    text
}

#[cfg(test)]
mod tests;
