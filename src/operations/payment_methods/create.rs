//! Storing a payment method.

use vault_core::contract::id::PaymentMethodId;
use vault_core::contract::payment_method::{
    BinRecord, NewPaymentMethod, PaymentMethod, PaymentMethodCreate, PaymentMethodResponse,
};
use vault_core::contract::refusal::Refusal;
use vault_core::contract::time::Timestamp;
use vault_core::crypto::BlindIndex;

use super::sealed::{open, seal_instrument, seal_summary};
use crate::clock;
use crate::error::Failure;
use crate::keys;
use crate::settings;
use crate::store;
use crate::store::payment_methods::{Duplicate, NewRow};
use crate::tenancy::Caller;
use crate::tenancy::audit::{Event, record};

/// How often a create looks again when others changed the method that it would refresh. Each time, one of them got on.
const ATTEMPTS: usize = 100;

/// Stores a payment method. One that the customer has already keeps its id, and is refreshed.
pub fn create(
    caller: &Caller,
    request: PaymentMethodCreate,
) -> Result<PaymentMethodResponse, Failure> {
    let now = clock::now()?;
    let mut new = request.check(now.year_month())?;
    let keys = keys::of_profile(&caller.profile_id)?;
    new.summary
        .set_fingerprint(&new.instrument.fingerprint(keys.index()));
    let duplicate_index = new.instrument.duplicate_index(keys.index());
    let create = Create {
        caller,
        now,
        duplicate_index,
        new,
    };
    for _ in 0..ATTEMPTS {
        if let Some(method) = create.attempt()? {
            return Ok(method.into_response());
        }
    }
    Err(Failure::Contention)
}

/// A create that has passed its checks.
struct Create<'a> {
    caller: &'a Caller,
    now: Timestamp,
    duplicate_index: BlindIndex,
    new: NewPaymentMethod,
}

impl Create<'_> {
    /// None when somebody else created or changed the same method between the look-up and the write.
    fn attempt(&self) -> Result<Option<PaymentMethod>, Failure> {
        let customer = self.new.customer_id.as_str();
        let found = store::payment_methods::look_up(
            customer,
            &self.duplicate_index,
            self.new.instrument.bins(),
        )?
        .ok_or(Refusal::CustomerNotFound)?;
        if found.customer_redacted {
            return Err(Refusal::CustomerRedacted.into());
        }
        let (event, written) = match found.duplicate {
            None => (
                Event::PaymentMethodCreated,
                self.insert(found.bin.as_ref())?,
            ),
            Some(duplicate) => (Event::PaymentMethodRefreshed, self.refresh(duplicate)?),
        };
        if let Some(method) = &written {
            record(self.caller, event, method.id.as_str())?;
        }
        Ok(written)
    }

    fn insert(&self, bin: Option<&BinRecord>) -> Result<Option<PaymentMethod>, Failure> {
        let method = self.created(bin)?;
        let id = method.id.as_str();
        let inserted = store::payment_methods::insert(NewRow {
            profile_id: &self.caller.profile_id,
            payment_method_id: id,
            customer_id: method.customer_id.as_str(),
            payment_method_type: method.payment_method_type.as_str(),
            payment_method_subtype: method.payment_method_subtype.as_deref(),
            instrument: &seal_instrument(self.caller, id, &self.new.instrument)?,
            summary: &seal_summary(self.caller, id, &method.summary)?,
            duplicate_index: &self.duplicate_index,
            created_at: self.now,
        })?;
        Ok(inserted.then_some(method))
    }

    fn refresh(&self, duplicate: Duplicate) -> Result<Option<PaymentMethod>, Failure> {
        let mut method = open(self.caller, duplicate.method)?;
        method.summary.refresh(self.new.summary.clone());
        let id = method.id.as_str();
        let summary = seal_summary(self.caller, id, &method.summary)?;
        let refreshed =
            store::payment_methods::refresh(id, &summary, self.now, duplicate.modified_at)?;
        Ok(refreshed.then_some(method))
    }

    fn created(&self, bin: Option<&BinRecord>) -> Result<PaymentMethod, Failure> {
        let mut summary = self.new.summary.clone();
        summary.fill_from_bin(bin);
        Ok(PaymentMethod {
            id: PaymentMethodId::new(&settings::cell(), clock::uuid_at(self.now)?),
            merchant_id: self.caller.merchant_id.as_str().into(),
            customer_id: self.new.customer_id.clone(),
            payment_method_type: self.new.payment_method_type,
            payment_method_subtype: self.new.payment_method_subtype.clone(),
            created: self.now,
            last_used_at: self.now,
            summary,
            connector_tokens: Vec::new(),
        })
    }
}
