//! Why a call to a connector has failed. Only the kind is kept, because what the other side said may contain a card number.

use std::time::Duration;

use vault_core::names;

names! {
    /// The kind of a fault, as the view `vault.token_jobs` shows it.
    pub enum FaultKind {
        /// The host is not in `vault.connector_hosts`.
        HostNotAllowed = "host_not_allowed",
        /// The host's address is one of this machine's, or of a private network, and `vault.connector_hosts` does not name it.
        AddressNotAllowed = "address_not_allowed",
        /// The host's name has no address.
        Unresolved = "unresolved",
        /// Nobody answers there.
        Unreachable = "unreachable",
        /// No TLS, or a certificate that does not verify or is another host's.
        Tls = "tls",
        /// No connection, no head or no body in time.
        TimedOut = "timed_out",
        /// The other side closed the connection before its answer was complete.
        HungUp = "hung_up",
        /// The answer leads elsewhere, which is never followed.
        Redirected = "redirected",
        /// The answer is longer than 1 MiB.
        AnswerTooLarge = "answer_too_large",
        /// The answer is not of the form that was agreed, or has no token, or repeats the card number.
        UnexpectedAnswer = "unexpected_answer",
        /// Status 429.
        TooManyRequests = "too_many_requests",
        /// Status 5xx.
        ServerError = "server_error",
        /// Status 401 or 403.
        CredentialsRefused = "credentials_refused",
        /// Any other status 4xx: the other side does not want this card or this request.
        Refused = "refused",
        /// The account's settings or credentials cannot be used.
        Misconfigured = "misconfigured",
    }
}

/// Why a call has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", kind.as_str())]
pub struct Fault {
    /// What went wrong.
    pub kind: FaultKind,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// How long the other side asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A fault without an answer.
    pub const fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            status: None,
            retry_after: None,
        }
    }

    /// An answer that cannot be right.
    pub const fn unexpected() -> Self {
        Self::new(FaultKind::UnexpectedAnswer)
    }

    /// The same fault, found in an answer that had this status.
    pub const fn with_status(self, status: u16) -> Self {
        Self {
            kind: self.kind,
            status: Some(status),
            retry_after: self.retry_after,
        }
    }

    /// Whether the other side has kept the call waiting.
    pub fn is_slow(self) -> bool {
        self.kind == FaultKind::TimedOut
    }

    /// Whether the same call may go well later. A refusal by the other side is final, and so is everything that an administrator
    /// has to put right. The statuses 408, 409 (another call with the same idempotency key is under way) and 425 look like
    /// refusals but are not.
    pub fn is_worth_another_try(self) -> bool {
        match self.kind {
            FaultKind::Refused => matches!(self.status, Some(408 | 409 | 425)),
            FaultKind::Unresolved
            | FaultKind::Unreachable
            | FaultKind::Tls
            | FaultKind::TimedOut
            | FaultKind::HungUp
            | FaultKind::UnexpectedAnswer
            | FaultKind::AnswerTooLarge
            | FaultKind::TooManyRequests
            | FaultKind::ServerError => true,
            FaultKind::HostNotAllowed
            | FaultKind::AddressNotAllowed
            | FaultKind::Redirected
            | FaultKind::CredentialsRefused
            | FaultKind::Misconfigured => false,
        }
    }
}
