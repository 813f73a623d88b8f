//! The events of the log.

use crate::postgres::shared_memory::plain;

/// Declares what the log has names for.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$doc_of_one:meta])* $one:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$doc_of_one])* $one,)+
        }

        plain! {
            choice $type;
        }

        impl $type {
            /// As the log names it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$one => $name,)+
                }
            }
        }
    };
}

named! {
    /// What somebody did, or was refused.
    Event {
        Authentication = "authentication",
        AuthenticationLocked = "authentication.lock",
        CustomerCreated = "customer.create",
        CustomerUpdated = "customer.update",
        CustomerDeleted = "customer.delete",
        PaymentMethodCreated = "payment_method.create",
        PaymentMethodRefreshed = "payment_method.refresh",
        PaymentMethodRevealed = "payment_method.reveal",
        CardNumberRevealed = "card_number.reveal",
        CardNumberIndexed = "card_number.index",
        CardNumberLimit = "card_number.limit",
        PaymentMethodUpdated = "payment_method.update",
        PaymentMethodDeleted = "payment_method.delete",
        CardCvcUsed = "payment_method.use_cvc",
        CardSent = "payment_method.send",
        ConnectorTokenCreated = "connector_token.create",
        ConnectorTokenUsed = "connector_token.use",
        ConnectorTokenDeleted = "connector_token.delete",
        NetworkTokenCreated = "network_token.create",
        NetworkTokenRevealed = "network_token.reveal",
        NetworkTokenDeleted = "network_token.delete",
        ConnectorCreated = "connector.create",
        ConnectorUpdated = "connector.update",
        ConnectorMoved = "connector.move",
        ConnectorEnabled = "connector.enable",
        ConnectorDisabled = "connector.disable",
        NetworkTokenizationEnabled = "network_tokenization.enable",
        NetworkTokenizationDisabled = "network_tokenization.disable",
        TokenJobRetried = "token_job.retry",
        MerchantCreated = "merchant.create",
        ProfileCreated = "profile.create",
        ApiKeyCreated = "api_key.create",
        RevealingApiKeyCreated = "api_key.create_with_reveal",
        ApiKeyRevoked = "api_key.revoke",
        RoleBound = "role.bind",
        RoleUnbound = "role.unbind",
        LockoutsCleared = "lockouts.clear",
        AuditRowsLost = "audit.lost",
        AuditMonthDropped = "audit.drop_month",
        DataKeyRotated = "data_key.rotate",
        DataKeyDestroyed = "data_key.destroy",
        DataKeysRewrapped = "data_keys.rewrap",
        ProfileKeysDestroyed = "profile_keys.destroy",
        RoleTakenOver = "role.take_over",
        RowForged = "row.forged",
        RowsVouchedFor = "rows.vouch",
        RoleUnsafe = "role.unsafe",
    }
}

named! {
    /// How an event ended.
    Outcome {
        /// A reveal was allowed. The row was written before the value was opened.
        Success = "success",
        Refused = "refused",
        /// It was done, and then undone with its transaction or subtransaction.
        RolledBack = "rolled back",
        /// It was done in a transaction that was prepared, which anybody may roll back later.
        Prepared = "prepared",
    }
}

impl Event {
    /// Whether its objects are the vault's own rows and roles, each of which matters. The objects of other events come from
    /// clients, which can send any number of them.
    pub(super) fn is_of_an_object_of_the_vaults(self) -> bool {
        matches!(self, Self::RowForged | Self::RoleUnsafe)
    }
}
