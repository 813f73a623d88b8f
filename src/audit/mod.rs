//! What goes into the audit log. Never card data, never a key.

pub mod pending;

use vault_core::contract::time::Timestamp;

use crate::clock;
use crate::error::Failure;
use crate::store;
use crate::store::audit_log::NewAuditRow;
use crate::tenancy::{Caller, Origin, outer_role, session};
use pending::{PendingRow, Waiting};

/// What was done, or refused.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    Authentication,
    AuthenticationLocked,
    CustomerCreated,
    CustomerUpdated,
    CustomerDeleted,
    PaymentMethodCreated,
    PaymentMethodRefreshed,
    PaymentMethodRevealed,
    CardNumberRevealed,
    CardNumberLimit,
    PaymentMethodUpdated,
    PaymentMethodDeleted,
    CardCvcUsed,
    NetworkTokenRevealed,
    MerchantCreated,
    ProfileCreated,
    ApiKeyCreated,
    RevealingApiKeyCreated,
    ApiKeyRevoked,
    RoleBound,
    RoleUnbound,
    LockoutsCleared,
    AuditRowsLost,
    DataKeyRotated,
    DataKeyDestroyed,
    DataKeysRewrapped,
    ProfileKeysDestroyed,
}

/// How it ended.
#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    Success,
    Refused,
}

/// Records that a caller has seen a number. The row stays when the caller rolls back.
pub fn record_reveal(caller: &Caller, event: Event, object_id: &str) -> Result<(), Failure> {
    let entry = Entry::of(caller, event, Some(object_id), Outcome::Success);
    entry.write(clock::now()?)?;
    if let Origin::Session { .. } = caller.origin {
        pending::enqueue_if_rolled_back(entry.to_pending());
    }
    Ok(())
}

/// Records that an application has opened a card number of its own tables: one row for all of a transaction.
pub fn count_card_number_revealed(profile_id: &str) {
    pending::count(profile_id, || of_card_number(profile_id, Outcome::Success));
}

/// Records that an application was not let open a card number of its own tables.
pub fn record_card_number_refused(profile_id: &str) {
    pending::enqueue(of_card_number(profile_id, Outcome::Refused));
}

fn of_card_number(profile_id: &str, outcome: Outcome) -> PendingRow {
    let origin = Origin::of_session();
    let address = origin.client_address();
    PendingRow::new(
        Event::CardNumberRevealed,
        outcome,
        profile_id,
        &outer_role(),
        address,
        None,
    )
}

/// Records what a caller did.
pub fn record(caller: &Caller, event: Event, object_id: &str) -> Result<(), Failure> {
    Entry::of(caller, event, Some(object_id), Outcome::Success).write(clock::now()?)
}

/// Records what a caller was not let do.
pub fn record_refusal(
    caller: &Caller,
    event: Event,
    object_id: Option<&str>,
) -> Result<(), Failure> {
    Entry::of(caller, event, object_id, Outcome::Refused).write_or_enqueue(&caller.origin)
}

/// Records a failed authentication. The object is the prefix of the key that was shown, where it has one.
pub fn record_authentication_failure(origin: &Origin, key_prefix: &str) -> Result<(), Failure> {
    let actor = match origin {
        Origin::Request { .. } => String::new(),
        Origin::Session { .. } => outer_role(),
    };
    let entry = Entry {
        profile_id: "",
        actor: &actor,
        request_id: origin.request_id(),
        client_address: origin.client_address(),
        event: Event::Authentication,
        object_id: Some(key_prefix).filter(|prefix| !prefix.is_empty()),
        outcome: Outcome::Refused,
    };
    entry.write_or_enqueue(origin)
}

/// Records what nobody asked for in a transaction of their own: a limit that was reached, a row that is not believed. The row
/// stays when the transaction rolls back, and equal ones may be merged. `profile_id` and `actor` are empty where unknown.
pub fn note(event: Event, profile_id: &str, actor: &str, address: Option<&str>, object_id: &str) {
    pending::enqueue(PendingRow::new(
        event,
        Outcome::Refused,
        profile_id,
        actor,
        address,
        Some(object_id),
    ));
}

/// Records what an administrator did; `profile_id` is empty where the action has none.
pub fn record_administration(
    profile_id: &str,
    event: Event,
    object_id: Option<&str>,
) -> Result<(), Failure> {
    let origin = Origin::of_session();
    let entry = Entry {
        profile_id,
        actor: &outer_role(),
        request_id: origin.request_id(),
        client_address: origin.client_address(),
        event,
        object_id,
        outcome: Outcome::Success,
    };
    entry.write(clock::now()?)
}

/// Writes the rows that were kept for this database, and tells which: they are to be forgotten once that is committed.
pub fn record_pending() -> Result<Waiting, Failure> {
    let waiting = pending::waiting();
    for row in &waiting.rows {
        let _acting = session::act_for(row.profile_id.as_str());
        let entry = Entry {
            profile_id: row.profile_id.as_str(),
            actor: row.actor.as_str(),
            request_id: None,
            client_address: row.client_address.non_empty(),
            event: row.event,
            object_id: row.object_id.non_empty(),
            outcome: row.outcome,
        };
        store::as_operator(|| entry.write(clock::at_micros(row.occurred_at)?))?;
    }
    if waiting.lost > 0 {
        record_lost(waiting.lost)?;
    }
    Ok(waiting)
}

fn record_lost(count: u64) -> Result<(), Failure> {
    let entry = Entry {
        profile_id: "",
        actor: "vault worker",
        request_id: None,
        client_address: None,
        event: Event::AuditRowsLost,
        object_id: Some(&count.to_string()),
        outcome: Outcome::Refused,
    };
    store::as_operator(|| entry.write(clock::now()?))
}

/// A row of the log, but for its time.
struct Entry<'a> {
    profile_id: &'a str,
    actor: &'a str,
    request_id: Option<&'a str>,
    client_address: Option<&'a str>,
    event: Event,
    object_id: Option<&'a str>,
    outcome: Outcome,
}

impl<'a> Entry<'a> {
    fn of(caller: &'a Caller, event: Event, object_id: Option<&'a str>, outcome: Outcome) -> Self {
        Self {
            profile_id: &caller.profile_id,
            actor: &caller.actor,
            request_id: caller.origin.request_id(),
            client_address: caller.origin.client_address(),
            event,
            object_id,
            outcome,
        }
    }

    fn write(&self, occurred_at: Timestamp) -> Result<(), Failure> {
        store::audit_log::insert(NewAuditRow {
            profile_id: self.profile_id,
            audit_id: clock::uuid_at(occurred_at)?,
            occurred_at,
            actor: self.actor,
            request_id: self.request_id,
            client_address: self.client_address,
            event: self.event.as_str(),
            object_id: self.object_id,
            outcome: self.outcome.as_str(),
        })
    }

    fn to_pending(&self) -> PendingRow {
        PendingRow::new(
            self.event,
            self.outcome,
            self.profile_id,
            self.actor,
            self.client_address,
            self.object_id,
        )
    }

    /// An HTTP refusal commits, and its row with it. A SQL refusal rolls back: the worker writes its row.
    fn write_or_enqueue(&self, origin: &Origin) -> Result<(), Failure> {
        match origin {
            Origin::Request { .. } => self.write(clock::now()?),
            Origin::Session { .. } => {
                pending::enqueue(self.to_pending());
                Ok(())
            }
        }
    }
}

impl Event {
    fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::AuthenticationLocked => "authentication.lock",
            Self::CustomerCreated => "customer.create",
            Self::CustomerUpdated => "customer.update",
            Self::CustomerDeleted => "customer.delete",
            Self::PaymentMethodCreated => "payment_method.create",
            Self::PaymentMethodRefreshed => "payment_method.refresh",
            Self::PaymentMethodRevealed => "payment_method.reveal",
            Self::CardNumberRevealed => "card_number.reveal",
            Self::CardNumberLimit => "card_number.limit",
            Self::PaymentMethodUpdated => "payment_method.update",
            Self::PaymentMethodDeleted => "payment_method.delete",
            Self::CardCvcUsed => "payment_method.use_cvc",
            Self::NetworkTokenRevealed => "network_token.reveal",
            Self::MerchantCreated => "merchant.create",
            Self::ProfileCreated => "profile.create",
            Self::ApiKeyCreated => "api_key.create",
            Self::RevealingApiKeyCreated => "api_key.create_with_reveal",
            Self::ApiKeyRevoked => "api_key.revoke",
            Self::RoleBound => "role.bind",
            Self::RoleUnbound => "role.unbind",
            Self::LockoutsCleared => "lockouts.clear",
            Self::AuditRowsLost => "audit.lost",
            Self::DataKeyRotated => "data_key.rotate",
            Self::DataKeyDestroyed => "data_key.destroy",
            Self::DataKeysRewrapped => "data_keys.rewrap",
            Self::ProfileKeysDestroyed => "profile_keys.destroy",
        }
    }
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
        }
    }
}
