//! Payment methods: contract, sections 4, 6 and 7.

mod batch;
mod connector_token;
mod create;
mod instrument;
mod kinds;
mod network_token;
mod query;
mod raw;
mod response;
mod summary;
mod update;

pub use batch::{BatchItem, PaymentMethodBatch, PaymentMethodBatchResponse};
pub use connector_token::{ConnectorToken, ConnectorTokenDetails, PlacedToken};
pub use create::{NewPaymentMethod, PaymentMethodCreate, PspTokenization, Storage};
pub use instrument::{AchInstrument, CardInstrument, Instrument};
pub use kinds::{
    AcknowledgementStatus, BankHolderType, BankType, CardType, ConnectorTokenStatus,
    NetworkTokenization, PaymentMethodType, StorageType, TokenType,
};
pub use network_token::{
    Eligibility, EligibilityQuery, FetchedTokenType, FullNetworkToken, NetworkTokenDetails,
    NetworkTokenRequest, NetworkTokenResponse, NetworkTokenState, NetworkTokenStatus,
    NetworkTokenSummary,
};
pub use query::{ListPaymentMethodsQuery, RetrieveQuery};
pub use raw::RawPaymentMethodData;
pub use response::{
    DefaultPaymentMethod, ListItem, PaymentMethod, PaymentMethodDeleted, PaymentMethodDetails,
    PaymentMethodResponse, SavedPaymentMethods,
};
pub use summary::{
    AchSummary, BankDebitSummary, Billing, BinRecord, CardSummary, PaymentMethodSummary, Summary,
};
pub use update::{PaymentMethodChanges, PaymentMethodUpdate};
