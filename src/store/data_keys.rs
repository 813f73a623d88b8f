//! Tables `vault.data_keys` and `vault.root_keys`.

use super::statement::statements;
use crate::error::Failure;

statements! {
    Write INSERT(TEXTOID, TEXTOID, INT4OID, BYTEAOID, BYTEAOID, BYTEAOID) =
        "INSERT INTO vault.data_keys (profile_id, purpose, version, wrapped, check_value, root_key_check) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    Read USABLE() =
        "SELECT key_id, purpose, version, state = 'current', wrapped, check_value, root_key_check \
         FROM vault.data_keys WHERE state <> 'destroyed'";
    Read ROOT_KEYS() = "SELECT check_value FROM vault.root_keys";
    Write INSERT_ROOT_KEY(BYTEAOID) =
        "INSERT INTO vault.root_keys (check_value) VALUES ($1) ON CONFLICT DO NOTHING";
}

/// A row to be; the database gives it its key id.
pub struct NewDataKey<'a> {
    pub profile_id: &'a str,
    pub purpose: &'a str,
    pub version: i32,
    pub wrapped: &'a [u8],
    pub check_value: &'a [u8],
    pub root_key_check: &'a [u8],
}

/// A wrapped data key of the current profile.
pub struct StoredDataKey {
    pub key_id: i32,
    pub purpose: String,
    pub version: i32,
    /// Takes new writes; a retired key only opens.
    pub current: bool,
    pub wrapped: Vec<u8>,
    pub check_value: Vec<u8>,
    /// Check value of the root key that wrapped it.
    pub root_key_check: Vec<u8>,
}

pub fn insert(key: NewDataKey<'_>) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            key.profile_id.into(),
            key.purpose.into(),
            key.version.into(),
            key.wrapped.into(),
            key.check_value.into(),
            key.root_key_check.into(),
        ])
    })?;
    Ok(())
}

/// The keys of the current profile that open values.
pub fn usable() -> Result<Vec<StoredDataKey>, Failure> {
    USABLE.with(|statement| {
        statement.rows(&[], |row| {
            Ok(StoredDataKey {
                key_id: row.required(1)?,
                purpose: row.required(2)?,
                version: row.required(3)?,
                current: row.required(4)?,
                wrapped: row.required(5)?,
                check_value: row.required(6)?,
                root_key_check: row.required(7)?,
            })
        })
    })
}

/// Check values of the root keys that wrapped data keys of this database.
pub fn root_keys() -> Result<Vec<Vec<u8>>, Failure> {
    ROOT_KEYS.with(|statement| statement.rows(&[], |row| row.required(1)))
}

pub fn insert_root_key(check_value: &[u8]) -> Result<(), Failure> {
    INSERT_ROOT_KEY.with(|statement| statement.execute(&[check_value.into()]))?;
    Ok(())
}
