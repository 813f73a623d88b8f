//! The list of secrets that the tests gave to the vault: `$VAULT_STATE/test-ledger`, one `kind value` a line.
//!
//! Only secrets of the stack that the environment names go in; private stacks vanish with their test.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::stack::variable;

/// What a secret is, as it decides how it is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A card number.
    Pan,
    /// A card verification code: too short to be searched for without its surroundings.
    Cvc,
    /// A bank account number.
    Account,
    /// An API key.
    Key,
}

const KINDS: [(Kind, &str); 4] = [
    (Kind::Pan, "pan"),
    (Kind::Cvc, "cvc"),
    (Kind::Account, "account"),
    (Kind::Key, "key"),
];

/// The ledger's file.
pub fn path() -> PathBuf {
    PathBuf::from(variable("VAULT_STATE")).join("test-ledger")
}

/// Writes a secret down and hands it on.
pub fn record(kind: Kind, secret: impl Into<String>) -> String {
    static FILE: Mutex<Option<File>> = Mutex::new(None);
    let secret = secret.into();
    let name = KINDS
        .iter()
        .find(|(k, _)| *k == kind)
        .expect("every kind has a name")
        .1;

    let mut file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    file.get_or_insert_with(open)
        .write_all(format!("{name} {secret}\n").as_bytes())
        .expect("the ledger can be written");
    secret
}

/// Every secret recorded so far, in the stack's lifetime, by any test run.
pub fn entries() -> Vec<(Kind, String)> {
    let text =
        std::fs::read_to_string(path()).expect("the ledger exists: run the test `outside` first");
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(name, secret)| {
            let (kind, _) = KINDS.iter().find(|(_, n)| *n == name)?;
            Some((*kind, secret.to_owned()))
        })
        .collect()
}

fn open() -> File {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path())
        .expect("the ledger can be opened in $VAULT_STATE")
}
