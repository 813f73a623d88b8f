//! The worker's second half of a job: writes the outcome of the call.

use std::time::Duration;

use vault_core::contract::payment_method::{
    ConnectorToken, NetworkTokenState, NetworkTokenSummary, TokenType,
};
use vault_core::ids::PaymentMethodId;
use vault_core::time::Timestamp;

use super::connector_customers;
use super::jobs::{self, Action, Subject};
use super::lifetime::token_expiry;
use super::send::worker_for;
use crate::audit::{Event, record};
use crate::connectors::{Answer, Fault, MadeToken, NetworkToken, NetworkTokenCheck};
use crate::error::{Defect, Failure};
use crate::operations::payment_methods::sealed::{
    open_network_token, open_token, seal_network_token, seal_token, volatile_scope,
};
use crate::postgres::clock;
use crate::postgres::random::random_bytes;
use crate::settings;
use crate::store;
use crate::store::jobs::{DueJob, End, StoredJob};
use crate::store::network_tokens::StoredNetworkToken;
use crate::store::payment_methods::{Status, StoredPaymentMethod};
use crate::tenancy::{Caller, session};

/// The longest wait for another try.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Each further try waits this many times as long.
const GROWTH: u32 = 4;

const DONE: End<'static> = End {
    state: "done",
    error: None,
    error_status: None,
};

/// Writes the outcome of a job. False when somebody else holds the payment method, its customer or the job: then the outcome has to
/// be written later. This waits for none of them, because the outcomes of other jobs would have to wait, too.
pub fn receive(
    job: &DueJob,
    payment_method_id: &PaymentMethodId,
    outcome: &Result<Answer, Fault>,
) -> Result<bool, Failure> {
    let _acting = session::act_for(&job.profile_id);
    store::as_operator(|| {
        // The payment method is locked before its job, in the order of a deletion.
        let Some(method) = store::payment_methods::lock_if_free(
            &job.profile_id,
            payment_method_id,
            volatile_scope()?,
        )?
        else {
            return Ok(false);
        };
        if !holds_customer(job, &method, outcome)? {
            return Ok(false);
        }
        let Some(stored) = store::jobs::lock_if_free(job)? else {
            return Ok(false);
        };
        let caller = match worker_for(job)? {
            Some(caller) => caller,
            None => return Ok(true),
        };
        let received = Received {
            caller,
            method,
            job: stored,
            now: clock::now()?,
        };
        match outcome {
            _ if received.job.state != "sent" => received.retract_late(outcome)?,
            Ok(answer) => received.accept(answer)?,
            Err(fault) => received.put_off_or_fail(*fault)?,
        }
        Ok(true)
    })
}

/// Keeps the customer for a row that will refer to it. False when somebody holds the customer.
fn holds_customer(
    job: &DueJob,
    method: &StoredPaymentMethod,
    outcome: &Result<Answer, Fault>,
) -> Result<bool, Failure> {
    match (outcome, &method.customer_id) {
        (Ok(Answer::TokenMade(_)), Some(customer_id)) => {
            store::customers::hold_if_free(&job.profile_id, customer_id)
        }
        _ => Ok(true),
    }
}

/// A job with an answer or a fault; its row and its payment method's are locked.
struct Received {
    caller: Caller,
    method: StoredPaymentMethod,
    job: StoredJob,
    now: Timestamp,
}

impl Received {
    fn accept(self, answer: &Answer) -> Result<(), Failure> {
        match answer {
            Answer::TokenMade(made) => self.keep_token(made)?,
            Answer::NetworkTokenMade(made) => self.keep_network_token(made)?,
            Answer::NetworkTokenChecked(check) => self.renew_network_token(check)?,
            Answer::TokenDeleted => self.record(Event::ConnectorTokenDeleted)?,
            Answer::NetworkTokenDeleted => self.record(Event::NetworkTokenDeleted)?,
            Answer::NetworkTokenFetched(_) | Answer::Eligibility(_) => {
                return Err(Defect::OtherOutcome.into());
            }
        }
        store::jobs::finish(&self.caller.profile_id, &self.job.job_id, &DONE, self.now)
    }

    /// If the method was deleted while the call was under way, a job deletes what was made.
    fn retract_late(self, outcome: &Result<Answer, Fault>) -> Result<(), Failure> {
        let customer = self.method.customer_id.clone();
        let (action, subject) = match outcome {
            Ok(Answer::TokenMade(made)) => (
                Action::DeleteToken,
                Subject::Token {
                    token: made.token.clone(),
                },
            ),
            Ok(Answer::NetworkTokenMade(made)) => (
                Action::DeleteNetworkToken,
                Subject::NetworkToken {
                    customer_id: customer.ok_or(Failure::UnexpectedNull)?,
                    requestor_reference: made.requestor_reference.clone(),
                },
            ),
            _ => return Ok(()),
        };
        if self.method.status != Status::Redacted {
            return Ok(());
        }
        jobs::add(
            &self.caller.profile_id,
            &self.job.payment_method_id,
            &self.job.connector_id,
            action,
            Some(&subject),
            self.now,
        )
    }

    fn put_off_or_fail(self, fault: Fault) -> Result<(), Failure> {
        let error = fault.kind.as_str();
        let error_status = fault.status.map(i32::from);
        let (profile_id, job_id) = (&self.caller.profile_id, &self.job.job_id);
        if fault.is_worth_another_try() && self.job.attempts < settings::token_job_attempts() {
            let wait = wait_after(self.job.attempts)?.max(fault.retry_after.unwrap_or_default());
            let wait = wait.min(LONGEST_WAIT);
            let next = self.now.after(wait)?;
            return store::jobs::retry(profile_id, job_id, next, error, error_status);
        }
        let end = End {
            state: "failed",
            error: Some(error),
            error_status,
        };
        store::jobs::finish(profile_id, job_id, &end, self.now)
    }

    fn keep_token(&self, made: &MadeToken) -> Result<(), Failure> {
        let Action::Tokenize(token_type) = Action::of(&self.job)? else {
            return Err(Defect::OtherOutcome.into());
        };
        self.keep_connector_customer(made)?;
        let token = ConnectorToken::made(
            self.job.connector_id.clone(),
            token_type,
            made.token.to_string(),
            self.job.job_id.clone(),
            made.connector_customer_id.clone(),
        );
        let position = self.place_of(token_type)?;
        let id = &self.job.payment_method_id;
        let details = seal_token(&self.caller, id, position, &token)?;
        let expires_at = token_expiry(token_type, self.now)?;
        let profile_id = &self.caller.profile_id;
        store::connector_tokens::upsert(profile_id, id, position, &details, expires_at)?;
        self.record(Event::ConnectorTokenCreated)
    }

    /// The position of the connector's earlier token of the same kind, which is replaced, or else one behind the last token.
    fn place_of(&self, token_type: TokenType) -> Result<i32, Failure> {
        let id = &self.job.payment_method_id;
        for stored in &self.method.tokens {
            let token = open_token(&self.caller, id, stored.position, &stored.details)?;
            let connector_id = Some(self.job.connector_id.as_str());
            if token.connector_id() == connector_id && token.token_type() == token_type {
                return Ok(stored.position);
            }
        }
        Ok(self
            .method
            .tokens
            .last()
            .map_or(0, |last| last.position + 1))
    }

    fn keep_connector_customer(&self, made: &MadeToken) -> Result<(), Failure> {
        let (Some(customer_id), Some(known_as)) =
            (&self.method.customer_id, &made.connector_customer_id)
        else {
            return Ok(());
        };
        let (profile_id, connector_id) = (&self.caller.profile_id, &self.job.connector_id);
        connector_customers::keep(profile_id, customer_id, connector_id, known_as)
    }

    fn keep_network_token(&self, made: &NetworkToken) -> Result<(), Failure> {
        self.write_network_token(&NetworkTokenSummary {
            requestor_reference: made.requestor_reference.clone(),
            last4_digits: made.last_four.clone(),
            expiry_month: made.exp_month.clone(),
            expiry_year: made.exp_year.clone(),
            isin: made.isin.clone(),
            par: made.par.clone(),
            state: made.state,
        })?;
        self.record(Event::NetworkTokenCreated)
    }

    fn renew_network_token(&self, check: &NetworkTokenCheck) -> Result<(), Failure> {
        let stored = self.method.network_token.as_ref();
        let Some(stored) = stored.filter(|token| token.connector_id == self.job.connector_id)
        else {
            return Ok(());
        };
        let id = &self.job.payment_method_id;
        let mut summary = open_network_token(&self.caller, id, &stored.summary)?;
        apply(check, &mut summary);
        self.write_network_token(&summary)
    }

    fn write_network_token(&self, summary: &NetworkTokenSummary) -> Result<(), Failure> {
        let id = &self.job.payment_method_id;
        let token = StoredNetworkToken {
            connector_id: self.job.connector_id.clone(),
            summary: seal_network_token(&self.caller, id, summary)?,
        };
        let is_final = summary.state == NetworkTokenState::Deleted;
        let next = self.now.after(settings::network_token_check_period())?;
        let check_after = (!is_final).then_some(next);
        store::network_tokens::upsert(&self.caller.profile_id, id, &token, check_after)
    }

    fn record(&self, event: Event) -> Result<(), Failure> {
        record(&self.caller, event, self.job.payment_method_id.as_str())
    }
}

/// Writes the state and the expiry that the token service says into what is kept of a token.
pub fn apply(said: &NetworkTokenCheck, summary: &mut NetworkTokenSummary) {
    summary.state = said.state;
    if let (Some(month), Some(year)) = (&said.exp_month, &said.exp_year) {
        summary.expiry_month.clone_from(month);
        summary.expiry_year.clone_from(year);
    }
}

/// How long a job waits for its next try. The longest wait grows with each try, and chance takes up to half of it, so that jobs
/// that failed together are not tried again together.
fn wait_after(attempts: i32) -> Result<Duration, Failure> {
    let steps = u32::try_from(attempts.saturating_sub(1)).unwrap_or_default();
    let factor = GROWTH.checked_pow(steps).unwrap_or(u32::MAX);
    let longest = settings::token_job_backoff()
        .saturating_mul(factor)
        .min(LONGEST_WAIT);
    let [chance] = random_bytes::<1>()?;
    Ok(longest / 2 + longest / 2 * u32::from(chance) / 256)
}
