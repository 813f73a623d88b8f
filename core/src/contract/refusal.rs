//! Every way in which the vault refuses a request, in one table: HTTP status, code, SQLSTATE and message.

use std::borrow::Cow;
use std::fmt;

mod body;

use serde::{Serialize, Serializer};

use body::{Body, Detail};

/// Why the vault does not carry a request out. A refusal never holds anything that the client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no key, or the key is malformed, unknown, revoked, expired, locked or of another merchant. All these
    /// cases get the same answer.
    Unauthenticated,
    /// The full number was asked for without the right to see it.
    RevealNotAllowed,
    /// The profile header is missing.
    MissingProfileHeader,
    /// The profile header is malformed.
    InvalidProfileHeader,
    /// The body is longer than what the call takes.
    BodyTooLarge {
        /// What it takes, in bytes.
        limit: usize,
    },
    /// The body is not the JSON that the call takes.
    Json {
        /// What is wrong, in words of our own.
        reason: String,
        /// The line, from 1.
        line: usize,
        /// The column, in bytes.
        column: usize,
    },
    /// A field breaks a rule. Reads "`field` must be rule".
    Field {
        /// The field, as the contract names it, with the objects it stands in (`billing.address.city`).
        field: Cow<'static, str>,
        /// What the field must be.
        rule: Cow<'static, str>,
    },
    /// The profile has a customer with this `merchant_reference_id`.
    CustomerExists,
    /// No such customer in this profile.
    CustomerNotFound,
    /// The customer was deleted.
    CustomerRedacted,
    /// No such active payment method in this profile.
    PaymentMethodNotFound,
    /// The payment method was deleted already.
    PaymentMethodRedacted,
    /// A deleted payment method cannot change.
    RedactedUpdate,
    /// A type that the vault does not store.
    InvalidPaymentMethodType,
    /// The data is not of the type that was named.
    InvalidPaymentMethodData,
    /// The update is for another kind of payment method than the stored one.
    UnsupportedUpdate,
    /// A payment method that is kept needs a customer.
    MissingCustomerId,
    /// The card number contains something other than digits and white space.
    CardNumberCharacter,
    /// The card number is shorter than 8 or longer than 19 digits.
    CardNumberLength,
    /// The card number's check digit is wrong.
    CardNumberChecksum,
    /// A field that must be a number is not.
    NotANumber {
        /// The field, as the contract names it.
        field: &'static str,
    },
    /// The expiry month is not 1 to 12.
    ExpiryMonth,
    /// The expiry year is past.
    ExpiryYear,
    /// The expiry month is past.
    CardExpired,
    /// The update of a connector token does not say which of several tokens it means.
    SeveralConnectorTokens,
    /// The profile and its merchant have no enabled connector account of this id.
    ConnectorNotFound,
    /// A provider's token was asked for a payment method that cannot have one.
    PspTokenizationNotSupported,
    /// The payment method has no token of that connector, or it is used up.
    ConnectorTokenNotFound,
    /// No CVC is stored for the payment method, or it is stored no longer.
    CardCvcNotFound,
    /// The profile has network tokenization switched off, or no token service.
    NetworkTokenizationDisabled,
    /// Network tokenization is disabled, and the call asks whether a card can have a network token.
    NetworkTokenEligibilityDisabled,
    /// The call serves network tokens only.
    TokenTypeNotSupported,
    /// The payment method has no network token.
    NetworkTokenNotFound,
    /// The call asks for the status of a network token, and the payment method has none.
    NoNetworkTokenToCheck,
    /// The token service gave no answer that can be used.
    TokenServiceFailed,
    /// The number of calls to the token service that are under way has reached its limit.
    TokenServiceBusy,
    /// The limit of this minute is used up.
    TooManyRequests {
        /// Seconds until the next minute begins.
        retry_after: u32,
    },
    /// The vault is spread over several nodes, and another one has the profile, or is just getting it.
    ProfileElsewhere,
    /// An internal error. The server's log has the details.
    Unexpected,
}

/// The longest body that most calls take, in bytes.
pub const MAX_BODY_LENGTH: usize = 32_768;

/// Every code that a refusal can have.
pub const CODES: [&str; 13] = [
    "HE_00", "HE_02", "IR_01", "IR_04", "IR_06", "IR_07", "IR_11", "IR_12", "IR_16", "IR_19",
    "IR_29", "IR_37", "IR_90",
];

/// One row of the table.
struct Row {
    status: u16,
    code: &'static str,
    sqlstate: &'static str,
    message: Cow<'static, str>,
}

const INVALID_VALUE: &str = "22023";
const INVALID_JSON: &str = "22032";
const NOT_FOUND: &str = "P0002";
const WRONG_STATE: &str = "55000";
const NOT_SUPPORTED: &str = "0A000";
const EXTERNAL: &str = "38000";

impl Refusal {
    /// A field that breaks a rule; reads "`field` must be rule".
    pub fn field(field: impl Into<Cow<'static, str>>, rule: impl Into<Cow<'static, str>>) -> Self {
        Self::Field {
            field: field.into(),
            rule: rule.into(),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.row().status
    }

    /// The code in the error body, such as `IR_06`.
    pub fn code(&self) -> &'static str {
        self.row().code
    }

    /// The SQLSTATE by which SQL refuses the same.
    pub fn sqlstate(&self) -> &'static str {
        self.row().sqlstate
    }

    /// The value of the header `Retry-After`, in seconds, where the same request may be carried out later.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooManyRequests { retry_after } => Some(*retry_after),
            Self::TokenServiceBusy | Self::ProfileElsewhere => Some(1),
            _ => None,
        }
    }

    /// The error body: `{"error":{"type":…,"message":…,"code":…}}`.
    pub fn body(&self) -> String {
        let row = self.row();
        let body = Body {
            error: self.detail(&row),
        };
        // Strings always serialise.
        serde_json::to_string(&body).unwrap_or_default()
    }

    fn detail<'a>(&self, row: &'a Row) -> Detail<'a> {
        Detail {
            kind: if row.status < 500 {
                "invalid_request"
            } else {
                "api"
            },
            message: &row.message,
            code: row.code,
            reason: self.reason(),
        }
    }

    /// The member `reason` of the error body, which few refusals have.
    fn reason(&self) -> Option<&'static str> {
        match self {
            Self::NetworkTokenEligibilityDisabled => {
                Some("Network tokenization is not enabled for this profile")
            }
            _ => None,
        }
    }

    #[rustfmt::skip]
    fn row(&self) -> Row {
        match self {
            Self::Unauthenticated => row(401, "IR_01", "28000", "API key not provided or invalid API key used"),
            Self::RevealNotAllowed => row(403, "IR_19", "42501", "The API key does not carry the `reveal` scope"),
            Self::MissingProfileHeader => row(422, "IR_06", INVALID_VALUE, "Missing header key: `X-Profile-Id`"),
            Self::InvalidProfileHeader => row(422, "IR_06", INVALID_VALUE, "`X-Profile-Id` header is invalid"),
            Self::BodyTooLarge { limit } => row(413, "IR_06", INVALID_VALUE, format!("Request body is larger than {limit} bytes")),
            Self::Json { reason, line, column } => row(400, "IR_06", INVALID_JSON, format!("Json deserialize error: {reason} at line {line} column {column}")),
            Self::Field { field, rule } => row(400, "IR_06", INVALID_VALUE, format!("`{field}` must be {rule}")),
            Self::CustomerExists => row(400, "IR_12", "23505", "Customer with the given `customer_id` already exists"),
            Self::CustomerNotFound => row(404, "HE_02", NOT_FOUND, "Customer does not exist in our records"),
            Self::CustomerRedacted => row(400, "IR_11", WRONG_STATE, "Customer has already been redacted"),
            Self::PaymentMethodNotFound => row(404, "HE_02", NOT_FOUND, "Payment method does not exist in our records"),
            Self::PaymentMethodRedacted => row(400, "IR_11", WRONG_STATE, "Payment method has already been redacted"),
            Self::RedactedUpdate => row(422, "IR_06", WRONG_STATE, "Redacted Payment Method cannot be updated"),
            Self::InvalidPaymentMethodType => row(422, "IR_06", INVALID_VALUE, "Invalid 'payment_method_type' provided"),
            Self::InvalidPaymentMethodData => row(422, "IR_06", INVALID_VALUE, "Invalid 'payment_method_data' provided"),
            Self::UnsupportedUpdate => row(400, "IR_19", NOT_SUPPORTED, "Payment method type not supported"),
            Self::MissingCustomerId => row(400, "IR_04", INVALID_VALUE, "Missing required param: customer_id"),
            Self::CardNumberCharacter => row(400, "IR_06", INVALID_VALUE, "invalid character found in card number"),
            Self::CardNumberLength => row(400, "IR_06", INVALID_VALUE, "invalid card number length"),
            Self::CardNumberChecksum => row(400, "IR_06", INVALID_VALUE, "card number invalid"),
            Self::NotANumber { field } => row(400, "IR_07", INVALID_VALUE, format!("Invalid value provided: {field}")),
            Self::ExpiryMonth => row(400, "IR_16", INVALID_VALUE, "Invalid Expiry Month"),
            Self::ExpiryYear => row(400, "IR_16", INVALID_VALUE, "Invalid Expiry Year"),
            Self::CardExpired => row(400, "IR_16", INVALID_VALUE, "Card Expired"),
            Self::SeveralConnectorTokens => row(422, "IR_06", INVALID_VALUE, "`connector_token_details.connector_id` is needed: the payment method has several connector tokens"),
            Self::ConnectorNotFound => row(404, "HE_02", NOT_FOUND, "Merchant connector account does not exist in our records"),
            Self::PspTokenizationNotSupported => row(422, "IR_06", NOT_SUPPORTED, "`psp_tokenization` needs a card whose storage_type is persistent"),
            Self::ConnectorTokenNotFound => row(404, "HE_02", NOT_FOUND, "Connector token does not exist in our records"),
            Self::CardCvcNotFound => row(404, "HE_02", NOT_FOUND, "Card CVC does not exist in our records"),
            Self::NetworkTokenizationDisabled => row(422, "IR_29", WRONG_STATE, "Network tokenization is not enabled for this profile"),
            Self::NetworkTokenEligibilityDisabled => row(400, "IR_19", WRONG_STATE, "Payment method type not supported"),
            Self::TokenTypeNotSupported => row(422, "IR_29", NOT_SUPPORTED, "Token type not supported"),
            Self::NetworkTokenNotFound => row(404, "IR_37", NOT_FOUND, "NetworkTokenRequestorReferenceId is not present"),
            Self::NoNetworkTokenToCheck => row(400, "IR_07", NOT_FOUND, "Invalid value provided: payment_method_id"),
            Self::TokenServiceFailed => row(500, "HE_00", EXTERNAL, "Something went wrong"),
            Self::TokenServiceBusy => row(429, "IR_90", "53400", "Too many requests"),
            Self::TooManyRequests { .. } => row(429, "IR_90", "53400", "Too many requests"),
            Self::ProfileElsewhere => row(421, "HE_00", WRONG_STATE, "The profile is on another node"),
            Self::Unexpected => row(500, "HE_00", "XX000", "Something went wrong"),
        }
    }
}

fn row(
    status: u16,
    code: &'static str,
    sqlstate: &'static str,
    message: impl Into<Cow<'static, str>>,
) -> Row {
    Row {
        status,
        code,
        sqlstate,
        message: message.into(),
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.row().message)
    }
}

impl std::error::Error for Refusal {}

/// As what stands in the member `error` of the body.
impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.detail(&self.row()).serialize(serializer)
    }
}

#[cfg(feature = "openapi")]
impl Refusal {
    /// The schema of [`Refusal::body`].
    pub(crate) fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Body<'_>>()
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Refusal {
    fn schema_name() -> Cow<'static, str> {
        Detail::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Detail::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Detail::json_schema(generator)
    }
}

#[cfg(test)]
mod tests;
