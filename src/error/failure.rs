//! Every failure, with its message in PostgreSQL's style: lower case, and no full stop.

use std::fmt;

use pgrx::pg_sys::panic::CaughtError;
use pgrx::spi::SpiError;
use vault_core::contract::refusal::Refusal;
use vault_core::crypto::envelope::EnvelopeError;
use vault_core::time::OutOfRange;

use super::reason::{CommandError, Defect, Sealed, Unrecorded};

use crate::connectors::SettingsError;

/// What ends an operation without an answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The contract refuses this request. Nothing is wrong with the vault.
    #[error("{0}")]
    Refused(Refusal),
    /// One of several requests that are to be carried out all or not at all.
    #[error("{refusal}")]
    ItemRefused { item: usize, refusal: Refusal },
    /// There is no usable root key.
    #[error("vault is sealed: {0}")]
    Sealed(Sealed),
    /// Somebody asked for something that cannot be done.
    #[error("{message}")]
    Mistaken {
        mistake: Mistake,
        message: &'static str,
        hint: &'static str,
    },
    /// The settings or credentials of a connector account cannot be used.
    #[error("{0}")]
    ConnectorSettings(SettingsError),
    /// A value is sealed under a key that its profile does not have.
    #[error("the value is sealed under a key that this profile does not have")]
    UnknownKey,
    /// A wrapped key did not open under the root key that it names.
    #[error(
        "a data key of the profile is damaged, or belongs to another profile, purpose or version"
    )]
    DamagedKey,
    /// An envelope did not open.
    #[error("{0}")]
    Envelope(#[from] EnvelopeError),
    /// A text or message that was to become an encrypted value does not have the form of one.
    #[error("{0}")]
    Input(EnvelopeError),
    /// PostgreSQL would store what it decrypts.
    #[error("decryption is not allowed in statistics, indexes or materialized views")]
    StoredPlaintext,
    /// The vault did not write a row of its own tables as it stands there.
    #[error("a row of the vault's tables does not have the form in which the vault writes it")]
    DamagedRow,
    /// A value opened, so the vault has sealed it, but what is in it cannot be read.
    #[error("the content of an encrypted value does not have the form of its type")]
    DamagedPlaintext,
    /// A time of a caller's, or one that was computed from it.
    #[error("the time is out of range: the year must have four digits")]
    TimeOutOfRange(#[from] OutOfRange),
    /// The keys were destroyed in this database, or in the root key's source.
    #[error("the keys of this profile are destroyed")]
    KeysDestroyed,
    /// The root key's source could not be told.
    #[error("the keys were not destroyed: the key destruction command {0}")]
    NotDestroyed(CommandError),
    /// The transaction that is to be prepared has changed a key.
    #[error("a transaction that changed a key cannot be prepared")]
    PreparedKeyChange,
    /// What was to be shown would have no row in the audit log.
    #[error("the reveal was refused: {0}")]
    Unrecorded(#[from] Unrecorded),
    /// The vault is spread over several nodes, and the profile is on another one.
    #[error("the profile is on another node of the vault, {0}")]
    ProfileElsewhere(Node),
    /// The profile has got another shard group, and the transaction sees the time before.
    #[error("could not serialize access because the profile has just moved")]
    MovedMeanwhile,
    /// A write on a standby.
    #[error("the vault cannot be written to: the server is a standby")]
    Standby,
    /// A standby has no CVCs. One may be kept for a payment method that was written to a short while ago.
    #[error("a standby cannot tell yet whether a CVC is kept for this payment method")]
    RecentOnStandby,
    /// The library is newer than the tables of this database.
    #[error("the vault of this database waits for its upgrade, and serves nobody until then")]
    NotUpgraded,
    /// The operating system has no thread left.
    #[error("could not start a thread for calls to connectors")]
    NoThread,
    /// Keys and ids need randomness.
    #[error("could not get random bytes from the operating system")]
    NoRandomness,
    /// SPI refused a statement, or a column of its result.
    #[error("a statement of the vault failed: {0}")]
    Statement(#[from] SpiError),
    /// A column is NULL that never is.
    #[error("a statement of the vault returned NULL where a value was expected")]
    UnexpectedNull,
    /// The vault's own code is wrong.
    #[error("internal error: {0}")]
    Defect(#[from] Defect),
    /// An error of PostgreSQL itself. Only its message is kept, because a detail may show a row.
    #[error("{0}")]
    Postgres(String),
    /// A panic. Only its place is kept, because its text may show a value.
    #[error("a panic at {file}:{line}")]
    Panic { file: String, line: u32 },
    /// A key is to be destroyed, but values under it still open. `tables` names the tables of applications that hold some.
    #[error("{}", need_the_key(*values))]
    KeyNeeded { values: i64, tables: Vec<String> },
    /// Rows of these tables may be invisible even to their owner.
    #[error("tables that may hold values under the key are out of reach")]
    OutOfReach { tables: Vec<String> },
    /// A key is to be destroyed, and tables of owners who do not act for the profile may hold values under it.
    #[error("tables that may hold values under the key could not be read")]
    Unread { tables: Vec<String> },
    /// An application's table could not be read or written, by an error that it or its owner's code raised.
    #[error("the table {table} could not be processed: {message}")]
    TableFailed { table: String, message: String },
    /// An application's table, or its owner's code, took too long.
    #[error("the table {table} could not be processed within vault.table_timeout")]
    TableTimedOut { table: String },
    /// Code that PostgreSQL runs with another role's rights asks for a profile.
    #[error("cannot authenticate within a security-restricted operation")]
    RestrictedOperation,
    /// An index key was rotated or wrapped anew, and the statement or transaction does not see that.
    #[error("could not serialize access due to a change of an index key")]
    RotatedMeanwhile,
    /// Others changed the same row again and again.
    #[error("could not write because other transactions kept changing the same row")]
    Contention,
}

/// A node of a vault that is spread over several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub host: String,
    pub port: i32,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// What somebody did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// An argument cannot be used.
    Invalid,
    /// What was named does not exist.
    Missing,
    /// It exists, but not in the state that the call needs.
    WrongState,
}

/// An argument that cannot be used.
pub fn invalid(message: &'static str, hint: &'static str) -> Failure {
    mistaken(Mistake::Invalid, message, hint)
}

/// Something that was named does not exist.
pub fn missing(message: &'static str, hint: &'static str) -> Failure {
    mistaken(Mistake::Missing, message, hint)
}

/// What was asked for cannot be done in the present state.
pub fn wrong_state(message: &'static str, hint: &'static str) -> Failure {
    mistaken(Mistake::WrongState, message, hint)
}

fn mistaken(mistake: Mistake, message: &'static str, hint: &'static str) -> Failure {
    Failure::Mistaken {
        mistake,
        message,
        hint,
    }
}

fn need_the_key(values: i64) -> String {
    match values {
        1 => "1 value needs this key".to_owned(),
        _ => format!("{values} values need this key"),
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Sealed> for Failure {
    fn from(reason: Sealed) -> Self {
        Self::Sealed(reason)
    }
}

impl From<CaughtError> for Failure {
    fn from(error: CaughtError) -> Self {
        match error {
            CaughtError::PostgresError(report) | CaughtError::ErrorReport(report) => {
                Self::Postgres(report.message().to_owned())
            }
            CaughtError::RustPanic { ereport, .. } => Self::Panic {
                file: ereport.file().to_owned(),
                line: ereport.line_number(),
            },
        }
    }
}
