//! Tables `vault.data_keys` and `vault.root_keys`.

use std::time::Duration;

use super::statement::statements;
use crate::error::Failure;

statements! {
    Write INSERT(TEXTOID, TEXTOID, INT4OID, BYTEAOID, BYTEAOID, BYTEAOID, FLOAT8OID) =
        "INSERT INTO vault.data_keys (profile_id, purpose, version, wrapped, check_value, root_key_check, rotate_after) \
         VALUES ($1, $2, $3, $4, $5, $6, pg_catalog.now() + pg_catalog.make_interval(secs => $7))";
    Read USABLE() =
        "SELECT key_id, purpose, version, state = 'current', wrapped, check_value, root_key_check \
         FROM vault.data_keys WHERE state <> 'destroyed'";
    Write RETIRE(TEXTOID) =
        "UPDATE vault.data_keys SET state = 'retired', retired_at = pg_catalog.clock_timestamp(), \
                retired_by = pg_catalog.pg_current_xact_id() \
         WHERE purpose = $1 AND state = 'current' RETURNING version";
    Write REWRAP(INT4OID, BYTEAOID, BYTEAOID) =
        "UPDATE vault.data_keys SET wrapped = $2, root_key_check = $3 WHERE key_id = $1";
    Write DESTROY(INT4OID) =
        "UPDATE vault.data_keys SET state = 'destroyed', wrapped = NULL, \
                retired_at = COALESCE(retired_at, pg_catalog.clock_timestamp()) \
         WHERE key_id = $1";
    /// What began before the key was retired may have fetched it, and not yet written. A number beyond the current one is
    /// of another cluster, whose transactions have ended.
    Write STILL_USED(INT4OID) =
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a \
                        WHERE a.pid <> pg_catalog.pg_backend_pid() \
                          AND GREATEST(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)) \
                              >= pg_catalog.age(k.retired_by::pg_catalog.xid)) \
         FROM vault.data_keys k \
         WHERE k.key_id = $1 AND k.retired_by < pg_catalog.pg_current_xact_id()";
    Read FIND(TEXTOID, INT4OID) =
        "SELECT key_id, state FROM vault.data_keys WHERE purpose = $1 AND version = $2";
    Write DESTROY_ALL() =
        "UPDATE vault.data_keys SET state = 'destroyed', wrapped = NULL, \
                retired_at = COALESCE(retired_at, pg_catalog.clock_timestamp()) \
         WHERE state <> 'destroyed'";
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
    /// How long it should be used.
    pub period: Duration,
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
            key.period.as_secs_f64().into(),
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

/// Retires the current key of the purpose, and tells its version.
pub fn retire(purpose: &str) -> Result<Option<i32>, Failure> {
    RETIRE.with(|statement| statement.row(&[purpose.into()], |row| row.required(1)))
}

/// Replaces the wrapping of a key; the key stays what it is.
pub fn rewrap(key_id: i32, wrapped: &[u8], root_key_check: &[u8]) -> Result<(), Failure> {
    REWRAP.with(|statement| {
        statement.execute(&[key_id.into(), wrapped.into(), root_key_check.into()])
    })?;
    Ok(())
}

/// A key's id and state.
pub fn find(purpose: &str, version: i32) -> Result<Option<(i32, String)>, Failure> {
    FIND.with(|statement| {
        statement.row(&[purpose.into(), version.into()], |row| {
            Ok((row.required(1)?, row.required(2)?))
        })
    })
}

/// Whether transactions are running that may still write under the retired key.
pub fn is_still_used(key_id: i32) -> Result<bool, Failure> {
    let used =
        STILL_USED.with(|statement| statement.row(&[key_id.into()], |row| row.optional(1)))?;
    Ok(used.flatten().unwrap_or(false))
}

/// Overwrites the wrapped key with nothing.
pub fn destroy(key_id: i32) -> Result<(), Failure> {
    DESTROY.with(|statement| statement.execute(&[key_id.into()]))?;
    Ok(())
}

/// Overwrites all keys of the current profile, and tells how many.
pub fn destroy_all() -> Result<usize, Failure> {
    DESTROY_ALL.with(|statement| statement.execute(&[]))
}
