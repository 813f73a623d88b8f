//! The data of a payment method, as a create sends them.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::card::{CardCvc, CardExpiry, CardNetwork, CardNumber};
use crate::contract::json::Object;
use crate::contract::payment_method::instrument::{AchInstrument, CardInstrument, Instrument};
use crate::contract::payment_method::kinds::{
    BankHolderType, BankType, CardType, PaymentMethodType,
};
use crate::contract::payment_method::summary::{
    AchSummary, BankDebitSummary, CardSummary, PaymentMethodSummary,
};
use crate::contract::refusal::Refusal;
use crate::contract::rules;
use crate::time::YearMonth;

/// One of several kinds of data, by the name of its member.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PaymentMethodCreateData"))]
pub(super) struct Data {
    card: Option<Object<Card>>,
    bank_debit: Option<Object<BankDebit>>,
}

impl Data {
    pub(super) fn of_type(
        self,
        payment_method_type: PaymentMethodType,
    ) -> Result<TypedData, Refusal> {
        match (payment_method_type, self.card, self.bank_debit) {
            (PaymentMethodType::Card, Some(card), None) => Ok(TypedData::Card(card.into_inner())),
            (PaymentMethodType::BankDebit, None, Some(debit)) => {
                Ok(TypedData::Ach(debit.into_inner().ach.into_inner()))
            }
            _ => Err(Refusal::InvalidPaymentMethodData),
        }
    }
}

/// Data that has passed the rules, taken apart.
pub(super) struct Checked {
    pub(super) instrument: Instrument,
    pub(super) card_cvc: Option<CardCvc>,
    pub(super) summary: PaymentMethodSummary,
}

/// Data that fits the type it was sent with.
pub(super) enum TypedData {
    Card(Card),
    Ach(Ach),
}

impl TypedData {
    pub(super) fn into_valid(self, today: YearMonth) -> Result<Checked, Refusal> {
        match self {
            Self::Card(card) => card.into_valid(today),
            Self::Ach(account) => account.into_valid(),
        }
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(rename = "Card", description = "A card to store.")
)]
pub(super) struct Card {
    #[cfg_attr(feature = "openapi", schemars(with = "String", transform = crate::contract::schema::card_number))]
    card_number: Zeroizing<String>,
    #[cfg_attr(feature = "openapi", schemars(transform = crate::contract::schema::expiry_month))]
    card_exp_month: String,
    #[cfg_attr(feature = "openapi", schemars(transform = crate::contract::schema::expiry_year))]
    card_exp_year: String,
    card_holder_name: Option<String>,
    nick_name: Option<String>,
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<crate::contract::schema::Country>")
    )]
    card_issuing_country: Option<String>,
    card_network: Option<CardNetwork>,
    card_issuer: Option<String>,
    card_type: Option<CardType>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<String>", transform = crate::contract::schema::card_cvc))]
    card_cvc: Option<Zeroizing<String>>,
}

impl Card {
    fn into_valid(self, today: YearMonth) -> Result<Checked, Refusal> {
        let number = CardNumber::parse(&self.card_number)?;
        let expiry = CardExpiry::parse(&self.card_exp_month, &self.card_exp_year, today)?;
        rules::each(
            "",
            rules::text,
            [
                ("card_holder_name", &self.card_holder_name),
                ("nick_name", &self.nick_name),
            ],
        )?;
        rules::each(
            "",
            rules::country,
            [("card_issuing_country", &self.card_issuing_country)],
        )?;
        rules::each("", rules::text, [("card_issuer", &self.card_issuer)])?;
        let card_cvc = self.card_cvc.map(CardCvc::parse).transpose()?;
        let summary = CardSummary {
            issuer_country: self.card_issuing_country,
            last4_digits: number.last4().to_owned(),
            expiry_month: expiry.month().to_owned(),
            expiry_year: expiry.year().to_owned(),
            card_holder_name: self.card_holder_name,
            card_fingerprint: None,
            nick_name: self.nick_name,
            card_network: self.card_network,
            card_isin: number.shown_bin().map(str::to_owned),
            card_issuer: self.card_issuer,
            card_type: self.card_type,
            saved_to_locker: true,
        };
        Ok(Checked {
            instrument: Instrument::Card(CardInstrument { number, expiry }),
            card_cvc,
            summary: PaymentMethodSummary::Card(summary),
        })
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        rename = "BankDebit",
        description = "A bank account, by the scheme that debits it."
    )
)]
struct BankDebit {
    ach: Object<Ach>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        rename = "AchAccount",
        description = "A bank account of the United States, debited by ACH."
    )
)]
pub(super) struct Ach {
    #[cfg_attr(feature = "openapi", schemars(with = "String", transform = crate::contract::schema::account_number))]
    account_number: Zeroizing<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "String", transform = crate::contract::schema::routing_number))]
    routing_number: Zeroizing<String>,
    bank_account_holder_name: Option<String>,
    bank_type: Option<BankType>,
    bank_holder_type: Option<BankHolderType>,
    bank_name: Option<String>,
}

impl Ach {
    fn into_valid(self) -> Result<Checked, Refusal> {
        let account = AchInstrument::parse(&self.account_number, &self.routing_number)?;
        rules::each(
            "",
            rules::text,
            [
                ("bank_account_holder_name", &self.bank_account_holder_name),
                ("bank_name", &self.bank_name),
            ],
        )?;
        let summary = AchSummary {
            account_number_last4_digits: account.account_number_last4().to_owned(),
            routing_number_last4_digits: account.routing_number_last4().to_owned(),
            bank_account_holder_name: self.bank_account_holder_name,
            bank_name: self.bank_name,
            bank_type: self.bank_type,
            bank_holder_type: self.bank_holder_type,
        };
        Ok(Checked {
            instrument: Instrument::AchBankDebit(account),
            card_cvc: None,
            summary: PaymentMethodSummary::BankDebit(BankDebitSummary {
                ach_bank_debit: summary,
            }),
        })
    }
}
