//! Table `vault.api_keys`.

use pgrx::datum::TimestampWithTimeZone;

use super::statement::statements;
use crate::error::Failure;

statements! {
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, TEXTARRAYOID, TIMESTAMPTZOID) =
        "INSERT INTO vault.api_keys (key_id, merchant_id, name, prefix, key_hash, scopes, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    Write REVOKE(TEXTOID) =
        "UPDATE vault.api_keys SET revoked_at = pg_catalog.now() WHERE key_id = $1 AND revoked_at IS NULL";
    /// One look-up for key and profile, so that a wrong one of either takes the same way.
    Read FIND(BYTEAOID, TEXTOID) =
        "SELECT k.key_id, k.merchant_id, k.key_hash, 'reveal' = ANY (k.scopes), \
                k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > pg_catalog.clock_timestamp()), \
                p.profile_id IS NOT NULL \
         FROM vault.api_keys k \
         LEFT JOIN vault.profiles p ON p.profile_id = $2 AND p.merchant_id = k.merchant_id \
         WHERE k.key_hash = $1";
}

/// A row to be.
pub struct NewApiKey<'a> {
    pub key_id: &'a str,
    pub merchant_id: &'a str,
    pub name: &'a str,
    pub prefix: &'a str,
    pub key_hash: &'a [u8],
    pub scopes: Vec<String>,
    pub expires_at: Option<TimestampWithTimeZone>,
}

/// What authentication needs to know of a key.
pub struct FoundApiKey {
    pub key_id: String,
    pub merchant_id: String,
    pub key_hash: Vec<u8>,
    pub may_reveal: bool,
    /// Neither revoked nor expired.
    pub usable: bool,
    /// The profile that was asked for belongs to the key's merchant.
    pub profile_matches: bool,
}

pub fn insert(key: NewApiKey<'_>) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            key.key_id.into(),
            key.merchant_id.into(),
            key.name.into(),
            key.prefix.into(),
            key.key_hash.into(),
            key.scopes.into(),
            key.expires_at.into(),
        ])
    })?;
    Ok(())
}

/// Whether there was such a key, not yet revoked.
pub fn revoke(key_id: &str) -> Result<bool, Failure> {
    REVOKE.with(|statement| Ok(statement.execute(&[key_id.into()])? > 0))
}

pub fn find(key_hash: &[u8], profile_id: Option<&str>) -> Result<Option<FoundApiKey>, Failure> {
    FIND.with(|statement| {
        statement.row(&[key_hash.into(), profile_id.into()], |row| {
            Ok(FoundApiKey {
                key_id: row.required(1)?,
                merchant_id: row.required(2)?,
                key_hash: row.required(3)?,
                may_reveal: row.required(4)?,
                usable: row.required(5)?,
                profile_matches: row.required(6)?,
            })
        })
    })
}
