//! The thread that makes the calls, and the queues to it and from it.

use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::account::Account;
use super::fault::Fault;
use super::http::CallRules;
use super::provider::{MadeToken, TokenOrder};
use super::token_service::{FetchedNetworkToken, NetworkToken, NetworkTokenOrder, NetworkTokenState};

/// What is asked of an account.
pub enum Call {
    /// Of a payment service provider.
    MakeToken(TokenOrder),
    /// Of a payment service provider. `reference` is the idempotency key.
    DeleteToken { token: Zeroizing<String>, reference: String },
    /// Of a token service, as are all that follow: a network token for a card.
    MakeNetworkToken(NetworkTokenOrder),
    /// The token itself, with a cryptogram for one payment.
    FetchNetworkToken { customer_id: String, requestor_reference: String },
    /// Whether the token can be used, and until when.
    CheckNetworkToken { customer_id: String, requestor_reference: String },
    DeleteNetworkToken { customer_id: String, requestor_reference: String },
    /// Whether cards with these first digits can have network tokens.
    CheckEligibility { card_bin: String },
}

/// What came of a call.
pub enum Answer {
    TokenMade(MadeToken),
    TokenDeleted,
    NetworkTokenMade(NetworkToken),
    NetworkTokenFetched(FetchedNetworkToken),
    NetworkTokenChecked(NetworkTokenState),
    NetworkTokenDeleted,
    Eligibility(bool),
}

/// One call to be made.
pub struct Work {
    /// Comes back with the answer.
    pub id: u64,
    pub account: Arc<Account>,
    pub call: Call,
    pub rules: Arc<CallRules>,
}

/// A thread that makes calls, many at a time. It ends when this is dropped.
pub struct Outside {}

impl Outside {
    /// Starts the thread, in which all signals are masked: they are for PostgreSQL's own thread.
    ///
    /// # Errors
    /// When the operating system gives no thread or no descriptor.
    pub fn start() -> io::Result<Self> {
        todo!()
    }

    /// Has the call made. Each call brings one answer or fault, in no certain order.
    pub fn submit(&self, work: Work) {
        todo!()
    }

    /// What came of a call that has ended since the last time.
    pub fn finished(&self) -> Option<(u64, Result<Answer, Fault>)> {
        todo!()
    }

    /// A descriptor that is readable while [`Self::finished`] has something to give.
    pub fn readiness(&self) -> RawFd {
        todo!()
    }
}
