//! The full card or account, for a caller who may see it.

use serde::{Serialize, Serializer};

use super::instrument::{AchInstrument, CardInstrument, Instrument};
use super::kinds::{BankHolderType, BankType, CardType};
use super::summary::{AchSummary, CardSummary, PaymentMethodSummary};
use crate::card::CardNetwork;
use crate::contract::stored::Unstorable;

/// `raw_payment_method_data` of an answer: the members of a create, without the CVC.
pub struct RawPaymentMethodData(Parts);

enum Parts {
    Card(CardInstrument, CardSummary),
    Ach(AchInstrument, AchSummary),
}

impl RawPaymentMethodData {
    /// Puts number and names together.
    ///
    /// # Errors
    /// [`Unstorable`] when the two are of different kinds.
    pub fn compose(
        instrument: Instrument,
        summary: &PaymentMethodSummary,
    ) -> Result<Self, Unstorable> {
        match (instrument, summary) {
            (Instrument::Card(instrument), PaymentMethodSummary::Card(summary)) => {
                Ok(Self(Parts::Card(instrument, summary.clone())))
            }
            (Instrument::AchBankDebit(instrument), PaymentMethodSummary::BankDebit(summary)) => {
                let summary = summary.ach_bank_debit.clone();
                Ok(Self(Parts::Ach(instrument, summary)))
            }
            _ => Err(Unstorable),
        }
    }
}

impl Serialize for RawPaymentMethodData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Parts::Card(instrument, summary) => RawData::Card(RawCard {
                card_number: instrument.number.expose(),
                card_exp_month: instrument.expiry.month(),
                card_exp_year: instrument.expiry.year(),
                card_holder_name: summary.card_holder_name.as_deref(),
                nick_name: summary.nick_name.as_deref(),
                card_issuing_country: summary.issuer_country.as_deref(),
                card_network: summary.card_network,
                card_issuer: summary.card_issuer.as_deref(),
                card_type: summary.card_type,
                card_cvc: (),
            }),
            Parts::Ach(instrument, summary) => RawData::BankDebit(RawBankDebit {
                ach: RawAch {
                    account_number: instrument.expose_account_number(),
                    routing_number: instrument.expose_routing_number(),
                    bank_account_holder_name: summary.bank_account_holder_name.as_deref(),
                    bank_type: summary.bank_type,
                    bank_holder_type: summary.bank_holder_type,
                    bank_name: summary.bank_name.as_deref(),
                },
            }),
        }
        .serialize(serializer)
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for RawPaymentMethodData {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        RawData::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        RawData::json_schema(generator)
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        rename = "RawPaymentMethodData",
        description = "The card or the account in full: the members of a create, without the CVC."
    )
)]
#[serde(rename_all = "snake_case")]
enum RawData<'a> {
    Card(RawCard<'a>),
    BankDebit(RawBankDebit<'a>),
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
struct RawCard<'a> {
    card_number: &'a str,
    card_exp_month: &'a str,
    card_exp_year: &'a str,
    card_holder_name: Option<&'a str>,
    nick_name: Option<&'a str>,
    card_issuing_country: Option<&'a str>,
    card_network: Option<CardNetwork>,
    card_issuer: Option<&'a str>,
    card_type: Option<CardType>,
    /// Always null. Clients expect the member, and the vault never answers with a CVC.
    card_cvc: (),
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
struct RawBankDebit<'a> {
    ach: RawAch<'a>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "RawAchAccount"))]
struct RawAch<'a> {
    account_number: &'a str,
    routing_number: &'a str,
    bank_account_holder_name: Option<&'a str>,
    bank_type: Option<BankType>,
    bank_holder_type: Option<BankHolderType>,
    bank_name: Option<&'a str>,
}
