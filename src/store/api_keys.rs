//! Table `vault.api_keys`.

use pgrx::datum::TimestampWithTimeZone;
use vault_core::crypto::Column;

use super::profiles::{Profile, profile};
use super::statement::{Row, statements};
use super::vouched::Vouched;
use crate::error::Failure;

/// What every read of API keys `k` selects. [`ApiKeyRow::read`] reads them.
macro_rules! api_key {
    () => {
        "k.key_id, k.merchant_id, k.name, k.prefix, k.key_hash, k.scopes, k.created_at, k.expires_at, k.revoked_at, k.mac"
    };
}

statements! {
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, TEXTARRAYOID, TIMESTAMPTZOID, TIMESTAMPTZOID, BYTEAOID) =
        "INSERT INTO vault.api_keys (key_id, merchant_id, name, prefix, key_hash, scopes, created_at, expires_at, mac) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    Write REVOKE(TEXTOID, TIMESTAMPTZOID, BYTEAOID) =
        "UPDATE vault.api_keys SET revoked_at = $2, mac = $3 WHERE key_id = $1";
    /// One look-up for key and profile, so that a wrong one of either takes the same way.
    Read FIND(BYTEAOID, TEXTOID) =
        concat!("SELECT ", api_key!(), ", \
                k.expires_at IS NULL OR k.expires_at > pg_catalog.clock_timestamp(), ",
                profile!(), " \
         FROM vault.api_keys k \
         LEFT JOIN vault.profiles p ON p.profile_id = $2 AND p.merchant_id = k.merchant_id \
         WHERE k.key_hash = $1");
    Read ALL() = concat!("SELECT ", api_key!(), " FROM vault.api_keys k ORDER BY k.key_id");
    Write LOCK(TEXTOID) =
        concat!("SELECT ", api_key!(), " FROM vault.api_keys k WHERE k.key_id = $1 FOR NO KEY UPDATE");
    Write WRITE_MAC(TEXTOID, BYTEAOID) = "UPDATE vault.api_keys SET mac = $2 WHERE key_id = $1";
}

/// Where the columns that follow those of an API key begin.
const BEHIND_API_KEY: usize = 11;

/// A row.
pub struct ApiKeyRow {
    pub key_id: String,
    pub merchant_id: String,
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
    pub is_expired: bool,
    /// The profile that was asked for, if it is the key's merchant's.
    pub profile: Option<Profile>,
}

pub fn insert(key: &ApiKeyRow) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            key.key_id.as_str().into(),
            key.merchant_id.as_str().into(),
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

pub fn find(key_hash: &[u8], profile_id: Option<&str>) -> Result<Option<Found>, Failure> {
    FIND.with(|statement| {
        statement.row(&[key_hash.into(), profile_id.into()], |row| {
            let profile_id: Option<String> = row.optional(BEHIND_API_KEY + 1)?;
            Ok(Found {
                key: ApiKeyRow::read(row)?,
                is_expired: !row.required::<bool>(BEHIND_API_KEY)?,
                profile: profile_id
                    .map(|_| Profile::read(row, BEHIND_API_KEY + 1))
                    .transpose()?,
            })
        })
    })
}

impl ApiKeyRow {
    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let scopes: Vec<Option<String>> = row.required(6)?;
        Ok(Self {
            key_id: row.required(1)?,
            merchant_id: row.required(2)?,
            name: row.required(3)?,
            prefix: row.required(4)?,
            key_hash: row.required(5)?,
            scopes: scopes.into_iter().flatten().collect(),
            created_at: row.required(7)?,
            expires_at: row.optional(8)?,
            revoked_at: row.optional(9)?,
            mac: row.optional(10)?.unwrap_or_default(),
        })
    }
}

impl Vouched for ApiKeyRow {
    const TABLE: &'static str = "api_keys";

    fn id(&self) -> &str {
        &self.key_id
    }

    fn profile_id(&self) -> Option<&str> {
        None
    }

    fn columns(&self) -> Vec<Column<'_>> {
        vec![
            Column::Text(&self.key_id),
            Column::Text(&self.merchant_id),
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

    fn all() -> Result<Vec<Self>, Failure> {
        ALL.with(|statement| statement.rows(&[], Self::read))
    }

    fn lock(id: &str) -> Result<Option<Self>, Failure> {
        LOCK.with(|statement| statement.row(&[id.into()], Self::read))
    }

    fn write_mac(&self) -> Result<(), Failure> {
        let arguments = [self.key_id.as_str().into(), self.mac.as_slice().into()];
        WRITE_MAC.with(|statement| statement.execute(&arguments))?;
        Ok(())
    }
}

fn time(value: Option<TimestampWithTimeZone>) -> Column<'static> {
    value.map_or(Column::Null, |value| Column::Number(value.into_inner()))
}
