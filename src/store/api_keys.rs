//! Table `vault.api_keys`.

use pgrx::datum::TimestampWithTimeZone;
use vault_core::crypto::Column;
use vault_core::ids::{MerchantId, ProfileId};

use super::profiles::Profile;
use super::statement::{Row, id, optional_id, statements};
use super::vouched::{Vouched, VouchedStatements};
use crate::error::Failure;

statements! {
    WriteEverywhere INSERT(TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, TEXTARRAYOID, TIMESTAMPTZOID, TIMESTAMPTZOID, BYTEAOID) =
        "INSERT INTO vault.api_keys (key_id, merchant_id, name, prefix, key_hash, scopes, created_at, expires_at, mac) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    WriteEverywhere REVOKE(TEXTOID, TIMESTAMPTZOID, BYTEAOID) =
        "UPDATE vault.api_keys SET revoked_at = $2, mac = $3 WHERE key_id = $1";
    /// One look-up for key and profile, so that a wrong one of either takes the same way.
    Read FIND(TEXTOID, BYTEAOID) =
        "SELECT k.*, p.profile_id, p.merchant_id AS profile_merchant_id, p.name AS profile_name, \
                p.network_tokenization_enabled, p.created_at AS profile_created_at, p.mac AS profile_mac \
         FROM vault.api_keys k \
         LEFT JOIN vault.profiles p ON p.profile_id = $1 AND p.merchant_id = k.merchant_id \
         WHERE k.key_hash = $2";
    Read ALL() = "SELECT * FROM vault.api_keys ORDER BY key_id";
    Write LOCK(TEXTOID) = "SELECT * FROM vault.api_keys WHERE key_id = $1 FOR NO KEY UPDATE";
    WriteEverywhere WRITE_MAC(TEXTOID, BYTEAOID) = "UPDATE vault.api_keys SET mac = $2 WHERE key_id = $1";
}

/// A row.
pub struct ApiKeyRow {
    pub key_id: String,
    pub merchant_id: MerchantId,
    pub name: String,
    pub prefix: String,
    pub key_hash: Vec<u8>,
    pub scopes: Vec<String>,
    pub created_at: TimestampWithTimeZone,
    pub expires_at: Option<TimestampWithTimeZone>,
    pub revoked_at: Option<TimestampWithTimeZone>,
    pub mac: Vec<u8>,
}

/// What a look-up of a key and a profile has found.
pub struct Found {
    pub key: ApiKeyRow,
    /// The profile that was asked for, if it is the key's merchant's.
    pub profile: Option<Profile>,
}

pub fn insert(key: &ApiKeyRow) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            key.key_id.as_str().into(),
            id(&key.merchant_id),
            key.name.as_str().into(),
            key.prefix.as_str().into(),
            key.key_hash.as_slice().into(),
            key.scopes.clone().into(),
            key.created_at.into(),
            key.expires_at.into(),
            key.mac.as_slice().into(),
        ])
    })?;
    Ok(())
}

/// Writes when the key, whose row is locked, was revoked, and the MAC that goes with it.
pub fn revoke(key: &ApiKeyRow) -> Result<(), Failure> {
    let arguments = [
        key.key_id.as_str().into(),
        key.revoked_at.into(),
        key.mac.as_slice().into(),
    ];
    REVOKE.with(|statement| statement.execute(&arguments))?;
    Ok(())
}

/// The key and the profile as they are by now.
pub fn find(profile_id: Option<&ProfileId>, key_hash: &[u8]) -> Result<Option<Found>, Failure> {
    let found = FIND.with(|statement| {
        statement.rows_now(&[optional_id(profile_id), key_hash.into()], |row| {
            let profile_id: Option<ProfileId> = row.optional_id("profile_id")?;
            Ok(Found {
                key: ApiKeyRow::read(row)?,
                profile: profile_id.map(|_| Profile::read_joined(row)).transpose()?,
            })
        })
    })?;
    Ok(found.into_iter().next())
}

impl ApiKeyRow {
    /// The key as it is by now. Nobody changes it before the transaction ends.
    pub fn lock(key_id: &str) -> Result<Option<Self>, Failure> {
        LOCK.with(|statement| statement.row(&[key_id.into()], Self::read))
    }
}

impl Vouched for ApiKeyRow {
    const TABLE: &'static str = "api_keys";

    const STATEMENTS: VouchedStatements = VouchedStatements {
        all: &ALL,
        lock: &LOCK,
        write_mac: &WRITE_MAC,
    };

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let scopes: Vec<Option<String>> = row.required("scopes")?;
        Ok(Self {
            key_id: row.required("key_id")?,
            merchant_id: row.id("merchant_id")?,
            name: row.required("name")?,
            prefix: row.required("prefix")?,
            key_hash: row.required("key_hash")?,
            scopes: scopes.into_iter().flatten().collect(),
            created_at: row.required("created_at")?,
            expires_at: row.optional("expires_at")?,
            revoked_at: row.optional("revoked_at")?,
            mac: row.optional("mac")?.unwrap_or_default(),
        })
    }

    fn id(&self) -> &str {
        &self.key_id
    }

    fn columns(&self) -> Vec<Column<'_>> {
        vec![
            Column::Text(&self.key_id),
            Column::Text(self.merchant_id.as_str()),
            Column::Text(&self.name),
            Column::Text(&self.prefix),
            Column::Bytes(&self.key_hash),
            Column::Texts(&self.scopes),
            Column::Number(self.created_at.into_inner()),
            time(self.expires_at),
            time(self.revoked_at),
        ]
    }

    fn mac(&self) -> &[u8] {
        &self.mac
    }

    fn set_mac(&mut self, mac: Vec<u8>) {
        self.mac = mac;
    }
}

fn time(value: Option<TimestampWithTimeZone>) -> Column<'static> {
    value.map_or(Column::Null, |value| Column::Number(value.into_inner()))
}
