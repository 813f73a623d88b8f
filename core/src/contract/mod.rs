//! What the vault takes and answers: requests, responses and refusals, one file for each resource.

pub mod id;
pub mod json;
pub mod refusal;
pub mod time;

pub use id::{
    ApiKeyId, ConnectorAccountId, CustomerId, MerchantId, PaymentMethodId, ProfileId, RequestId,
};
pub use refusal::Refusal;
pub use time::{Timestamp, YearMonth};
