//! Updating payment methods.

use serde::Deserialize;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::connector_token::ConnectorTokenDetails;
use super::kinds::AcknowledgementStatus;
use crate::card::CardCvc;
use crate::contract::json::Object;
use crate::contract::refusal::Refusal;
use crate::contract::rules;

/// `PUT /payment-methods/{id}/update-saved-payment-method`, as it was sent. Number and expiry never change.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(description = "What changes of a payment method. Number and expiry never change.")
)]
#[serde(deny_unknown_fields)]
pub struct PaymentMethodUpdate {
    payment_method_data: Option<Object<Data>>,
    connector_token_details: Option<Object<ConnectorTokenDetails>>,
    network_transaction_id: Option<String>,
    acknowledgement_status: Option<AcknowledgementStatus>,
}

/// A checked update. What is absent stays as it is.
pub struct PaymentMethodChanges {
    pub(super) data: DataChanges,
    pub(super) network_transaction_id: Option<String>,
    /// Decides whether the payment method is active.
    pub acknowledgement_status: Option<AcknowledgementStatus>,
    /// A CVC to keep in place of an earlier one.
    pub card_cvc: Option<CardCvc>,
    /// A token to add or replace.
    pub connector_token_details: Option<ConnectorTokenDetails>,
}

/// What changes of the masked card or account.
pub(super) enum DataChanges {
    None,
    Card(CardNames),
    Ach(AchNames),
}

impl PaymentMethodUpdate {
    /// Checks the fields, in the contract's order.
    ///
    /// # Errors
    /// The refusal of the first rule that is broken.
    pub fn into_valid(self) -> Result<PaymentMethodChanges, Refusal> {
        let (data, card_cvc) = match self.payment_method_data {
            Some(data) => data.into_inner().into_valid()?,
            None => (DataChanges::None, None),
        };
        let connector_token_details = self
            .connector_token_details
            .map(|details| details.into_inner().into_valid())
            .transpose()?;
        rules::each(
            "",
            rules::text,
            [("network_transaction_id", &self.network_transaction_id)],
        )?;
        Ok(PaymentMethodChanges {
            data,
            network_transaction_id: self.network_transaction_id,
            acknowledgement_status: self.acknowledgement_status,
            card_cvc,
            connector_token_details,
        })
    }
}

impl PaymentMethodChanges {
    /// Drops a failure that comes after an authentication, because such a failure changes nothing. `known` is the
    /// status with which the payment method was last acknowledged.
    pub fn settle(&mut self, known: Option<AcknowledgementStatus>) {
        if known == Some(AcknowledgementStatus::Authenticated) {
            self.acknowledgement_status = self
                .acknowledgement_status
                .filter(|status| *status != AcknowledgementStatus::Failed);
        }
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        matches!(self.data, DataChanges::None)
            && self.network_transaction_id.is_none()
            && self.acknowledgement_status.is_none()
            && self.connector_token_details.is_none()
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        rename = "PaymentMethodUpdateData",
        description = "What changes of the card or of the bank account."
    )
)]
struct Data {
    card: Option<Object<Card>>,
    bank_debit: Option<Object<BankDebit>>,
}

impl Data {
    fn into_valid(self) -> Result<(DataChanges, Option<CardCvc>), Refusal> {
        match (self.card, self.bank_debit) {
            (None, None) => Ok((DataChanges::None, None)),
            (Some(card), None) => {
                let (names, card_cvc) = card.into_inner().into_valid()?;
                Ok((DataChanges::Card(names), card_cvc))
            }
            (None, Some(debit)) => {
                let names = debit.into_inner().ach.into_inner().into_valid()?;
                Ok((DataChanges::Ach(names), None))
            }
            (Some(_), Some(_)) => Err(Refusal::InvalidPaymentMethodData),
        }
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        rename = "CardUpdate",
        description = "What changes of a card. Number and expiry never change, so they may not be sent."
    )
)]
struct Card {
    #[cfg_attr(feature = "openapi", schemars(with = "Option<()>"))]
    card_number: Option<Present>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<()>"))]
    card_exp_month: Option<Present>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<()>"))]
    card_exp_year: Option<Present>,
    card_holder_name: Option<String>,
    nick_name: Option<String>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<String>", transform = crate::contract::schema::card_cvc))]
    card_cvc: Option<Zeroizing<String>>,
}

/// A member that cannot change. It is read only to be refused. If it were ignored like unknown members, the client
/// would believe that it had changed.
type Present = IgnoredAny;

fn refuse_present<const N: usize>(
    members: [(&'static str, Option<Present>); N],
) -> Result<(), Refusal> {
    members
        .into_iter()
        .find(|(_, value)| value.is_some())
        .map_or(Ok(()), |(member, _)| {
            Err(Refusal::field(member, "left out: it cannot change"))
        })
}

pub(super) struct CardNames {
    pub(super) card_holder_name: Option<String>,
    pub(super) nick_name: Option<String>,
}

impl Card {
    fn into_valid(self) -> Result<(CardNames, Option<CardCvc>), Refusal> {
        refuse_present([
            ("card_number", self.card_number),
            ("card_exp_month", self.card_exp_month),
            ("card_exp_year", self.card_exp_year),
        ])?;
        rules::each(
            "",
            rules::text,
            [
                ("card_holder_name", &self.card_holder_name),
                ("nick_name", &self.nick_name),
            ],
        )?;
        let card_cvc = self.card_cvc.map(CardCvc::parse).transpose()?;
        let names = CardNames {
            card_holder_name: self.card_holder_name,
            nick_name: self.nick_name,
        };
        Ok((names, card_cvc))
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(
        rename = "BankDebitUpdate",
        description = "What changes of a bank account, by the scheme that debits it."
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
        rename = "AchAccountUpdate",
        description = "What changes of a bank account. Its numbers never change, so they may not be sent."
    )
)]
struct Ach {
    #[cfg_attr(feature = "openapi", schemars(with = "Option<()>"))]
    account_number: Option<Present>,
    #[cfg_attr(feature = "openapi", schemars(with = "Option<()>"))]
    routing_number: Option<Present>,
    bank_account_holder_name: Option<String>,
}

pub(super) struct AchNames {
    pub(super) bank_account_holder_name: Option<String>,
}

impl Ach {
    fn into_valid(self) -> Result<AchNames, Refusal> {
        refuse_present([
            ("account_number", self.account_number),
            ("routing_number", self.routing_number),
        ])?;
        rules::each(
            "",
            rules::text,
            [("bank_account_holder_name", &self.bank_account_holder_name)],
        )?;
        Ok(AchNames {
            bank_account_holder_name: self.bank_account_holder_name,
        })
    }
}

#[cfg(test)]
mod tests;
