//! Tables `vault.data_keys` and `vault.root_keys`.

use std::time::Duration;

use vault_core::crypto::KeyId;
use vault_core::ids::ProfileId;

use super::operator::relation;
use super::statement::{id, statements};
use crate::error::{Defect, Failure};
use crate::postgres::object_locks::{self, Mode};

statements! {
    Write INSERT(TEXTOID, INT4OID, TEXTOID, INT4OID, BYTEAOID, BYTEAOID, BYTEAOID, FLOAT8OID) =
        "INSERT INTO vault.data_keys \
         (profile_id, key_id, purpose, version, wrapped, check_value, root_key_check, rotate_after) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, pg_catalog.now() + pg_catalog.make_interval(secs => $8)) \
         ON CONFLICT (profile_id, key_id) DO NOTHING";
    Read USABLE(TEXTOID) =
        "SELECT key_id, purpose, version, wrapped, check_value, root_key_check, \
                state = 'current' AS is_current, xmin::text::bigint AS written_by \
         FROM vault.data_keys WHERE profile_id = $1 AND state <> 'destroyed' ORDER BY version";
    Write RETIRE(TEXTOID, TEXTOID) =
        "UPDATE vault.data_keys SET state = 'retired', retired_at = pg_catalog.clock_timestamp() \
         WHERE profile_id = $1 AND purpose = $2 AND state = 'current' RETURNING version";
    Write REWRAP(TEXTOID, INT4OID, BYTEAOID, BYTEAOID) =
        "UPDATE vault.data_keys SET wrapped = $3, root_key_check = $4 WHERE profile_id = $1 AND key_id = $2";
    Write DESTROY(TEXTOID, INT4OID) =
        "UPDATE vault.data_keys SET state = 'destroyed', wrapped = NULL, \
                retired_at = COALESCE(retired_at, pg_catalog.clock_timestamp()) \
         WHERE profile_id = $1 AND key_id = $2";
    Read FIND(TEXTOID, TEXTOID, INT4OID) =
        "SELECT key_id, state FROM vault.data_keys WHERE profile_id = $1 AND purpose = $2 AND version = $3";
    Write DESTROY_ALL(TEXTOID) =
        "UPDATE vault.data_keys SET state = 'destroyed', wrapped = NULL, \
                retired_at = COALESCE(retired_at, pg_catalog.clock_timestamp()) \
         WHERE profile_id = $1 AND state <> 'destroyed'";
    Read COUNT_DUE(TEXTOID) =
        "SELECT pg_catalog.count(*) AS keys FROM vault.data_keys \
         WHERE profile_id = $1 AND state = 'current' AND rotate_after < pg_catalog.clock_timestamp()";
    Read ROOT_KEYS_OF(TEXTOID) =
        "SELECT root_key_check FROM vault.data_keys WHERE profile_id = $1 AND state <> 'destroyed'";
    Read ALL() =
        "/* all profiles: administrators see which keys there are */ \
         SELECT pg_catalog.to_json(k)::text AS row \
         FROM (SELECT profile_id, key_id, purpose, version, state, created_at, retired_at, rotate_after FROM vault.data_keys) k";
    Read ROOT_KEYS() = "SELECT check_value FROM vault.root_keys";
    WriteEverywhere INSERT_ROOT_KEY(BYTEAOID) =
        "INSERT INTO vault.root_keys (check_value) VALUES ($1) ON CONFLICT DO NOTHING";
}

/// A row to be.
pub struct NewDataKey<'a> {
    pub profile_id: &'a ProfileId,
    pub key_id: KeyId,
    pub purpose: &'a str,
    pub version: i32,
    pub wrapped: &'a [u8],
    pub check_value: &'a [u8],
    pub root_key_check: &'a [u8],
    /// How long it should be used.
    pub period: Duration,
}

/// A wrapped data key of a profile.
pub struct StoredDataKey {
    pub key_id: KeyId,
    pub purpose: String,
    pub version: i32,
    pub wrapped: Vec<u8>,
    pub check_value: Vec<u8>,
    /// Check value of the root key that wrapped it.
    pub root_key_check: Vec<u8>,
    /// Whether the key is the current one, which is the only one of its purpose that seals new values.
    pub is_current: bool,
    /// The transaction (`xmin`) that wrote the row as it is: it made the key, or wrapped it anew.
    pub written_by: i64,
}

/// Writes the key. False, and nothing is written, when the profile has a key with this id.
pub fn insert(key: &NewDataKey<'_>) -> Result<bool, Failure> {
    let rows = INSERT.with(|statement| {
        statement.execute(&[
            id(key.profile_id),
            to_sql(key.key_id)?.into(),
            key.purpose.into(),
            key.version.into(),
            key.wrapped.into(),
            key.check_value.into(),
            key.root_key_check.into(),
            key.period.as_secs_f64().into(),
        ])
    })?;
    Ok(rows > 0)
}

/// The keys of the profile that open values, as they are by now, oldest first.
pub fn usable(profile_id: &ProfileId) -> Result<Vec<StoredDataKey>, Failure> {
    USABLE.with(|statement| {
        statement.rows_now(&[id(profile_id)], |row| {
            Ok(StoredDataKey {
                key_id: key_id(row.required("key_id")?)?,
                purpose: row.required("purpose")?,
                version: row.required("version")?,
                wrapped: row.required("wrapped")?,
                check_value: row.required("check_value")?,
                root_key_check: row.required("root_key_check")?,
                is_current: row.required("is_current")?,
                written_by: row.required("written_by")?,
            })
        })
    })
}

/// How many current keys of the profile are older than they should be.
pub fn count_due(profile_id: &ProfileId) -> Result<u64, Failure> {
    let keys: Option<i64> =
        COUNT_DUE.with(|statement| statement.row(&[id(profile_id)], |row| row.required("keys")))?;
    Ok(keys.unwrap_or_default().unsigned_abs())
}

/// For each key of the profile that is not destroyed, the check value of the root key that wraps it.
pub fn root_keys_of(profile_id: &ProfileId) -> Result<Vec<Vec<u8>>, Failure> {
    ROOT_KEYS_OF
        .with(|statement| statement.rows(&[id(profile_id)], |row| row.required("root_key_check")))
}

/// Check values of the root keys that have wrapped data keys, or vouched for rows, of this database, by now.
pub fn root_keys() -> Result<Vec<Vec<u8>>, Failure> {
    ROOT_KEYS.with(|statement| statement.rows_now(&[], |row| row.required("check_value")))
}

/// Each key as a JSON object, without key material. For the worker's role.
pub fn all() -> Result<Vec<String>, Failure> {
    ALL.with(|statement| statement.rows(&[], |row| row.required("row")))
}

/// Writes nothing if the database has the root key already. So the other nodes of a vault are not needed for a new data key.
pub fn insert_root_key(check_value: &[u8]) -> Result<(), Failure> {
    if root_keys()?.iter().any(|known| known == check_value) {
        return Ok(());
    }
    INSERT_ROOT_KEY.with(|statement| statement.execute(&[check_value.into()]))?;
    Ok(())
}

/// Why a transaction locks a key until it ends.
#[derive(Clone, Copy)]
pub enum KeyLock {
    /// The transaction seals values under the data key, which must not be destroyed meanwhile.
    Sealing,
    /// The transaction decides by the index key whether a payment method is new. The key must not be retired or destroyed
    /// meanwhile.
    DuplicateCheck,
    /// The transaction retires the index key.
    Retiring,
    /// The transaction destroys the key.
    Destroying,
}

impl KeyLock {
    /// Modes of PostgreSQL's own that conflict as they must: retiring with duplicate checks, destroying with all.
    fn mode(self) -> Mode {
        match self {
            Self::Sealing => Mode::AccessShare,
            Self::DuplicateCheck => Mode::RowExclusive,
            Self::Retiring => Mode::Exclusive,
            Self::Destroying => Mode::AccessExclusive,
        }
    }
}

/// Locks the key as an object of the database. A lock on its row would be a write, and a lock on its table would concern every
/// profile. Prepared transactions keep the lock, too. The lock is only on the key's number. If keys of two profiles have the
/// same number, a transaction sometimes waits for no reason, and nothing else happens.
pub fn lock(KeyId(key_id): KeyId, lock: KeyLock) {
    object_locks::lock(relation(c"data_keys"), key_id, lock.mode());
}

/// Locks the key as [`lock`] does, unless that would have to wait. False when it would.
pub fn try_lock(KeyId(key_id): KeyId, lock: KeyLock) -> bool {
    object_locks::try_lock(relation(c"data_keys"), key_id, lock.mode())
}

/// Retires the profile's current key of the purpose, and tells its version.
pub fn retire(profile_id: &ProfileId, purpose: &str) -> Result<Option<i32>, Failure> {
    let arguments = [id(profile_id), purpose.into()];
    RETIRE.with(|statement| statement.row(&arguments, |row| row.required("version")))
}

/// Replaces the wrapping of a key; the key stays what it is.
pub fn rewrap(
    profile_id: &ProfileId,
    key_id: KeyId,
    wrapped: &[u8],
    root_key_check: &[u8],
) -> Result<(), Failure> {
    REWRAP.with(|statement| {
        statement.execute(&[
            id(profile_id),
            to_sql(key_id)?.into(),
            wrapped.into(),
            root_key_check.into(),
        ])
    })?;
    Ok(())
}

/// A key's id and state.
pub fn find(
    profile_id: &ProfileId,
    purpose: &str,
    version: i32,
) -> Result<Option<(KeyId, String)>, Failure> {
    let arguments = [id(profile_id), purpose.into(), version.into()];
    FIND.with(|statement| {
        statement.row(&arguments, |row| {
            Ok((key_id(row.required("key_id")?)?, row.required("state")?))
        })
    })
}

/// Removes the wrapped key; the row's earlier version stays until it is vacuumed.
pub fn destroy(profile_id: &ProfileId, key_id: KeyId) -> Result<(), Failure> {
    let arguments = [id(profile_id), to_sql(key_id)?.into()];
    DESTROY.with(|statement| statement.execute(&arguments))?;
    Ok(())
}

/// Removes all wrapped keys of the profile, and tells how many.
pub fn destroy_all(profile_id: &ProfileId) -> Result<usize, Failure> {
    DESTROY_ALL.with(|statement| statement.execute(&[id(profile_id)]))
}

/// A key's id as the tables have it.
pub fn key_id(stored: i32) -> Result<KeyId, Failure> {
    let id = u32::try_from(stored).map_err(|_| Failure::DamagedRow)?;
    Ok(KeyId(id))
}

/// A key's id as a parameter.
pub fn to_sql(KeyId(id): KeyId) -> Result<i32, Failure> {
    i32::try_from(id).map_err(|_| Defect::NumberTooLarge.into())
}
