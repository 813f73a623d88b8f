//! The worker's first half of a job: from its row to the call that is to be made.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use vault_core::contract::payment_method::{
    Instrument, PaymentMethod, PaymentMethodSummary, StorageType, TokenType,
};
use vault_core::ids::{CustomerId, PaymentMethodId};
use vault_core::time::Timestamp;

use super::connector_customers;
use super::jobs::{self, Action, Subject};
use crate::audit::{Event, record_for_good};
use crate::connectors::{
    Account, Call, CallRules, CardDetails, NetworkTokenOrder, TokenOrder, TokenUse,
};
use crate::error::Failure;
use crate::keys::row_macs::believed;
use crate::operations::connector_accounts;
use crate::operations::payment_methods::sealed::{open, open_instrument, volatile_scope};
use crate::postgres::clock;
use crate::settings;
use crate::store;
use crate::store::connector_accounts::ConnectorAccount;
use crate::store::jobs::{DueJob, End, StoredJob};
use crate::store::payment_methods::{Status, StoredPaymentMethod};
use crate::tenancy::{Caller, session};

/// How long the worker waits for an answer beyond the three time-outs of a request.
const GRACE: Duration = Duration::from_secs(30);

/// How long a job waits if the vault itself could not send it.
const WAIT_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// A job that is on record as sent, with the call to be made once that is committed.
pub struct Sending {
    pub job: DueJob,
    pub payment_method_id: PaymentMethodId,
    pub account: Arc<Account>,
    pub call: Call,
}

/// Accounts that were opened before, by their ids, each with the MAC of the row that it was read from.
#[derive(Default)]
pub struct Accounts(HashMap<String, (Vec<u8>, Arc<Account>)>);

/// Why a job is not sent.
enum NotSent {
    /// It can never be sent, so it ends.
    Ends {
        state: &'static str,
        error: Option<&'static str>,
    },
    /// The vault could not send it, but may be able to later.
    Failure(Failure),
}

/// Jobs of all profiles that are due, except those of busy connectors.
pub fn due(busy: Vec<String>, limit: i64) -> Result<Vec<DueJob>, Failure> {
    let now = clock::now()?;
    store::as_worker(|| store::jobs::due(now, busy, limit))
}

/// Opens what the call needs, and marks the job as sent. None when the job has ended, is no longer due, or is held by somebody
/// else. The call must be made only once this is committed.
pub fn send(job: &DueJob, accounts: &mut Accounts) -> Result<Option<Sending>, Failure> {
    let _acting = session::act_for(&job.profile_id);
    store::as_operator(|| {
        let now = clock::now()?;
        let Some(stored) = store::jobs::lock_due(job, now)? else {
            return Ok(None);
        };
        match prepare(job, &stored, accounts) {
            Ok((account, call)) => {
                store::jobs::sent(job, no_answer_after(now)?)?;
                Ok(Some(Sending {
                    job: job.clone(),
                    payment_method_id: stored.payment_method_id,
                    account,
                    call,
                }))
            }
            Err(NotSent::Ends { state, error }) => {
                let end = End {
                    state,
                    error,
                    error_status: None,
                };
                store::jobs::finish(&job.profile_id, &job.job_id, &end, now)?;
                Ok(None)
            }
            Err(NotSent::Failure(failure)) => Err(failure),
        }
    })
}

/// Makes a job wait that the vault could not send for a reason of its own, such as while it is sealed.
pub fn put_off(job: &DueJob) -> Result<(), Failure> {
    let _acting = session::act_for(&job.profile_id);
    store::as_operator(|| {
        let next = clock::now()?.after(WAIT_AFTER_FAILURE)?;
        store::jobs::retry(&job.profile_id, &job.job_id, next, "internal", None)
    })
}

/// The rules of calls, as the settings have them now.
pub fn call_rules() -> CallRules {
    let timeout = settings::connector_timeout();
    CallRules {
        allow_list: settings::connector_hosts(),
        connect_timeout: timeout,
        head_timeout: timeout,
        body_timeout: timeout,
        ca_file: settings::connector_ca_file(),
    }
}

/// The worker as a caller of the job's profile. The audit log names the connector as the actor, because the connector sees the
/// card. None when the profile's row is not believed.
pub fn worker_for(job: &DueJob) -> Result<Option<Caller>, Failure> {
    let profile = believed(store::profiles::find(&job.profile_id)?)?;
    Ok(profile.map(|profile| {
        Caller::of_worker(profile.profile_id, profile.merchant_id, &job.connector_id)
    }))
}

/// How long the worker waits for the answer to a job and keeps its outcome.
pub fn patience() -> Duration {
    3 * settings::connector_timeout() + GRACE
}

fn no_answer_after(now: Timestamp) -> Result<Timestamp, Failure> {
    Ok(now.after(patience())?)
}

fn prepare(
    job: &DueJob,
    stored: &StoredJob,
    accounts: &mut Accounts,
) -> Result<(Arc<Account>, Call), NotSent> {
    // A job is not sent again for ever if the process ends each time after it has sent the job.
    if stored.attempts >= settings::token_job_attempts() && stored.state == "sent" {
        return Err(failed("no_answer"));
    }
    let caller = worker_for(job)?.ok_or(failed("connector_unavailable"))?;
    let account = accounts.of(&caller, &job.connector_id)?;
    let call = match Action::of(stored)? {
        Action::Tokenize(token_type) => {
            let (method, card) = open_card(&caller, stored)?;
            Call::MakeToken(token_order(&caller, stored, token_type, method, card)?)
        }
        Action::MakeNetworkToken => {
            let (method, card) = open_card(&caller, stored)?;
            Call::MakeNetworkToken(NetworkTokenOrder {
                card,
                customer_id: customer_of(&method)?,
                reference: stored.job_id.clone(),
            })
        }
        Action::CheckNetworkToken => check_of(&caller, stored)?,
        Action::DeleteToken | Action::DeleteNetworkToken => deletion_of(&caller, stored, &account)?,
    };
    Ok((account, call))
}

impl Accounts {
    fn of(&mut self, caller: &Caller, connector_id: &str) -> Result<Arc<Account>, NotSent> {
        let row =
            connector_accounts::in_service(connector_id, &caller.merchant_id, &caller.profile_id)?
                .ok_or(failed("connector_unavailable"))?;
        if let Some((mac, account)) = self.0.get(connector_id)
            && *mac == row.mac
        {
            return Ok(Arc::clone(account));
        }
        let account = Arc::new(open_account(&row)?);
        let known = (row.mac, Arc::clone(&account));
        self.0.insert(connector_id.to_owned(), known);
        Ok(account)
    }
}

fn open_account(row: &ConnectorAccount) -> Result<Account, NotSent> {
    connector_accounts::open(row).map_err(|failure| match failure {
        Failure::ConnectorSettings(_) => failed("misconfigured"),
        failure => NotSent::Failure(failure),
    })
}

/// Writes the audit row before it opens the number. The row is committed before the number is sent.
fn open_card(caller: &Caller, job: &StoredJob) -> Result<(PaymentMethod, CardDetails), NotSent> {
    let id = &job.payment_method_id;
    let found =
        store::payment_methods::find_with_instrument(&caller.profile_id, id, volatile_scope()?)?
            .filter(|found| found.method.status != Status::Redacted)
            .ok_or(CANCELLED)?;
    let envelope = found.instrument.ok_or(CANCELLED)?;
    record_for_good(caller, Event::CardSent, id.as_str())?;
    let method = open(caller, found.method)?;
    let instrument = open_instrument(caller, StorageType::Persistent, id, &envelope)?;
    let Instrument::Card(card) = instrument else {
        return Err(failed("not_a_card"));
    };
    let expiry = card.expiry.year_month();
    let holder_name = match &method.summary.payment_method_data {
        PaymentMethodSummary::Card(card) => card.card_holder_name.clone(),
        PaymentMethodSummary::BankDebit(_) => None,
    };
    let card = CardDetails {
        number: card.number.expose().to_owned().into(),
        exp_month: format!("{:02}", expiry.month),
        exp_year: format!("{:04}", expiry.year),
        holder_name,
    };
    Ok((method, card))
}

fn token_order(
    caller: &Caller,
    job: &StoredJob,
    token_type: TokenType,
    method: PaymentMethod,
    card: CardDetails,
) -> Result<TokenOrder, NotSent> {
    let customer_id = customer_of(&method)?;
    Ok(TokenOrder {
        card,
        token_use: match token_type {
            TokenType::SingleUse => TokenUse::Single,
            TokenType::MultiUse => TokenUse::Multi,
        },
        reference: job.job_id.clone(),
        connector_customer_id: connector_customers::find(
            &caller.profile_id,
            &customer_id,
            &job.connector_id,
        )?,
        customer_id,
    })
}

/// The vault's id of a payment method's customer, by which connectors know the customer, too. Every persistent one has a customer.
pub fn customer_of(method: &PaymentMethod) -> Result<CustomerId, Failure> {
    method.customer_id.clone().ok_or(Failure::UnexpectedNull)
}

fn check_of(caller: &Caller, job: &StoredJob) -> Result<Call, NotSent> {
    let found = store::payment_methods::find(
        &caller.profile_id,
        &job.payment_method_id,
        volatile_scope()?,
    )?;
    // Meanwhile, another service may have made a token in the place of the one that was to be checked.
    let is_of_service = |found: &StoredPaymentMethod| {
        let token = found.network_token.as_ref();
        token.is_some_and(|token| token.connector_id == job.connector_id)
    };
    let found = found.filter(|found| found.status != Status::Redacted && is_of_service(found));
    let method = open(caller, found.ok_or(CANCELLED)?)?;
    let customer_id = customer_of(&method)?;
    let token = method.network_token.ok_or(CANCELLED)?;
    Ok(Call::CheckNetworkToken {
        customer_id,
        requestor_reference: token.requestor_reference,
    })
}

fn deletion_of(caller: &Caller, job: &StoredJob, account: &Account) -> Result<Call, NotSent> {
    if !account.can_delete() {
        return Err(NotSent::Ends {
            state: "done",
            error: Some("not_supported"),
        });
    }
    Ok(match jobs::open_subject(&caller.profile_id, job)? {
        Subject::Token { token } => Call::DeleteToken {
            token,
            reference: job.job_id.clone(),
        },
        Subject::NetworkToken {
            customer_id,
            requestor_reference,
        } => Call::DeleteNetworkToken {
            customer_id,
            requestor_reference,
        },
    })
}

const CANCELLED: NotSent = NotSent::Ends {
    state: "cancelled",
    error: Some("payment_method_gone"),
};

fn failed(error: &'static str) -> NotSent {
    NotSent::Ends {
        state: "failed",
        error: Some(error),
    }
}

impl From<Failure> for NotSent {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::KeysDestroyed => failed("keys_destroyed"),
            Failure::UnknownKey
            | Failure::DamagedKey
            | Failure::Envelope(_)
            | Failure::DamagedRow
            | Failure::DamagedPlaintext => failed("unreadable"),
            failure => Self::Failure(failure),
        }
    }
}
