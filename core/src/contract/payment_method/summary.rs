//! The part of a payment method that an ordinary answer shows: no number beyond BIN and last four.

use serde::{Deserialize, Serialize};

use super::kinds::{AcknowledgementStatus, BankHolderType, BankType, CardType};
use super::update::{DataChanges, PaymentMethodChanges};
use crate::card::CardNetwork;
use crate::contract::address::Address;
use crate::contract::json::Object;
use crate::contract::metadata::Metadata;
use crate::contract::refusal::Refusal;
use crate::contract::rules;
use crate::crypto::BlindIndex;

/// What the vault keeps about a payment method, sealed apart from its [`Instrument`](super::Instrument).
#[derive(Clone, Serialize, Deserialize)]
pub struct Summary {
    /// The masked card or account.
    pub payment_method_data: PaymentMethodSummary,
    /// Where bills go.
    pub billing: Option<Billing>,
    /// The merchant's own.
    pub metadata: Option<Metadata>,
    /// The card network's name for the first payment.
    pub network_transaction_id: Option<String>,
    /// What became of the payment method where it was used last.
    pub acknowledgement_status: Option<AcknowledgementStatus>,
}

impl Summary {
    /// Puts the fingerprint of a card into what is shown. A bank account shows none.
    pub fn set_fingerprint(&mut self, fingerprint: &BlindIndex) {
        if let PaymentMethodSummary::Card(card) = &mut self.payment_method_data {
            card.card_fingerprint = Some(base16ct::lower::encode_string(fingerprint));
        }
    }

    /// Fills in what the caller left out. The source is the BIN table if it has the card, and then, for the network,
    /// the published ranges. Names in the table that the contract does not know are left out, too.
    pub fn fill_from_bin(&mut self, bin: Option<&BinRecord>, published: Option<CardNetwork>) {
        if let PaymentMethodSummary::Card(card) = &mut self.payment_method_data {
            card.fill_from_bin(bin, published);
        }
    }

    /// The same card or account was sent again: names, billing and metadata of the later request stand, and it tells what
    /// was not known. What was known of the card itself stays.
    pub fn refresh(&mut self, later: Self) {
        self.payment_method_data.refresh(later.payment_method_data);
        self.billing = later.billing.or(self.billing.take());
        self.metadata = later.metadata.or(self.metadata.take());
        // The payment method is active again.
        self.acknowledgement_status = self
            .acknowledgement_status
            .filter(|status| *status != AcknowledgementStatus::Failed);
    }

    /// Carries out an update.
    ///
    /// # Errors
    /// [`Refusal::UnsupportedUpdate`] when it is for another kind of payment method; nothing is changed then.
    pub fn apply(&mut self, changes: &PaymentMethodChanges) -> Result<(), Refusal> {
        match (&mut self.payment_method_data, &changes.data) {
            (_, DataChanges::None) => {}
            (PaymentMethodSummary::Card(card), DataChanges::Card(names)) => {
                replace(&mut card.card_holder_name, &names.card_holder_name);
                replace(&mut card.nick_name, &names.nick_name);
            }
            (PaymentMethodSummary::BankDebit(debit), DataChanges::Ach(names)) => {
                let account = &mut debit.ach_bank_debit;
                replace(
                    &mut account.bank_account_holder_name,
                    &names.bank_account_holder_name,
                );
            }
            _ => return Err(Refusal::UnsupportedUpdate),
        }
        replace(
            &mut self.network_transaction_id,
            &changes.network_transaction_id,
        );
        replace(
            &mut self.acknowledgement_status,
            &changes.acknowledgement_status,
        );
        Ok(())
    }
}

/// The masked card or account: `payment_method_data` of an answer.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PaymentMethodData"))]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethodSummary {
    /// A card.
    Card(CardSummary),
    /// A bank account.
    BankDebit(BankDebitSummary),
}

impl PaymentMethodSummary {
    fn refresh(&mut self, later: Self) {
        match (self, later) {
            (Self::Card(card), Self::Card(later)) => {
                card.card_holder_name = later.card_holder_name.or(card.card_holder_name.take());
                card.nick_name = later.nick_name.or(card.nick_name.take());
                card.card_network = card.card_network.or(later.card_network);
                card.card_type = card.card_type.or(later.card_type);
                fill(&mut card.card_issuer, &later.card_issuer);
                fill(&mut card.issuer_country, &later.issuer_country);
            }
            (Self::BankDebit(debit), Self::BankDebit(later)) => {
                let (account, later) = (&mut debit.ach_bank_debit, later.ach_bank_debit);
                account.bank_account_holder_name = later
                    .bank_account_holder_name
                    .or(account.bank_account_holder_name.take());
                account.bank_type = account.bank_type.or(later.bank_type);
                account.bank_holder_type = account.bank_holder_type.or(later.bank_holder_type);
                fill(&mut account.bank_name, &later.bank_name);
            }
            // A duplicate has the same number, so it is of the same kind.
            _ => {}
        }
    }
}

/// A card, without its number. The members stand in the contract's order.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the names of the members say what they are")]
pub struct CardSummary {
    /// ISO 3166-1 alpha-2.
    pub issuer_country: Option<String>,
    pub last4_digits: String,
    /// As it was sent.
    pub expiry_month: String,
    /// As it was sent.
    pub expiry_year: String,
    pub card_holder_name: Option<String>,
    /// Opaque; equal for equal numbers of one profile.
    pub card_fingerprint: Option<String>,
    pub nick_name: Option<String>,
    pub card_network: Option<CardNetwork>,
    /// The first six digits; none of a very short number.
    pub card_isin: Option<String>,
    pub card_issuer: Option<String>,
    pub card_type: Option<CardType>,
    pub saved_to_locker: bool,
}

impl CardSummary {
    fn fill_from_bin(&mut self, bin: Option<&BinRecord>, published: Option<CardNetwork>) {
        if let Some(bin) = bin {
            let network = bin.card_network.as_deref().and_then(CardNetwork::from_name);
            let card_type = bin.card_type.as_deref().and_then(CardType::from_name);
            self.card_network = self.card_network.or(network);
            self.card_type = self.card_type.or(card_type);
            fill(&mut self.card_issuer, &bin.card_issuer);
            fill(&mut self.issuer_country, &bin.issuing_country);
        }
        self.card_network = self.card_network.or(published);
    }
}

/// A bank account, by the scheme that debits it.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct BankDebitSummary {
    /// By ACH, in the United States.
    pub ach_bank_debit: AchSummary,
}

/// A bank account, without its numbers. The members stand in the contract's order.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "AchAccountSummary"))]
#[expect(missing_docs, reason = "the names of the members say what they are")]
pub struct AchSummary {
    pub account_number_last4_digits: String,
    pub routing_number_last4_digits: String,
    pub bank_account_holder_name: Option<String>,
    pub bank_name: Option<String>,
    pub bank_type: Option<BankType>,
    pub bank_holder_type: Option<BankHolderType>,
}

/// What the BIN table says of a card, as the operator loaded it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BinRecord {
    /// A name of [`CardNetwork`].
    pub card_network: Option<String>,
    /// The issuing bank.
    pub card_issuer: Option<String>,
    /// A name of [`CardType`].
    pub card_type: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub issuing_country: Option<String>,
}

impl BinRecord {
    /// The subtype of a payment method with the card: the card's type.
    pub fn subtype(&self) -> Option<&'static str> {
        let card_type = self.card_type.as_deref().and_then(CardType::from_name)?;
        Some(card_type.as_str())
    }
}

/// Where bills go. As it is sent, stored and answered.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(description = "Where bills go."))]
pub struct Billing {
    address: Option<Object<Address>>,
    phone: Option<Object<Phone>>,
    #[cfg_attr(feature = "openapi", schemars(length(max = 319)))]
    email: Option<String>,
}

impl Billing {
    pub(super) fn into_valid(self) -> Result<Self, Refusal> {
        if let Some(address) = &self.address {
            address.validate("billing.address")?;
        }
        if let Some(phone) = &self.phone {
            phone.validate("billing.phone")?;
        }
        rules::each("billing", rules::email_text, [("email", &self.email)])?;
        Ok(self)
    }
}

/// A telephone number.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
struct Phone {
    number: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(length(max = 8)))]
    country_code: Option<String>,
}

impl Phone {
    fn validate(&self, path: &str) -> Result<(), Refusal> {
        rules::each(path, rules::text, [("number", &self.number)])?;
        rules::each(
            path,
            rules::telephone_country_code,
            [("country_code", &self.country_code)],
        )
    }
}

fn fill(empty: &mut Option<String>, with: &Option<String>) {
    if empty.is_none() {
        empty.clone_from(with);
    }
}

fn replace<T: Clone>(old: &mut Option<T>, new: &Option<T>) {
    if new.is_some() {
        old.clone_from(new);
    }
}

#[cfg(test)]
mod tests;
