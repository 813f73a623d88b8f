//! Seals and opens the values in the rows of a payment method: persistent ones under the profile's data key, and volatile ones
//! under the memory key.

use vault_core::card::{CardCvc, cvc};
use vault_core::contract::payment_method::{
    ConnectorToken, Instrument, NetworkTokenSummary, PaymentMethod, StorageType, Summary,
};
use vault_core::contract::stored::{self, Unstorable};
use vault_core::crypto::place::connector_token_row;
use vault_core::crypto::{Context, Place};
use vault_core::ids::PaymentMethodId;
use vault_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::error::{Defect, Failure};
use crate::keys;
use crate::keys::memory_key::MemoryKey;
use crate::postgres::clock;
use crate::store::VolatileScope;
use crate::store::cvcs::NewCvc;
use crate::store::payment_methods::StoredPaymentMethod;
use crate::tenancy::Caller;

/// Which volatile rows count now.
pub fn volatile_scope() -> Result<VolatileScope, Failure> {
    volatile_scope_at(clock::now()?)
}

/// Which volatile rows count at the given time.
pub fn volatile_scope_at(now: Timestamp) -> Result<VolatileScope, Failure> {
    Ok(VolatileScope {
        memory_key: keys::memory_key()?.check_value(),
        now,
    })
}

pub fn seal_instrument(
    caller: &Caller,
    method: &PaymentMethod,
    instrument: &Instrument,
) -> Result<Vec<u8>, Failure> {
    let plaintext = instrument.to_bytes().map_err(|_| Defect::NotSerialized)?;
    let column = Column::of(method, Part::Instrument);
    column.seal(caller, &plaintext)
}

pub fn open_instrument(
    caller: &Caller,
    storage_type: StorageType,
    id: &PaymentMethodId,
    envelope: &[u8],
) -> Result<Instrument, Failure> {
    let column = Column {
        storage_type,
        part: Part::Instrument,
        id,
    };
    Instrument::from_bytes(&column.open(caller, envelope)?).map_err(damaged)
}

pub fn seal_summary(caller: &Caller, method: &PaymentMethod) -> Result<Vec<u8>, Failure> {
    let plaintext = stored::to_bytes(&method.summary).map_err(|_| Defect::NotSerialized)?;
    Column::of(method, Part::Summary).seal(caller, &plaintext)
}

pub fn seal_token(
    caller: &Caller,
    id: &PaymentMethodId,
    position: i32,
    token: &ConnectorToken,
) -> Result<Vec<u8>, Failure> {
    let plaintext = stored::to_bytes(token).map_err(|_| Defect::NotSerialized)?;
    let row = connector_token_row(id, position);
    keys::for_sealing(&caller.profile_id)?.seal(
        &Context::row(Place::ConnectorTokenDetails, &row),
        &plaintext,
    )
}

pub fn seal_network_token(
    caller: &Caller,
    id: &PaymentMethodId,
    token: &NetworkTokenSummary,
) -> Result<Vec<u8>, Failure> {
    let plaintext = stored::to_bytes(token).map_err(|_| Defect::NotSerialized)?;
    keys::for_sealing(&caller.profile_id)?.seal(&network_token_context(id), &plaintext)
}

pub fn open_network_token(
    caller: &Caller,
    id: &PaymentMethodId,
    envelope: &[u8],
) -> Result<NetworkTokenSummary, Failure> {
    let plaintext =
        keys::for_reading(&caller.profile_id)?.open(&network_token_context(id), envelope)?;
    stored::from_bytes(&plaintext).map_err(damaged)
}

pub fn seal_cvc(
    caller: &Caller,
    id: &PaymentMethodId,
    cvc: &CardCvc,
    now: Timestamp,
) -> Result<NewCvc, Failure> {
    let key = memory_key_for(caller)?;
    Ok(NewCvc {
        memory_key: key.check_value(),
        envelope: key.seal(
            &caller.profile_id,
            &cvc_context(id),
            cvc.expose().as_bytes(),
        )?,
        expires_at: now.after(cvc::LIFETIME)?,
    })
}

pub fn open_cvc(
    caller: &Caller,
    id: &PaymentMethodId,
    envelope: &[u8],
) -> Result<CardCvc, Failure> {
    let plaintext = memory_key_for(caller)?.open(&caller.profile_id, &cvc_context(id), envelope)?;
    let cvc = std::str::from_utf8(&plaintext).map_err(|_| Failure::DamagedPlaintext)?;
    CardCvc::parse(Zeroizing::new(cvc.to_owned())).map_err(|_| Failure::DamagedPlaintext)
}

/// The payment method that a row stands for. The row must not be redacted.
pub fn open(caller: &Caller, stored: StoredPaymentMethod) -> Result<PaymentMethod, Failure> {
    let id = &stored.payment_method_id;
    let summary = stored.summary.as_deref().ok_or(Failure::DamagedRow)?;
    let column = Column {
        storage_type: stored.storage_type,
        part: Part::Summary,
        id,
    };
    let tokens = stored
        .tokens
        .iter()
        .map(|token| open_token(caller, id, token.position, &token.details));
    let network_token = stored
        .network_token
        .as_ref()
        .map(|token| open_network_token(caller, id, &token.summary))
        .transpose()?;
    Ok(PaymentMethod {
        summary: open_summary(caller, &column, summary)?,
        network_token,
        connector_tokens: tokens.collect::<Result<_, _>>()?,
        id: stored.payment_method_id,
        merchant_id: caller.merchant_id.clone(),
        customer_id: stored.customer_id,
        payment_method_type: stored.payment_method_type,
        payment_method_subtype: stored.payment_method_subtype,
        storage_type: stored.storage_type,
        card_cvc_expires_at: stored.cvc_expires_at,
        created: stored.created_at,
        last_used_at: stored.last_used_at,
    })
}

/// A sealed column of one payment method.
struct Column<'a> {
    storage_type: StorageType,
    part: Part,
    id: &'a PaymentMethodId,
}

/// The sealed values in the row of a payment method.
#[derive(Clone, Copy)]
enum Part {
    Instrument,
    Summary,
}

impl<'a> Column<'a> {
    fn of(method: &'a PaymentMethod, part: Part) -> Self {
        Self {
            storage_type: method.storage_type,
            part,
            id: &method.id,
        }
    }

    fn seal(&self, caller: &Caller, plaintext: &[u8]) -> Result<Vec<u8>, Failure> {
        let profile_id = &caller.profile_id;
        match self.storage_type {
            StorageType::Persistent => {
                keys::for_sealing(profile_id)?.seal(&self.context(), plaintext)
            }
            StorageType::Volatile => {
                memory_key_for(caller)?.seal(profile_id, &self.context(), plaintext)
            }
        }
    }

    fn open(&self, caller: &Caller, envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let profile_id = &caller.profile_id;
        match self.storage_type {
            StorageType::Persistent => {
                keys::for_reading(profile_id)?.open(&self.context(), envelope)
            }
            StorageType::Volatile => {
                memory_key_for(caller)?.open(profile_id, &self.context(), envelope)
            }
        }
    }

    fn context(&self) -> Context<'_> {
        let place = match (self.storage_type, self.part) {
            (StorageType::Persistent, Part::Instrument) => Place::PaymentMethodInstrument,
            (StorageType::Persistent, Part::Summary) => Place::PaymentMethodSummary,
            (StorageType::Volatile, Part::Instrument) => Place::VolatilePaymentMethodInstrument,
            (StorageType::Volatile, Part::Summary) => Place::VolatilePaymentMethodSummary,
        };
        Context::row(place, self.id.as_str())
    }
}

fn open_summary(caller: &Caller, column: &Column<'_>, envelope: &[u8]) -> Result<Summary, Failure> {
    stored::from_bytes(&column.open(caller, envelope)?).map_err(damaged)
}

pub fn open_token(
    caller: &Caller,
    id: &PaymentMethodId,
    position: i32,
    envelope: &[u8],
) -> Result<ConnectorToken, Failure> {
    let row = connector_token_row(id, position);
    let context = Context::row(Place::ConnectorTokenDetails, &row);
    let plaintext = keys::for_reading(&caller.profile_id)?.open(&context, envelope)?;
    stored::from_bytes(&plaintext).map_err(damaged)
}

/// The memory key. Fails if the profile has no usable keys of its own, because their destruction ends its volatile values, too.
fn memory_key_for(caller: &Caller) -> Result<&'static MemoryKey, Failure> {
    keys::for_reading(&caller.profile_id)?;
    keys::memory_key()
}

fn cvc_context(id: &PaymentMethodId) -> Context<'_> {
    Context::row(Place::Cvc, id.as_str())
}

fn network_token_context(id: &PaymentMethodId) -> Context<'_> {
    Context::row(Place::NetworkTokenSummary, id.as_str())
}

fn damaged(_: Unstorable) -> Failure {
    Failure::DamagedPlaintext
}
