//! Rows that are believed. The root key vouches for them, so somebody who can only write to the tables cannot make one.

use std::sync::OnceLock;

use vault_core::crypto::{Column, RowMac};

use super::data_keys;
use super::root_key::root_keys;
use crate::error::{Failure, Sealed};
use crate::store::{self, Vouched};

/// Is told of a row that is not believed: its table and its id.
type Listener = fn(table: &'static str, id: &str);

static LISTENER: OnceLock<Listener> = OnceLock::new();

/// What the MAC of a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The vault wrote the row.
    Genuine,
    /// Somebody else wrote it, or a part of it.
    Forged,
    /// A root key of this database vouches for it, but the server does not have that root key.
    OtherRootKey,
}

/// Sets who is told of every row that [`believed`] does not believe.
pub fn tell_of_forged_rows(listener: Listener) {
    LISTENER.get_or_init(|| listener);
}

/// The row that was looked for. If its MAC is wrong, the row counts as missing.
///
/// # Errors
/// When the vault is sealed, also because the server does not have the root key that vouches for the row.
pub fn believed<R: Vouched>(found: Option<R>) -> Result<Option<R>, Failure> {
    let Some(row) = found else {
        return Ok(None);
    };
    match standing(&row)? {
        Standing::Genuine => Ok(Some(row)),
        Standing::OtherRootKey => Err(Sealed::OtherRootKey.into()),
        Standing::Forged => {
            if let Some(tell) = LISTENER.get() {
                tell(R::TABLE, row.id());
            }
            Ok(None)
        }
    }
}

/// Whether the vault wrote the row.
///
/// # Errors
/// When the vault is sealed.
pub fn standing<R: Vouched>(row: &R) -> Result<Standing, Failure> {
    let root_keys = root_keys()?;
    let Some(mac) = RowMac::parse(row.mac()) else {
        return Ok(Standing::Forged);
    };
    match root_keys.with_check_value(mac.root_key()) {
        Some(key) if key.vouches_for(&mac, R::TABLE, &row.columns()) => Ok(Standing::Genuine),
        Some(_) => Ok(Standing::Forged),
        None if is_of_this_database(&mac)? => Ok(Standing::OtherRootKey),
        None => Ok(Standing::Forged),
    }
}

/// The row with a MAC under the current root key.
///
/// # Errors
/// When the vault is sealed, or the root key is not the one of this database.
pub fn vouched<R: Vouched>(mut row: R) -> Result<R, Failure> {
    let root_key = data_keys::current_root_key()?;
    let mac = root_key.row_mac(R::TABLE, &row.columns());
    row.set_mac(mac.to_bytes());
    Ok(row)
}

/// Whether it is the current root key that vouches for the row.
///
/// # Errors
/// When the vault is sealed.
pub fn is_under_current_root_key(row: &impl Vouched) -> Result<bool, Failure> {
    let current = root_keys()?.current().check_value();
    Ok(RowMac::parse(row.mac()).is_some_and(|mac| mac.root_key() == current))
}

/// A short text that stands for these MACs, and so for the rows that they are made for. Only the root key can make it. It has
/// letters alone: the log guard would mask digits that look like a card number, and an error has to show the text.
///
/// # Errors
/// When the vault is sealed, or the root key is not the one of this database.
pub fn digest(macs: &[Vec<u8>]) -> Result<String, Failure> {
    const LENGTH: usize = 16;
    let columns: Vec<Column<'_>> = macs.iter().map(|mac| Column::Bytes(mac)).collect();
    let mac = data_keys::current_root_key()?.row_mac("MACs of rows", &columns);
    let halves = |byte: &u8| [byte >> 4, byte & 15];
    Ok(mac
        .tag()
        .iter()
        .take(LENGTH)
        .flat_map(halves)
        .map(|half| char::from(b'a' + half))
        .collect())
}

/// Otherwise somebody could plant a row that makes the vault report itself sealed.
fn is_of_this_database(mac: &RowMac) -> Result<bool, Failure> {
    let known = store::data_keys::root_keys()?;
    Ok(known
        .iter()
        .any(|known| known.as_slice() == mac.root_key().as_bytes()))
}
