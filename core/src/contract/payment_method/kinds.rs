//! The names that the contract has for kinds of things.

use std::time::Duration;

use crate::names::names;

names! {
    /// A kind of payment method. The vault stores [`Card`](Self::Card) and [`BankDebit`](Self::BankDebit); the others
    /// are known, and refused.
    pub enum PaymentMethodType {
        /// A payment card.
        Card = "card",
        /// A debit from a bank account.
        BankDebit = "bank_debit",
        /// Not stored.
        CardRedirect = "card_redirect",
        /// Not stored.
        PayLater = "pay_later",
        /// Not stored.
        Wallet = "wallet",
        /// Not stored.
        BankRedirect = "bank_redirect",
        /// Not stored.
        BankTransfer = "bank_transfer",
        /// Not stored.
        Crypto = "crypto",
        /// Not stored.
        Reward = "reward",
        /// Not stored.
        RealTimePayment = "real_time_payment",
        /// Not stored.
        Upi = "upi",
        /// Not stored.
        Voucher = "voucher",
        /// Not stored.
        GiftCard = "gift_card",
        /// Not stored.
        OpenBanking = "open_banking",
        /// Not stored.
        MobilePayment = "mobile_payment",
        /// Not stored.
        NetworkToken = "network_token",
    }
}

impl PaymentMethodType {
    /// Whether the vault stores it.
    pub fn is_stored(self) -> bool {
        matches!(self, Self::Card | Self::BankDebit)
    }
}

names! {
    /// How a card is funded.
    pub enum CardType {
        /// By a line of credit.
        Credit = "credit",
        /// From an account.
        Debit = "debit",
    }
}

names! {
    /// A kind of bank account.
    pub enum BankType {
        /// For payments.
        Checking = "checking",
        /// For savings.
        Savings = "savings",
    }
}

names! {
    /// Who holds a bank account.
    pub enum BankHolderType {
        /// A person.
        Personal = "personal",
        /// A business.
        Business = "business",
    }
}

names! {
    /// How long a payment method is kept.
    pub enum StorageType {
        /// Until it is deleted.
        Persistent = "persistent",
        /// For a day, in memory only.
        Volatile = "volatile",
    }
}

impl StorageType {
    /// How long a volatile payment method is kept: contract, section 4.
    pub const VOLATILE_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
}

names! {
    /// How often a connector's token can be used.
    pub enum TokenType {
        /// Once.
        SingleUse = "single_use",
        /// Again and again.
        MultiUse = "multi_use",
    }
}

names! {
    /// Whether a connector's token can be used.
    pub enum ConnectorTokenStatus {
        /// It can.
        Active = "active",
        /// It cannot.
        Inactive = "inactive",
    }
}

names! {
    /// Whether a network token is asked for.
    pub enum NetworkTokenization {
        /// It is.
        Enable = "Enable",
        /// It is not.
        Skip = "Skip",
    }
}

names! {
    /// What became of the payment method where it was used last.
    pub enum AcknowledgementStatus {
        /// It was accepted: the payment method is active.
        Authenticated = "authenticated",
        /// It was not: the payment method is inactive.
        Failed = "failed",
    }
}
