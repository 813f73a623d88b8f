//! Why an operation gives no answer, and how PostgreSQL hears of it. The only file that names SQLSTATEs of PostgreSQL.
//!
//! No variant carries a value of a caller's: what is printed here may stand in a log.

use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::panic::{CaughtError, ErrorReport};
use pgrx::spi::SpiError;
use vault_core::contract::refusal::Refusal;
use vault_core::crypto::RootKeyLineError;
use vault_core::crypto::envelope::EnvelopeError;

use crate::connectors::SettingsError;

/// What ends an operation without an answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The contract's no to this request; nothing is wrong with the vault.
    #[error("{0}")]
    Refused(Refusal),
    /// There is no usable root key.
    #[error("vault is sealed: {0}")]
    Sealed(Sealed),
    /// An administrator named something that cannot be.
    #[error("{message}")]
    Administration {
        code: PgSqlErrorCode,
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
    /// A text or message that was to become an encrypted value is none.
    #[error("{0}")]
    Input(EnvelopeError),
    /// PostgreSQL would keep what it decrypts: in statistics, an index or a materialized view.
    #[error("a value is not decrypted where its plaintext would be stored")]
    StoredPlaintext,
    /// What was opened is not what was sealed there.
    #[error("a stored value does not have the form it was written in")]
    Malformed,
    /// In this database, or where the root key comes from.
    #[error("the keys of this profile are destroyed")]
    KeysDestroyed,
    /// The root key's source could not be told.
    #[error("nothing is destroyed: the key destruction command {0}")]
    NotDestroyed(CommandError),
    /// What was to be shown would have no row in the audit log.
    #[error("nothing is revealed: {0}")]
    Unrecorded(#[from] Unrecorded),
    /// A write on a standby.
    #[error("the vault cannot be written to: the server is a standby")]
    Standby,
    #[error("the operating system gave no thread for calls to a connector")]
    NoThread,
    #[error("the operating system gave no randomness")]
    NoRandomness,
    #[error("a statement of the vault failed: {0}")]
    Statement(#[from] SpiError),
    #[error("a statement of the vault returned NULL where a value belongs")]
    UnexpectedNull,
    /// An error of PostgreSQL's own, by its message alone: a detail may show a row.
    #[error("{0}")]
    Foreign(String),
    /// A panic, by its place alone: the text may show a value.
    #[error("a panic at {file}:{line}")]
    Panic { file: String, line: u32 },
    /// A key is to be destroyed, and values are under it that open. The tables are applications'.
    #[error("{values} values need this key")]
    KeyNeeded { values: i64, tables: Vec<String> },
    /// Rows of these tables may be invisible even to their owner.
    #[error("tables are out of reach whose values may need the key")]
    OutOfReach { tables: Vec<String> },
    /// A key is to be destroyed, and tables of owners who do not act for the profile may hold values under it.
    #[error("tables could not be read whose values may need this key")]
    Unread { tables: Vec<String> },
    /// An application's table could not be read or written, by an error that it or its owner's code raised.
    #[error("the table {table} could not be processed: {message}")]
    TableFailed { table: String, message: String },
    /// An application's table, or its owner's code, took too long.
    #[error("the table {table} could not be processed within vault.table_timeout")]
    TableTimedOut { table: String },
    /// Code that PostgreSQL runs for somebody else asks for a profile.
    #[error("nobody can authenticate inside a security-restricted operation")]
    RestrictedOperation,
    /// An index key was rotated, and the transaction does not see it.
    #[error("could not serialize access due to the rotation of an index key")]
    RotatedMeanwhile,
    /// Others changed the same row again and again.
    #[error("could not write for concurrent changes; try again")]
    Contention,
}

/// Why the vault is sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Sealed {
    #[error("the library was not loaded at server start")]
    NotPreloaded,
    #[error("vault.root_key_command is not set")]
    NoCommand,
    #[error("the root key command {0}")]
    Command(#[from] CommandError),
    #[error("the root key command printed something that is not text")]
    NoText,
    #[error("the root key command printed no key")]
    NoKey,
    #[error("line {number} of the root key command's output is wrong: {reason}")]
    Line {
        number: usize,
        reason: RootKeyLineError,
    },
    #[error("the root key is not the one this database was sealed with")]
    OtherRootKey,
}

/// Why a reveal has no row in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unrecorded {
    #[error("no worker of the vault serves this database, so nobody would record the reveal")]
    NotServed,
    #[error("all places for audit rows of reveals are taken")]
    NoPlace,
    #[error("this session, or this login, has used up its places for audit rows")]
    ShareIsUsed,
    #[error("the worker of this database did not record the reveal in time")]
    NotInTime,
}

impl Unrecorded {
    fn hint(self) -> &'static str {
        match self {
            Self::NotServed => "Name the database in vault.databases and restart the server.",
            Self::NoPlace => {
                "Try again: places are given back when transactions that have revealed something end."
            }
            Self::ShareIsUsed => {
                "Commit, and go on: a transaction keeps a place for each CVC that it has used."
            }
            Self::NotInTime => {
                "The server's log says why the vault worker of this database does not write; max_worker_processes must \
                 leave room for it."
            }
        }
    }
}

/// Why a command of the configuration has not done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error("could not be started")]
    NotStarted,
    #[error("did not end in time")]
    TimedOut,
    #[error("failed with exit code {0}")]
    Failed(i32),
    #[error("was ended by signal {0}")]
    Killed(i32),
    #[error("printed too much")]
    TooLong,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<CaughtError> for Failure {
    fn from(error: CaughtError) -> Self {
        match error {
            CaughtError::PostgresError(report) | CaughtError::ErrorReport(report) => {
                Self::Foreign(report.message().to_owned())
            }
            CaughtError::RustPanic { ereport, .. } => Self::Panic {
                file: ereport.file().to_owned(),
                line: ereport.line_number(),
            },
        }
    }
}

impl From<Sealed> for Failure {
    fn from(reason: Sealed) -> Self {
        Self::Sealed(reason)
    }
}

impl Sealed {
    fn hint(&self) -> &'static str {
        match self {
            Self::NotPreloaded => "Add vault to shared_preload_libraries and restart the server.",
            Self::NoCommand => {
                "Set vault.root_key_command in postgresql.conf and restart the server."
            }
            Self::OtherRootKey => {
                "Let vault.root_key_command print this database's root key, as the first line or a later one, and \
                 restart the server."
            }
            _ => {
                "Run vault.root_key_command as the server's user to see why, then restart the server."
            }
        }
    }
}

impl Failure {
    fn sqlstate(&self) -> PgSqlErrorCode {
        match self {
            Self::Refused(refusal) => named(refusal.sqlstate()),
            Self::Administration { code, .. } => *code,
            Self::ConnectorSettings(_) => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            Self::Sealed(_)
            | Self::KeysDestroyed
            | Self::KeyNeeded { .. }
            | Self::OutOfReach { .. }
            | Self::Unread { .. }
            | Self::TableFailed { .. }
            | Self::TableTimedOut { .. } => {
                PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE
            }
            Self::RestrictedOperation => PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            Self::NotDestroyed(_) => PgSqlErrorCode::ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
            Self::Unrecorded(Unrecorded::NotInTime) => {
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_RESOURCES
            }
            Self::Unrecorded(_) => PgSqlErrorCode::ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
            Self::Standby => PgSqlErrorCode::ERRCODE_READ_ONLY_SQL_TRANSACTION,
            Self::UnknownKey | Self::DamagedKey | Self::Envelope(_) | Self::Malformed => {
                PgSqlErrorCode::ERRCODE_DATA_CORRUPTED
            }
            Self::Contention | Self::RotatedMeanwhile => {
                PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE
            }
            Self::Input(_) => PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION,
            Self::StoredPlaintext => PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
            Self::NoThread
            | Self::NoRandomness
            | Self::Statement(_)
            | Self::UnexpectedNull
            | Self::Foreign(_)
            | Self::Panic { .. } => PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Sealed(reason) => Some(reason.hint()),
            Self::Unrecorded(reason) => Some(reason.hint()),
            Self::Administration { hint, .. } => Some(hint),
            Self::ConnectorSettings(_) => {
                Some("docs/connectors.md describes the settings and credentials of each kind.")
            }
            Self::KeysDestroyed => Some(
                "Nothing that the profile has sealed opens again; vault.keys shows the state of every key.",
            ),
            Self::NotDestroyed(_) => Some(
                "Run vault.key_destruction_command as the server's user, with a line 'destroyed <profile id>' as its \
                 input, to see why; then destroy the keys again.",
            ),
            Self::Standby => Some(
                "Call the primary: a standby retrieves and lists. Even a reveal is a write, for it leaves a row in the audit log.",
            ),
            Self::Refused(Refusal::Unauthenticated) => Some(
                "Call vault.authenticate(api_key, profile_id) in this transaction, or have vault.bind_role give your \
                 role a profile.",
            ),
            Self::Refused(Refusal::RevealNotAllowed) => {
                Some("By SQL, a role sees full numbers as a member of vault_reveal.")
            }
            Self::Refused(Refusal::TooManyRequests { .. }) => Some(
                "Try again in the next minute. The setting vault.card_numbers_per_minute is the limit of a role that is neither \
                 in vault_reveal nor in vault_bulk.",
            ),
            Self::Refused(Refusal::TokenServiceBusy) => {
                Some("Try again: other calls to the token service are under way.")
            }
            Self::Input(EnvelopeError::UnknownVersion) => {
                Some("A later version of the vault wrote it: install that one here.")
            }
            Self::Input(_) => Some(
                "Input takes the text form of a value of its type alone; vault.encrypt, vault.searchable and \
                 vault.card_number make one.",
            ),
            Self::KeyNeeded { .. } => Some(
                "CALL vault.reencrypt(profile_id) moves them to the current key; materialized views are refreshed after it. \
                 force => true gives the values up.",
            ),
            Self::OutOfReach { .. } => Some(
                "vault.application_columns says why: policies that bind the owner, too (ALTER TABLE ... NO FORCE ROW LEVEL \
                 SECURITY, until the keys are changed), or privileges that the owner lacks (GRANT).",
            ),
            Self::Unread { .. } => Some(
                "End what holds them (pg_locks shows it) or raise vault.table_timeout, then try again. left_out => '{...}' goes \
                 on without the tables that it names by their oids, and gives their values up.",
            ),
            Self::TableFailed { .. } => {
                Some("Have the table's owner mend what raises this error, then try again.")
            }
            Self::TableTimedOut { .. } => Some(
                "Code that the table's owner attached to it may be slow, or somebody may hold a lock on it. Raise \
                 vault.table_timeout if the table is large.",
            ),
            Self::RestrictedOperation => Some(
                "Call vault.authenticate in the session itself, not in an index expression, a constraint or a policy.",
            ),
            Self::RotatedMeanwhile => Some("Begin the transaction again."),
            Self::StoredPlaintext => Some(
                "Leave vault.decrypt out of statistics, indexes and materialized views; an ordinary view may have it.",
            ),
            Self::UnknownKey => Some(
                "The key is another profile's, or destroyed: see vault.key_ids of the value and the view vault.keys.",
            ),
            Self::DamagedKey => {
                Some("Bring back the profile's rows of vault.data_keys from a backup.")
            }
            Self::Envelope(_) => Some(
                "A value opens only in the profile, table, column and row, or under the context, that it was sealed for.",
            ),
            _ => None,
        }
    }
}

impl From<Failure> for ErrorReport {
    fn from(failure: Failure) -> Self {
        let report = Self::new(failure.sqlstate(), failure.to_string(), "vault");
        let report = match &failure {
            Failure::OutOfReach { tables }
            | Failure::Unread { tables }
            | Failure::KeyNeeded { tables, .. }
                if !tables.is_empty() =>
            {
                report.set_detail(format!("Tables: {}.", tables.join(", ")))
            }
            _ => report,
        };
        match failure.hint() {
            Some(hint) => report.set_hint(hint),
            None => report,
        }
    }
}

fn named(sqlstate: &str) -> PgSqlErrorCode {
    match sqlstate {
        "0A000" => PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
        "22023" => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        "22032" => PgSqlErrorCode::ERRCODE_INVALID_JSON_TEXT,
        "38000" => PgSqlErrorCode::ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
        "23505" => PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION,
        "28000" => PgSqlErrorCode::ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
        "42501" => PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        "53400" => PgSqlErrorCode::ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
        "55000" => PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "P0002" => PgSqlErrorCode::ERRCODE_NO_DATA_FOUND,
        _ => PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
    }
}
