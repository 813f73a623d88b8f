//! What the vault takes and answers: requests, responses and refusals, one file for each resource.

pub mod customer;
pub mod id;
pub mod json;
pub mod metadata;

pub mod refusal;
pub mod stored;
pub mod time;

pub mod payment_method;

mod address;
mod query;
mod rules;

pub use address::Address;
pub use id::{
    ApiKeyId, ConnectorAccountId, CustomerId, MerchantId, PaymentMethodId, ProfileId, RequestId,
};
pub use metadata::Metadata;
pub use refusal::Refusal;
pub use time::{Timestamp, YearMonth};
