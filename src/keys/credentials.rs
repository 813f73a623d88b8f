//! Credentials of connector accounts, sealed by the root key that vouches for the account's row.

use vault_core::crypto::{RowMac, open_credentials, seal_credentials};
use zeroize::Zeroizing;

use super::data_keys::current_root_key;
use super::root_key::root_keys;
use crate::error::{Defect, Failure, Sealed};
use crate::postgres::random::random_bytes;
use crate::store::connector_accounts::ConnectorAccount;

/// Seals credentials by the current root key. The account's row needs a new MAC, because [`open`] finds the root key by it.
///
/// # Errors
/// As [`current_root_key`].
pub fn seal(connector_id: &str, credentials: &str) -> Result<Vec<u8>, Failure> {
    seal_credentials(
        current_root_key()?,
        random_bytes()?,
        connector_id,
        credentials,
    )
    .map_err(|_| Defect::NotSealed.into())
}

/// Opens the credentials of an account that is believed.
///
/// # Errors
/// [`Sealed::OtherRootKey`] when the server does not have the root key that sealed them.
pub fn open(account: &ConnectorAccount) -> Result<Zeroizing<String>, Failure> {
    let mac = RowMac::parse(&account.mac).ok_or(Failure::DamagedRow)?;
    let root_key = root_keys()?
        .with_check_value(mac.root_key())
        .ok_or(Sealed::OtherRootKey)?;
    open_credentials(root_key, &account.connector_id, &account.credentials)
        .map_err(|_| Failure::DamagedRow)
}
