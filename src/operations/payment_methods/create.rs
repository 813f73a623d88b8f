//! Storing a payment method.

use vault_core::contract::payment_method::{
    BinRecord, NewPaymentMethod, PaymentMethod, PaymentMethodCreate, PaymentMethodResponse,
    Storage, StorageType,
};
use vault_core::contract::refusal::Refusal;
use vault_core::crypto::searchable::IndexPart;
use vault_core::ids::{CustomerId, PaymentMethodId};
use vault_core::time::Timestamp;

use super::sealed::{open, seal_cvc, seal_instrument, seal_summary, volatile_scope_at};
use crate::audit::{Event, creation, record, record_if_rolled_back, record_refresh};
use crate::authentication::card_number_limit;
use crate::error::Failure;
use crate::keys::{self, SealingKeys};
use crate::operations::tokens::Order;
use crate::postgres::clock;
use crate::postgres::random;
use crate::settings;
use crate::store;
use crate::store::cvcs::NewCvc;
use crate::store::payment_methods::{Inserted, NewRow, Refresh};
use crate::store::volatile_payment_methods::NewVolatileRow;
use crate::tenancy::Caller;

/// How often a create tries again when the duplicate changes between its look-up and its refresh. Each try means that another
/// transaction made progress.
const ATTEMPTS: usize = 100;

/// Stores a payment method. If the customer has the same persistent payment method already, that one is refreshed and keeps
/// its id.
pub fn create(
    caller: &Caller,
    request: PaymentMethodCreate,
) -> Result<PaymentMethodResponse, Failure> {
    let create = Create::checked(caller, request, clock::now()?)?;
    Ok(create.alone()?.method.into_response())
}

/// A create that has passed its checks.
pub(super) struct Create<'a> {
    caller: &'a Caller,
    now: Timestamp,
    pub(super) new: NewPaymentMethod,
    keys: SealingKeys,
    /// What the BIN table knows of the card.
    bin: Option<BinRecord>,
    /// The tokens that are asked for.
    order: Order,
}

/// What a create has stored.
pub struct Stored {
    pub method: PaymentMethod,
    /// Otherwise the customer had it already.
    pub is_new: bool,
}

/// A method that is to be written.
pub(super) struct SealedMethod {
    pub(super) method: PaymentMethod,
    instrument: Vec<u8>,
    summary: Vec<u8>,
    cvc: Option<NewCvc>,
}

impl SealedMethod {
    pub(super) fn row<'a>(
        &'a self,
        customer_id: &'a CustomerId,
        duplicate_index: &'a IndexPart,
    ) -> NewRow<'a> {
        NewRow {
            payment_method_id: &self.method.id,
            customer_id,
            payment_method_type: self.method.payment_method_type.as_str(),
            payment_method_subtype: self.method.payment_method_subtype.as_deref(),
            instrument: &self.instrument,
            summary: &self.summary,
            duplicate_index,
            cvc: self.cvc.as_ref(),
        }
    }
}

/// The outcome of refreshing the duplicate of a create.
enum Refreshed {
    Done(Box<PaymentMethod>),
    /// Another transaction has changed or deleted the duplicate since its look-up.
    Changed,
    /// There is no duplicate.
    Missing,
}

impl<'a> Create<'a> {
    /// Checks all that can be checked before the customer is known.
    pub(super) fn checked(
        caller: &'a Caller,
        request: PaymentMethodCreate,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let mut new = request.into_valid(now.year_month())?;
        let keys = keys::for_duplicate_check(&caller.profile_id)?;
        card_number_limit::count_for_caller(caller)?;
        let (_, index_key) = keys.current_index_key();
        new.summary
            .set_fingerprint(&new.instrument.fingerprint(index_key));
        let order = Order::of(caller, &new)?;
        let bin = match new.instrument.bins() {
            Some(bins) => store::card_bins::find(&caller.profile_id, bins)?,
            None => None,
        };
        Ok(Self {
            caller,
            now,
            new,
            keys,
            bin,
            order,
        })
    }

    /// Stores it by itself.
    pub(super) fn alone(&self) -> Result<Stored, Failure> {
        match &self.new.storage {
            Storage::Persistent(customer) => self.persistent(customer),
            Storage::Volatile(customer) => self.volatile(customer.as_ref()),
        }
    }

    /// The index by which the customer's method of the same card or account is found, and those that it may be found by while
    /// the index key is rotated.
    pub(super) fn duplicate_indexes(&self) -> (IndexPart, Vec<IndexPart>) {
        let index = |(key_id, key)| self.new.instrument.duplicate_index(key_id, key);
        let earlier = self.keys.retired_index_keys().map(index);
        (index(self.keys.current_index_key()), earlier.collect())
    }

    fn persistent(&self, customer: &CustomerId) -> Result<Stored, Failure> {
        let (duplicate_index, earlier) = self.duplicate_indexes();
        if !earlier.is_empty() {
            self.hold(customer)?;
        }
        for _ in 0..ATTEMPTS {
            // The unique index does not find rows that are still under an earlier index key.
            if !earlier.is_empty() {
                match self.refresh(customer, &earlier)? {
                    Refreshed::Done(method) => return self.refreshed(*method),
                    Refreshed::Changed => continue,
                    Refreshed::Missing => {}
                }
            }
            if let Some(method) = self.insert(customer, &duplicate_index)? {
                return self.created(method);
            }
            let current = std::slice::from_ref(&duplicate_index);
            if let Refreshed::Done(method) = self.refresh(customer, current)? {
                return self.refreshed(*method);
            }
        }
        Err(Failure::Contention)
    }

    /// To be called when the method is written, with its row of the audit log.
    pub(super) fn created(&self, method: PaymentMethod) -> Result<Stored, Failure> {
        record_if_rolled_back(self.caller, Event::PaymentMethodCreated);
        self.order.place(self.caller, &method, self.now)?;
        Ok(Stored {
            method,
            is_new: true,
        })
    }

    fn refreshed(&self, method: PaymentMethod) -> Result<Stored, Failure> {
        record_refresh(self.caller, &method.id)?;
        self.order.place(self.caller, &method, self.now)?;
        Ok(Stored {
            method,
            is_new: false,
        })
    }

    /// None if the customer has the same payment method already.
    fn insert(
        &self,
        customer: &CustomerId,
        duplicate_index: &IndexPart,
    ) -> Result<Option<PaymentMethod>, Failure> {
        let sealed = self.sealed(customer)?;
        let inserted = store::payment_methods::insert(
            &self.caller.profile_id,
            self.now,
            &sealed.row(customer, duplicate_index),
            &creation(self.caller)?,
        )?;
        match inserted {
            Inserted::Done => Ok(Some(sealed.method)),
            Inserted::Duplicate => Ok(None),
            Inserted::NoCustomer => Err(Refusal::CustomerNotFound.into()),
            Inserted::CustomerRedacted => Err(Refusal::CustomerRedacted.into()),
        }
    }

    /// The method that is to be written, with a new id.
    pub(super) fn sealed(&self, customer: &CustomerId) -> Result<SealedMethod, Failure> {
        let mut method = self.method(StorageType::Persistent, Some(customer))?;
        Ok(SealedMethod {
            cvc: self.place_cvc(&mut method)?,
            instrument: seal_instrument(self.caller, &method, &self.new.instrument)?,
            summary: seal_summary(self.caller, &method)?,
            method,
        })
    }

    fn refresh(
        &self,
        customer: &CustomerId,
        duplicate_indexes: &[IndexPart],
    ) -> Result<Refreshed, Failure> {
        let found = store::payment_methods::find_duplicate(
            &self.caller.profile_id,
            customer,
            duplicate_indexes,
            volatile_scope_at(self.now)?,
        )?;
        let Some(duplicate) = found else {
            return Ok(Refreshed::Missing);
        };
        let earlier_status = duplicate.method.status;
        let mut method = open(self.caller, duplicate.method)?;
        method.summary.refresh(self.new.summary.clone());
        method
            .summary
            .fill_from_bin(self.bin.as_ref(), self.new.instrument.network());
        method.payment_method_subtype = method.payment_method_subtype.or(self.subtype());
        let cvc = self.place_cvc(&mut method)?;
        let refreshed = store::payment_methods::refresh(Refresh {
            profile_id: &self.caller.profile_id,
            payment_method_id: &method.id,
            payment_method_subtype: method.payment_method_subtype.as_deref(),
            summary: &seal_summary(self.caller, &method)?,
            earlier_status,
            now: self.now,
            unchanged_since: duplicate.modified_at,
            cvc: cvc.as_ref(),
        })?;
        Ok(if refreshed {
            Refreshed::Done(Box::new(method))
        } else {
            Refreshed::Changed
        })
    }

    /// Stores a volatile payment method. Duplicates do not matter, so each create makes a new one.
    fn volatile(&self, customer: Option<&CustomerId>) -> Result<Stored, Failure> {
        if let Some(customer) = customer {
            self.hold(customer)?;
        }
        let mut method = self.method(StorageType::Volatile, customer)?;
        let cvc = self.place_cvc(&mut method)?;
        store::volatile_payment_methods::insert(NewVolatileRow {
            profile_id: &self.caller.profile_id,
            payment_method_id: &method.id,
            customer_id: customer,
            payment_method_type: method.payment_method_type.as_str(),
            payment_method_subtype: method.payment_method_subtype.as_deref(),
            memory_key: keys::memory_key()?.check_value(),
            instrument: &seal_instrument(self.caller, &method, &self.new.instrument)?,
            summary: &seal_summary(self.caller, &method)?,
            created_at: self.now,
            expires_at: self.now.after(StorageType::VOLATILE_LIFETIME)?,
            cvc: cvc.as_ref(),
        })?;
        record(self.caller, Event::PaymentMethodCreated, method.id.as_str())?;
        self.created(method)
    }

    /// Keeps the customer from being redacted.
    fn hold(&self, customer: &CustomerId) -> Result<(), Failure> {
        match store::customers::hold(&self.caller.profile_id, customer)? {
            None => Err(Refusal::CustomerNotFound.into()),
            Some(true) => Err(Refusal::CustomerRedacted.into()),
            Some(false) => Ok(()),
        }
    }

    fn method(
        &self,
        storage_type: StorageType,
        customer: Option<&CustomerId>,
    ) -> Result<PaymentMethod, Failure> {
        let mut summary = self.new.summary.clone();
        summary.fill_from_bin(self.bin.as_ref(), self.new.instrument.network());
        Ok(PaymentMethod {
            id: PaymentMethodId::new(&settings::cell(), random::uuid_at(self.now)?),
            merchant_id: self.caller.merchant_id.clone(),
            customer_id: customer.cloned(),
            payment_method_type: self.new.payment_method_type,
            payment_method_subtype: self.subtype(),
            storage_type,
            card_cvc_expires_at: None,
            created: self.now,
            last_used_at: self.now,
            summary,
            connector_tokens: Vec::new(),
            network_token: None,
        })
    }

    /// The subtype of the request, or otherwise that of the BIN table.
    fn subtype(&self) -> Option<String> {
        let sent = self.new.payment_method_subtype.clone();
        sent.or_else(|| {
            let known = self.bin.as_ref().and_then(BinRecord::subtype);
            known.map(str::to_owned)
        })
    }

    /// The CVC, sealed for the payment method. If the request has none, a duplicate keeps its earlier CVC.
    fn place_cvc(&self, method: &mut PaymentMethod) -> Result<Option<NewCvc>, Failure> {
        let Some(cvc) = &self.new.card_cvc else {
            return Ok(None);
        };
        let new = seal_cvc(self.caller, &method.id, cvc, self.now)?;
        method.card_cvc_expires_at = Some(new.expires_at);
        Ok(Some(new))
    }
}
