//! Table `vault.connector_accounts`.

use pgrx::datum::TimestampWithTimeZone;
use vault_core::crypto::Column;

use super::statement::{Row, statements};
use super::vouched::Vouched;
use crate::error::Failure;

/// What every read of accounts `a` selects. [`ConnectorAccount::read`] reads them.
macro_rules! account {
    () => {
        "SELECT a.connector_id, a.merchant_id, a.profile_id, a.kind, a.label, a.settings, a.credentials, a.enabled, \
                a.created_at, a.mac \
         FROM vault.connector_accounts a "
    };
}

statements! {
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BOOLOID, TIMESTAMPTZOID, BYTEAOID) =
        "INSERT INTO vault.connector_accounts \
         (connector_id, merchant_id, profile_id, kind, label, settings, credentials, enabled, created_at, mac) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    Write UPDATE(TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BOOLOID, BYTEAOID) =
        "UPDATE vault.connector_accounts SET label = $2, settings = $3, credentials = $4, enabled = $5, mac = $6 \
         WHERE connector_id = $1";
    /// The account, if it serves the profile and is in service.
    Read FIND(TEXTOID, TEXTOID, TEXTOID) = concat!(
        account!(),
        "WHERE a.connector_id = $1 AND a.enabled AND a.merchant_id = $2 AND (a.profile_id IS NULL OR a.profile_id = $3)");
    /// The profile's own before its merchant's, an older one before a newer one.
    Read FIND_OF_KIND(TEXTOID, TEXTOID, TEXTOID) = concat!(
        account!(),
        "WHERE a.kind = $1 AND a.enabled AND a.merchant_id = $2 AND (a.profile_id IS NULL OR a.profile_id = $3) \
         ORDER BY a.profile_id IS NULL, a.created_at, a.connector_id");
    Read ALL() = concat!(account!(), "ORDER BY a.connector_id");
    Write LOCK(TEXTOID) = concat!(account!(), "WHERE a.connector_id = $1 FOR NO KEY UPDATE");
    Write WRITE_MAC(TEXTOID, BYTEAOID) = "UPDATE vault.connector_accounts SET mac = $2 WHERE connector_id = $1";
}

/// A row.
pub struct ConnectorAccount {
    pub connector_id: String,
    pub merchant_id: String,
    /// None: it serves every profile of the merchant.
    pub profile_id: Option<String>,
    pub kind: String,
    pub label: String,
    /// A JSON object.
    pub settings: String,
    /// Sealed by the root key that vouches for the row.
    pub credentials: Vec<u8>,
    pub enabled: bool,
    pub created_at: TimestampWithTimeZone,
    pub mac: Vec<u8>,
}

/// Writes a new account.
pub fn insert(account: &ConnectorAccount) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            account.connector_id.as_str().into(),
            account.merchant_id.as_str().into(),
            account.profile_id.as_deref().into(),
            account.kind.as_str().into(),
            account.label.as_str().into(),
            account.settings.as_str().into(),
            account.credentials.as_slice().into(),
            account.enabled.into(),
            account.created_at.into(),
            account.mac.as_slice().into(),
        ])
    })?;
    Ok(())
}

/// Writes what can change of an account, whose row is locked, and the MAC that goes with it.
pub fn update(account: &ConnectorAccount) -> Result<(), Failure> {
    UPDATE.with(|statement| {
        statement.execute(&[
            account.connector_id.as_str().into(),
            account.label.as_str().into(),
            account.settings.as_str().into(),
            account.credentials.as_slice().into(),
            account.enabled.into(),
            account.mac.as_slice().into(),
        ])
    })?;
    Ok(())
}

/// The account, if it serves the profile of this merchant and is in service.
pub fn find(
    connector_id: &str,
    merchant_id: &str,
    profile_id: &str,
) -> Result<Option<ConnectorAccount>, Failure> {
    let arguments = [connector_id.into(), merchant_id.into(), profile_id.into()];
    FIND.with(|statement| statement.row(&arguments, ConnectorAccount::read))
}

/// The accounts of a kind that serve the profile of this merchant and are in service, the one to take first.
pub fn find_of_kind(
    kind: &str,
    merchant_id: &str,
    profile_id: &str,
) -> Result<Vec<ConnectorAccount>, Failure> {
    let arguments = [kind.into(), merchant_id.into(), profile_id.into()];
    FIND_OF_KIND.with(|statement| statement.rows(&arguments, ConnectorAccount::read))
}

impl ConnectorAccount {
    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            connector_id: row.required(1)?,
            merchant_id: row.required(2)?,
            profile_id: row.optional(3)?,
            kind: row.required(4)?,
            label: row.required(5)?,
            settings: row.required(6)?,
            credentials: row.required(7)?,
            enabled: row.required(8)?,
            created_at: row.required(9)?,
            mac: row.optional(10)?.unwrap_or_default(),
        })
    }
}

impl Vouched for ConnectorAccount {
    const TABLE: &'static str = "connector_accounts";

    fn id(&self) -> &str {
        &self.connector_id
    }

    fn profile_id(&self) -> Option<&str> {
        None
    }

    fn columns(&self) -> Vec<Column<'_>> {
        vec![
            Column::Text(&self.connector_id),
            Column::Text(&self.merchant_id),
            self.profile_id
                .as_deref()
                .map_or(Column::Null, Column::Text),
            Column::Text(&self.kind),
            Column::Text(&self.label),
            Column::Text(&self.settings),
            Column::Bytes(&self.credentials),
            Column::Number(self.enabled.into()),
            Column::Number(self.created_at.into_inner()),
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
        let arguments = [
            self.connector_id.as_str().into(),
            self.mac.as_slice().into(),
        ];
        WRITE_MAC.with(|statement| statement.execute(&arguments))?;
        Ok(())
    }
}
