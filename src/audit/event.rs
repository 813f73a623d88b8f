//! The events of the log.

use crate::postgres::shared_memory::plain;

/// What somebody did, or was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    Authentication,
    AuthenticationLocked,
    CustomerCreated,
    CustomerUpdated,
    CustomerDeleted,
    PaymentMethodCreated,
    PaymentMethodRefreshed,
    PaymentMethodRevealed,
    CardNumberRevealed,
    CardNumberIndexed,
    CardNumberLimit,
    PaymentMethodUpdated,
    PaymentMethodDeleted,
    CardCvcUsed,
    CardSent,
    ConnectorTokenCreated,
    ConnectorTokenUsed,
    ConnectorTokenDeleted,
    NetworkTokenCreated,
    NetworkTokenRevealed,
    NetworkTokenDeleted,
    ConnectorCreated,
    ConnectorUpdated,
    ConnectorMoved,
    ConnectorEnabled,
    ConnectorDisabled,
    NetworkTokenizationEnabled,
    NetworkTokenizationDisabled,
    TokenJobRetried,
    MerchantCreated,
    ProfileCreated,
    ApiKeyCreated,
    RevealingApiKeyCreated,
    ApiKeyRevoked,
    RoleBound,
    RoleUnbound,
    LockoutsCleared,
    AuditRowsLost,
    DataKeyRotated,
    DataKeyDestroyed,
    DataKeysRewrapped,
    ProfileKeysDestroyed,
    RoleTakenOver,
    RowForged,
    RowsVouchedFor,
    RoleUnsafe,
}

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A reveal was allowed. The row was written before the value was opened.
    Success,
    Refused,
    /// It was done, and then undone with its transaction or subtransaction.
    RolledBack,
    /// It was done in a transaction that was prepared, which anybody may roll back later.
    Prepared,
}

plain! {
    choice Event;
    choice Outcome;
}

impl Event {
    /// Whether its objects are the vault's own rows and roles, each of which matters. The objects of other events come from
    /// clients, which can send any number of them.
    pub(super) fn is_of_an_object_of_the_vaults(self) -> bool {
        matches!(self, Self::RowForged | Self::RoleUnsafe)
    }

    /// As the log names it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::AuthenticationLocked => "authentication.lock",
            Self::CustomerCreated => "customer.create",
            Self::CustomerUpdated => "customer.update",
            Self::CustomerDeleted => "customer.delete",
            Self::PaymentMethodCreated => "payment_method.create",
            Self::PaymentMethodRefreshed => "payment_method.refresh",
            Self::PaymentMethodRevealed => "payment_method.reveal",
            Self::CardNumberRevealed => "card_number.reveal",
            Self::CardNumberIndexed => "card_number.index",
            Self::CardNumberLimit => "card_number.limit",
            Self::PaymentMethodUpdated => "payment_method.update",
            Self::PaymentMethodDeleted => "payment_method.delete",
            Self::CardCvcUsed => "payment_method.use_cvc",
            Self::CardSent => "payment_method.send",
            Self::ConnectorTokenCreated => "connector_token.create",
            Self::ConnectorTokenUsed => "connector_token.use",
            Self::ConnectorTokenDeleted => "connector_token.delete",
            Self::NetworkTokenCreated => "network_token.create",
            Self::NetworkTokenRevealed => "network_token.reveal",
            Self::NetworkTokenDeleted => "network_token.delete",
            Self::ConnectorCreated => "connector.create",
            Self::ConnectorUpdated => "connector.update",
            Self::ConnectorMoved => "connector.move",
            Self::ConnectorEnabled => "connector.enable",
            Self::ConnectorDisabled => "connector.disable",
            Self::NetworkTokenizationEnabled => "network_tokenization.enable",
            Self::NetworkTokenizationDisabled => "network_tokenization.disable",
            Self::TokenJobRetried => "token_job.retry",
            Self::MerchantCreated => "merchant.create",
            Self::ProfileCreated => "profile.create",
            Self::ApiKeyCreated => "api_key.create",
            Self::RevealingApiKeyCreated => "api_key.create_with_reveal",
            Self::ApiKeyRevoked => "api_key.revoke",
            Self::RoleBound => "role.bind",
            Self::RoleUnbound => "role.unbind",
            Self::LockoutsCleared => "lockouts.clear",
            Self::AuditRowsLost => "audit.lost",
            Self::DataKeyRotated => "data_key.rotate",
            Self::DataKeyDestroyed => "data_key.destroy",
            Self::DataKeysRewrapped => "data_keys.rewrap",
            Self::ProfileKeysDestroyed => "profile_keys.destroy",
            Self::RoleTakenOver => "role.take_over",
            Self::RowForged => "row.forged",
            Self::RowsVouchedFor => "rows.vouch",
            Self::RoleUnsafe => "role.unsafe",
        }
    }
}

impl Outcome {
    /// As the log names it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
            Self::RolledBack => "rolled back",
            Self::Prepared => "prepared",
        }
    }
}
