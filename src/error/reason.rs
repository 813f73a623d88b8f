//! The reasons that some failures carry.

use vault_core::crypto::RootKeyLineError;

/// Why the vault is sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Sealed {
    /// The library is not in `shared_preload_libraries`.
    #[error("the library was not loaded at server start")]
    NotPreloaded,
    /// The setting is empty.
    #[error("vault.root_key_command is not set")]
    NoCommand,
    /// The command did not do its work.
    #[error("the root key command {0}")]
    Command(#[from] CommandError),
    /// The output is not UTF-8.
    #[error("the root key command printed something that is not text")]
    NoText,
    /// The output has no line with a key.
    #[error("the root key command printed no key")]
    NoKey,
    /// A line of the output cannot be read. Lines count from 1.
    #[error("line {number} of the root key command's output is wrong: {reason}")]
    Line {
        number: usize,
        reason: RootKeyLineError,
    },
    /// None of the keys that the command printed opens this database's keys.
    #[error("the root key is not the one this database was sealed with")]
    OtherRootKey,
}

/// Why a reveal has no row in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unrecorded {
    /// The database is not named in `vault.databases`.
    #[error("this database has no vault worker that would record it")]
    NotServed,
    /// The places in shared memory are all taken.
    #[error("all places for pending audit rows are taken")]
    NoPlace,
    /// The places of one session, or of one login, are all taken.
    #[error("this session, or its login, has used up its places for pending audit rows")]
    ShareIsUsed,
    /// The worker has not written the row.
    #[error("the vault worker of this database did not record it in time")]
    NotInTime,
}

/// Why a command of the configuration has not done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no such program, or no process for it.
    #[error("could not be started")]
    NotStarted,
    /// It took longer than `vault.root_key_timeout`.
    #[error("did not finish in time")]
    TimedOut,
    /// It ended with another exit code than 0.
    #[error("failed with exit code {0}")]
    Failed(i32),
    /// A signal ended it.
    #[error("was terminated by signal {0}")]
    Killed(i32),
    /// Its output is longer than any list of keys.
    #[error("printed too much")]
    TooLong,
}

/// What cannot happen while the vault's own code is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// A text for PostgreSQL has a zero byte.
    #[error("a text for PostgreSQL contains a zero byte")]
    ZeroByte,
    /// A number does not fit the type that PostgreSQL has for it.
    #[error("a number does not fit its PostgreSQL type")]
    NumberTooLarge,
    /// A value has no stored form, or an answer no JSON.
    #[error("a value could not be serialized")]
    NotSerialized,
    /// A key, or an account's credentials, could not be sealed under the root key.
    #[error("the root key could not seal a key or credentials")]
    NotSealed,
    /// The headers that PostgREST hands over are not the JSON object that it documents.
    #[error("the request headers from PostgREST could not be read")]
    UnreadableHeaders,
    /// A job has another outcome than its kind can have.
    #[error("the outcome does not belong to this kind of job")]
    OtherOutcome,
    /// A re-encryption has read other columns than its table has.
    #[error("a row to re-encrypt does not have the columns of its table")]
    OtherColumns,
    /// A stored profile's id cannot be told to the root key's source.
    #[error("a profile's id cannot be written on a line of the root key's source")]
    UnwritableProfile,
}

impl Sealed {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotPreloaded => "Add vault to shared_preload_libraries and restart the server.",
            Self::NoCommand => {
                "Set vault.root_key_command in postgresql.conf and restart the server."
            }
            Self::OtherRootKey => {
                "Have vault.root_key_command print this database's root key, on the first line or a later one, and \
                 restart the server."
            }
            _ => {
                "Run vault.root_key_command as the server's user to see why, then restart the server."
            }
        }
    }
}

impl Unrecorded {
    /// What to do about it.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::NotServed => "Add the database to vault.databases and restart the server.",
            Self::NoPlace => {
                "Try again. A place becomes free when a transaction that has revealed something ends."
            }
            Self::ShareIsUsed => {
                "Commit, then go on. A transaction keeps a place for each CVC that it has used."
            }
            Self::NotInTime => {
                "The server log says why the worker does not write. max_worker_processes must leave room for the worker."
            }
        }
    }
}
