//! Creating payment methods.

use serde::Deserialize;
use serde::de::IgnoredAny;

use self::data::{Checked, Data};
use super::instrument::Instrument;
use super::kinds::{NetworkTokenization, PaymentMethodType, StorageType, TokenType};
use super::summary::{Billing, Summary};
use crate::card::CardCvc;
use crate::contract::json::{Body, Object};
use crate::contract::metadata::Metadata;
use crate::contract::refusal::Refusal;
use crate::contract::rules;
use crate::ids::CustomerId;
use crate::time::YearMonth;

mod data;

const ACH: &str = "ach";

/// `POST /payment-methods`, as it was sent.
pub struct PaymentMethodCreate(Sent);

enum Sent {
    /// All members have their form.
    Whole(Box<Members<Object<Data>>>),
    /// All members except the data have the right form. The vault does not store methods of this type, so the data do
    /// not matter.
    OfAnotherType,
}

/// The members of a create, with data of type `D`.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "PaymentMethodCreate"))]
#[serde(deny_unknown_fields)]
struct Members<D> {
    payment_method_type: PaymentMethodType,
    #[cfg_attr(feature = "openapi", schemars(transform = crate::contract::schema::subtype))]
    payment_method_subtype: Option<String>,
    customer_id: Option<CustomerId>,
    payment_method_data: D,
    billing: Option<Object<Billing>>,
    metadata: Option<Metadata>,
    storage_type: Option<StorageType>,
    psp_tokenization: Option<Object<PspTokenization>>,
    network_tokenization: Option<Object<NetworkTokenizationChoice>>,
}

/// A checked create.
pub struct NewPaymentMethod {
    /// How long it is kept, and whose it will be.
    pub storage: Storage,
    /// Card or bank debit.
    pub payment_method_type: PaymentMethodType,
    /// As it was sent.
    pub payment_method_subtype: Option<String>,
    /// The sensitive part, to be sealed by itself.
    pub instrument: Instrument,
    /// The CVC, if one was sent. The vault keeps it for [`cvc::LIFETIME`](crate::card::cvc::LIFETIME).
    pub card_cvc: Option<CardCvc>,
    /// The rest, without what [`Summary::set_fingerprint`] and [`Summary::fill_from_bin`] add.
    pub summary: Summary,
    /// The connector's token that is asked for.
    pub psp_tokenization: Option<PspTokenization>,
    /// Whether a network token is asked for.
    pub network_tokenization: bool,
}

/// Where a new payment method is stored. Nobody has checked yet whether the customer exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// Kept for this customer until it is deleted.
    Persistent(CustomerId),
    /// Kept for a day, for a customer or for none.
    Volatile(Option<CustomerId>),
}

impl Body for PaymentMethodCreate {
    fn read(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str::<Object<Members<Object<Data>>>>(text)
            .map(|members| Sent::Whole(Box::new(members.into_inner())))
            .or_else(|error| of_another_type(text).ok_or(error))
            .map(Self)
    }
}

fn of_another_type(text: &str) -> Option<Sent> {
    serde_json::from_str::<Object<Members<Option<IgnoredAny>>>>(text)
        .ok()
        .filter(|members| !members.payment_method_type.is_stored())
        .map(|_| Sent::OfAnotherType)
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for PaymentMethodCreate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Members::<Object<Data>>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Members::<Object<Data>>::json_schema(generator)
    }
}

impl PaymentMethodCreate {
    /// Checks the rules, in the contract's order. `today` is the current month, in UTC.
    ///
    /// # Errors
    /// The refusal of the first rule that is broken.
    pub fn into_valid(self, today: YearMonth) -> Result<NewPaymentMethod, Refusal> {
        match self.0 {
            Sent::Whole(members) => members.into_valid(today),
            Sent::OfAnotherType => Err(Refusal::InvalidPaymentMethodType),
        }
    }
}

impl Members<Object<Data>> {
    fn into_valid(self, today: YearMonth) -> Result<NewPaymentMethod, Refusal> {
        if !self.payment_method_type.is_stored() {
            return Err(Refusal::InvalidPaymentMethodType);
        }
        check_subtype(
            self.payment_method_type,
            self.payment_method_subtype.as_deref(),
        )?;
        let storage = match self.storage_type {
            Some(StorageType::Volatile) => Storage::Volatile(self.customer_id),
            Some(StorageType::Persistent) | None => {
                Storage::Persistent(self.customer_id.ok_or(Refusal::MissingCustomerId)?)
            }
        };
        let data = self
            .payment_method_data
            .into_inner()
            .of_type(self.payment_method_type)?;
        let Checked {
            instrument,
            card_cvc,
            summary: payment_method_data,
        } = data.into_valid(today)?;
        let billing = self
            .billing
            .map(|billing| billing.into_inner().into_valid())
            .transpose()?;
        let psp_tokenization = self
            .psp_tokenization
            .map(|tokenization| tokenization.into_inner().into_valid(&storage, &instrument))
            .transpose()?;
        Ok(NewPaymentMethod {
            storage,
            payment_method_type: self.payment_method_type,
            payment_method_subtype: self.payment_method_subtype,
            instrument,
            card_cvc,
            summary: Summary {
                payment_method_data,
                billing,
                metadata: self.metadata,
                network_transaction_id: None,
                acknowledgement_status: None,
            },
            psp_tokenization,
            network_tokenization: self
                .network_tokenization
                .is_some_and(|choice| choice.into_inner().enable == NetworkTokenization::Enable),
        })
    }
}

/// A card may have any subtype or none; a bank debit has that of its scheme.
fn check_subtype(
    payment_method_type: PaymentMethodType,
    subtype: Option<&str>,
) -> Result<(), Refusal> {
    const FIELD: &str = "payment_method_subtype";
    if let Some(subtype) = subtype {
        rules::subtype("", FIELD, subtype)?;
    }
    match (payment_method_type, subtype) {
        (PaymentMethodType::BankDebit, None) => {
            Err(Refusal::field(FIELD, "given for a bank debit"))
        }
        (PaymentMethodType::BankDebit, Some(subtype)) if subtype != ACH => {
            Err(Refusal::InvalidPaymentMethodData)
        }
        _ => Ok(()),
    }
}

/// Asks for a token of a payment service provider.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PspTokenization {
    /// How often the token is to be used.
    pub tokenization_type: TokenType,
    /// The connector account.
    pub connector_id: String,
}

impl PspTokenization {
    fn into_valid(self, storage: &Storage, instrument: &Instrument) -> Result<Self, Refusal> {
        match (storage, instrument) {
            (Storage::Persistent(_), Instrument::Card(_)) => {
                rules::text("psp_tokenization", "connector_id", &self.connector_id)?;
                Ok(self)
            }
            _ => Err(Refusal::PspTokenizationNotSupported),
        }
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
struct NetworkTokenizationChoice {
    enable: NetworkTokenization,
}

#[cfg(test)]
mod tests;
