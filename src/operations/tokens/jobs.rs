//! Jobs: makes, cancels, retries and deletes them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vault_core::contract::payment_method::TokenType;
use vault_core::contract::stored;
use vault_core::crypto::{Context, Place};
use vault_core::ids::{CustomerId, PaymentMethodId, ProfileId, TokenJobId};
use vault_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::audit::{Event, record_administration};
use crate::error::{Defect, Failure, wrong_state};
use crate::keys;
use crate::operations::payment_methods::sealed::volatile_scope;
use crate::postgres::clock;
use crate::postgres::random;
use crate::settings;
use crate::store;
use crate::store::jobs::{NewJob, StoredJob};
use crate::store::network_tokens::TokenToCheck;
use crate::tenancy::session;

/// How many network tokens are checked at a time.
const CHECKS: i64 = 100;
const FORGOTTEN: i64 = 1_000;

/// When a network token is checked next if another transaction holds its payment method now.
const HELD: Duration = Duration::from_secs(60);

/// What a job does at a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Has a provider make a token of the card.
    Tokenize(TokenType),
    /// Has a provider delete a token.
    DeleteToken,
    /// Has a token service get a network token for the card.
    MakeNetworkToken,
    /// Asks a token service for state and expiry of a network token.
    CheckNetworkToken,
    /// Has a token service delete a network token.
    DeleteNetworkToken,
}

/// The token that a job deletes. It is sealed in the job's row, because the payment method has lost it.
#[derive(Serialize, Deserialize)]
pub enum Subject {
    /// A provider's token.
    Token { token: Zeroizing<String> },
    /// A network token, by the names that the token service knows.
    NetworkToken {
        customer_id: CustomerId,
        requestor_reference: String,
    },
}

impl Action {
    /// Its name in `vault.jobs`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tokenize(TokenType::SingleUse) => "make_single_use_token",
            Self::Tokenize(TokenType::MultiUse) => "make_multi_use_token",
            Self::DeleteToken => "delete_token",
            Self::MakeNetworkToken => "make_network_token",
            Self::CheckNetworkToken => "check_network_token",
            Self::DeleteNetworkToken => "delete_network_token",
        }
    }

    /// What a stored job does.
    ///
    /// # Errors
    /// [`Failure::DamagedRow`] when the row has another name.
    pub fn of(job: &StoredJob) -> Result<Self, Failure> {
        Ok(match job.action.as_str() {
            "make_single_use_token" => Self::Tokenize(TokenType::SingleUse),
            "make_multi_use_token" => Self::Tokenize(TokenType::MultiUse),
            "delete_token" => Self::DeleteToken,
            "make_network_token" => Self::MakeNetworkToken,
            "check_network_token" => Self::CheckNetworkToken,
            "delete_network_token" => Self::DeleteNetworkToken,
            _ => return Err(Failure::DamagedRow),
        })
    }
}

/// Writes a job of the current profile, unless another one that waits or is sent does the same.
pub fn add(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    connector_id: &str,
    action: Action,
    subject: Option<&Subject>,
    now: Timestamp,
) -> Result<(), Failure> {
    let id = TokenJobId::new(&settings::cell(), random::uuid_at(now)?);
    let subject = subject
        .map(|subject| seal(profile_id, id.as_str(), subject))
        .transpose()?;
    store::jobs::insert(&NewJob {
        profile_id,
        job_id: id.as_str(),
        payment_method_id,
        connector_id,
        action: action.as_str(),
        subject: subject.as_deref(),
        created_at: now,
    })?;
    Ok(())
}

/// Opens the token that the job deletes.
pub fn open_subject(profile_id: &ProfileId, job: &StoredJob) -> Result<Subject, Failure> {
    let envelope = job.subject.as_deref().ok_or(Failure::DamagedRow)?;
    let plaintext = keys::for_reading(profile_id)?.open(&context(&job.job_id), envelope)?;
    stored::from_bytes(&plaintext).map_err(|_| Failure::DamagedPlaintext)
}

/// Has a failed job tried again.
pub fn retry(job_id: &str) -> Result<(), Failure> {
    let profile_id = store::as_worker(|| store::jobs::profile_of(job_id))?;
    if let Some(profile_id) = profile_id {
        let _acting = session::act_for(&profile_id);
        if store::jobs::reopen(&profile_id, job_id, clock::now()?)? {
            return record_administration(Some(&profile_id), Event::TokenJobRetried, Some(job_id));
        }
    }
    Err(wrong_state(
        "there is no such failed job, or another job already does the same",
        "vault.token_jobs shows the jobs and their states.",
    ))
}

/// Makes the jobs due that an earlier process has sent, because their answers are lost.
pub fn make_sent_due() -> Result<(), Failure> {
    let now = clock::now()?;
    store::as_worker(|| store::jobs::make_sent_due(now))
}

/// Deletes a batch of the jobs that ended long ago, and tells whether there may be more.
pub fn delete_finished() -> Result<bool, Failure> {
    let now = clock::now()?;
    let deleted = store::as_worker(|| store::jobs::delete_finished(now, FORGOTTEN))?;
    Ok(i64::try_from(deleted).is_ok_and(|deleted| deleted >= FORGOTTEN))
}

/// Writes a job for each of a batch of network tokens that are to be checked by now, and tells whether there may be more.
pub fn order_checks() -> Result<bool, Failure> {
    let now = clock::now()?;
    let tokens = store::as_worker(|| store::network_tokens::to_check(now, CHECKS))?;
    let is_full = i64::try_from(tokens.len()).is_ok_and(|number| number >= CHECKS);
    for token in tokens {
        let ordered = order_check(&token, now)?;
        let wait = if ordered {
            settings::network_token_check_period()
        } else {
            HELD
        };
        let next = now.after(wait)?;
        store::as_worker(|| store::network_tokens::check_after(&token, next))?;
    }
    Ok(is_full)
}

/// Orders a check. False if another transaction holds the payment method, because a job refers to that row and would wait for it.
fn order_check(token: &TokenToCheck, now: Timestamp) -> Result<bool, Failure> {
    let (profile_id, payment_method_id) = (&token.profile_id, &token.payment_method_id);
    let _acting = session::act_for(profile_id);
    store::as_operator(|| {
        if store::payment_methods::lock_if_free(profile_id, payment_method_id, volatile_scope()?)?
            .is_none()
        {
            return Ok(false);
        }
        let action = Action::CheckNetworkToken;
        add(
            profile_id,
            payment_method_id,
            &token.connector_id,
            action,
            None,
            now,
        )?;
        Ok(true)
    })
}

fn seal(profile_id: &ProfileId, job_id: &str, subject: &Subject) -> Result<Vec<u8>, Failure> {
    let plaintext = stored::to_bytes(subject).map_err(|_| Defect::NotSerialized)?;
    keys::for_sealing(profile_id)?.seal(&context(job_id), &plaintext)
}

fn context(job_id: &str) -> Context<'_> {
    Context::row(Place::JobSubject, job_id)
}
