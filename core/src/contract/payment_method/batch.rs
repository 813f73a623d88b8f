//! Storing many payment methods by one request.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::create::PaymentMethodCreate;
use super::response::PaymentMethodResponse;
use crate::contract::json::{self, Body, Object};
use crate::contract::refusal::Refusal;
use crate::contract::rules::MAX_BATCH_ITEMS;

/// The longest body of such a request, in bytes.
pub const MAX_BATCH_LENGTH: usize = 1_048_576;

/// `POST /payment-methods/batch`, as it was sent. Each payment method is read by itself, and is refused by itself. The texts are wiped
/// when they are dropped.
pub struct PaymentMethodBatch(Vec<Zeroizing<Box<str>>>);

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PaymentMethodBatch"))]
#[cfg_attr(
    feature = "openapi",
    schemars(description = "Cards and bank accounts to store, each with an outcome of its own.")
)]
#[serde(deny_unknown_fields)]
struct Members {
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Vec<serde_json::Value>", transform = crate::contract::schema::batch)
    )]
    payment_methods: Vec<Box<RawValue>>,
}

impl Body for PaymentMethodBatch {
    const MAX_LENGTH: usize = MAX_BATCH_LENGTH;

    fn read(text: &str) -> serde_json::Result<Self> {
        let members = serde_json::from_str::<Object<Members>>(text)?.into_inner();
        let items = members.payment_methods.into_iter();
        Ok(Self(
            items.map(|item| Zeroizing::new(item.into())).collect(),
        ))
    }
}

impl PaymentMethodBatch {
    /// The creates, in the order in which they were sent, or what is wrong with those that cannot be read. A position in such a
    /// refusal counts from the beginning of the payment method.
    ///
    /// # Errors
    /// When there are none, or too many.
    pub fn into_creates(
        self,
    ) -> Result<impl Iterator<Item = Result<PaymentMethodCreate, Refusal>>, Refusal> {
        if (1..=MAX_BATCH_ITEMS).contains(&self.0.len()) {
            let items = self.0.into_iter();
            Ok(items.map(|item| json::from_slice(item.as_bytes())))
        } else {
            Err(Refusal::field(
                "payment_methods",
                format!("an array of 1 to {MAX_BATCH_ITEMS} payment methods"),
            ))
        }
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for PaymentMethodBatch {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Members::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Members::json_schema(generator)
    }
}

/// What became of the payment methods of a batch, in the order in which they were sent.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PaymentMethodBatchResponse {
    /// As many as were sent.
    pub payment_methods: Vec<BatchItem>,
}

/// What became of one payment method of a batch.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum BatchItem {
    /// It is stored.
    Created {
        /// As a create answers.
        payment_method: Box<PaymentMethodResponse>,
    },
    /// The customer had it already. That one keeps its id, and takes over the new names.
    Refreshed {
        /// As a create answers.
        payment_method: Box<PaymentMethodResponse>,
    },
    /// It is not stored, for this reason.
    Refused {
        /// The status that a create of this payment method alone would have had.
        status: u16,
        /// As in the answer to such a create.
        error: Refusal,
    },
}

impl From<Refusal> for BatchItem {
    fn from(error: Refusal) -> Self {
        Self::Refused {
            status: error.status(),
            error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<Result<PaymentMethodCreate, Refusal>>, Refusal> {
        let batch: PaymentMethodBatch = json::from_slice(body.as_bytes())?;
        Ok(batch.into_creates()?.collect())
    }

    fn of(items: usize) -> String {
        format!(r#"{{"payment_methods":[{}]}}"#, vec!["{}"; items].join(","))
    }

    #[test]
    fn a_batch_has_1_to_100_payment_methods() {
        for items in [1, 100] {
            assert_eq!(read(&of(items)).ok().map(|read| read.len()), Some(items));
        }
        for items in [0, 101] {
            let refusal = read(&of(items)).err().map(|refusal| refusal.to_string());
            assert_eq!(
                refusal.as_deref(),
                Some("`payment_methods` must be an array of 1 to 100 payment methods")
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_itself_and_by_the_rules_of_a_create() {
        let card = r#"{"payment_method_type":"card","payment_method_data":{"card":{
            "card_number":"4111111111111111","card_exp_month":"03","card_exp_year":"2099"}}}"#;
        let long = format!(r#"{{"metadata":"{}"}}"#, "x".repeat(32_768));
        let items = [card, "{}", "[]", "null", "7", r#"{"pan":""}"#, &long];
        let body = format!(r#"{{"payment_methods":[{}]}}"#, items.join(","));
        let read = read(&body).expect("a batch");
        for (item, found) in items.iter().zip(read) {
            let alone = json::from_slice::<PaymentMethodCreate>(item.as_bytes());
            assert_eq!(found.err(), alone.err(), "{item:.40}");
        }
    }

    #[test]
    fn what_is_no_batch_is_refused_as_a_whole() {
        for body in [
            "[]",
            "{}",
            r#"{"payment_methods":{}}"#,
            r#"{"payment_methods":null}"#,
            r#"{"payment_methods":[{}],"more":1}"#,
            r#"{"payment_methods":[{"a":1,"a":2}]}"#,
            r#"{"payment_methods":[{]}"#,
        ] {
            assert!(matches!(read(body), Err(Refusal::Json { .. })), "{body}");
        }
    }

    #[test]
    fn a_batch_has_at_most_a_mebibyte() {
        let padded = |length: usize| {
            let batch = of(1);
            let padding = " ".repeat(length - batch.len());
            batch + &padding
        };
        assert!(read(&padded(MAX_BATCH_LENGTH)).is_ok());
        assert_eq!(
            read(&padded(MAX_BATCH_LENGTH + 1)).err(),
            Some(Refusal::BodyTooLarge {
                limit: MAX_BATCH_LENGTH
            })
        );
    }

    #[test]
    fn a_refused_item_says_what_a_create_alone_would_have_answered() {
        let item = BatchItem::from(Refusal::CustomerNotFound);
        assert_eq!(
            serde_json::to_string(&item).ok().as_deref(),
            Some(
                r#"{"outcome":"refused","status":404,"error":{"type":"invalid_request","message":"Customer does not exist in our records","code":"HE_02"}}"#
            )
        );
    }
}
