//! Table `vault.connector_accounts`.

use pgrx::datum::TimestampWithTimeZone;
use vault_core::crypto::Column;
use vault_core::ids::{MerchantId, ProfileId};

use super::statement::{Row, id, optional_id, statements};
use super::vouched::{Vouched, VouchedStatements};
use crate::error::Failure;

statements! {
    WriteEverywhere INSERT(TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BOOLOID, TIMESTAMPTZOID, BYTEAOID) =
        "INSERT INTO vault.connector_accounts \
         (connector_id, merchant_id, profile_id, kind, label, settings, credentials, enabled, created_at, mac) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    WriteEverywhere UPDATE(TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BOOLOID, BYTEAOID) =
        "/* all profiles: administrators name an account by its id alone; many serve every profile of a merchant */ \
         UPDATE vault.connector_accounts SET label = $2, settings = $3, credentials = $4, enabled = $5, mac = $6 \
         WHERE connector_id = $1";
    /// The account, if it serves the profile and is in service.
    Read FIND(TEXTOID, TEXTOID, TEXTOID) =
        "SELECT * FROM vault.connector_accounts \
         WHERE (profile_id = $1 OR profile_id IS NULL) AND merchant_id = $2 AND enabled AND connector_id = $3";
    /// The profile's own before its merchant's, an older one before a newer one.
    Read FIND_OF_KIND(TEXTOID, TEXTOID, TEXTOID) =
        "SELECT * FROM vault.connector_accounts \
         WHERE (profile_id = $1 OR profile_id IS NULL) AND merchant_id = $2 AND enabled AND kind = $3 \
         ORDER BY profile_id IS NULL, created_at, connector_id";
    Read LISTED() =
        "/* all profiles: administrators see which accounts there are */ \
         SELECT pg_catalog.to_json(a)::text AS row \
         FROM (SELECT connector_id, merchant_id, profile_id, kind, label, settings::pg_catalog.jsonb AS settings, enabled, \
                      created_at FROM vault.connector_accounts) a";
    Read ALL() =
        "/* all profiles: MACs are checked, and made under a new root key, for the whole table */ \
         SELECT * FROM vault.connector_accounts ORDER BY connector_id";
    Write LOCK(TEXTOID) =
        "/* all profiles: administrators name an account by its id alone */ \
         SELECT * FROM vault.connector_accounts WHERE connector_id = $1 FOR NO KEY UPDATE";
    WriteEverywhere WRITE_MAC(TEXTOID, BYTEAOID) =
        "/* all profiles: administrators name an account by its id alone */ UPDATE vault.connector_accounts SET mac = $2 WHERE connector_id = $1";
}

/// A row.
pub struct ConnectorAccount {
    pub connector_id: String,
    pub merchant_id: MerchantId,
    /// None: it serves every profile of the merchant.
    pub profile_id: Option<ProfileId>,
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
            id(&account.merchant_id),
            optional_id(account.profile_id.as_ref()),
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
    profile_id: &ProfileId,
    merchant_id: &MerchantId,
    connector_id: &str,
) -> Result<Option<ConnectorAccount>, Failure> {
    let arguments = [id(profile_id), id(merchant_id), connector_id.into()];
    FIND.with(|statement| statement.row(&arguments, ConnectorAccount::read))
}

/// The accounts of a kind that serve the profile of this merchant and are in service, the one to take first.
pub fn find_of_kind(
    profile_id: &ProfileId,
    merchant_id: &MerchantId,
    kind: &str,
) -> Result<Vec<ConnectorAccount>, Failure> {
    let arguments = [id(profile_id), id(merchant_id), kind.into()];
    FIND_OF_KIND.with(|statement| statement.rows(&arguments, ConnectorAccount::read))
}

/// Each account as a JSON object, without its credentials.
pub fn listed() -> Result<Vec<String>, Failure> {
    LISTED.with(|statement| statement.rows(&[], |row| row.required("row")))
}

impl ConnectorAccount {
    /// The account as it is by now. Nobody changes it before the transaction ends.
    pub fn lock(connector_id: &str) -> Result<Option<Self>, Failure> {
        LOCK.with(|statement| statement.row(&[connector_id.into()], Self::read))
    }
}

impl Vouched for ConnectorAccount {
    const TABLE: &'static str = "connector_accounts";

    const STATEMENTS: VouchedStatements = VouchedStatements {
        all: &ALL,
        lock: &LOCK,
        write_mac: &WRITE_MAC,
    };

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            connector_id: row.required("connector_id")?,
            merchant_id: row.id("merchant_id")?,
            profile_id: row.optional_id("profile_id")?,
            kind: row.required("kind")?,
            label: row.required("label")?,
            settings: row.required("settings")?,
            credentials: row.required("credentials")?,
            enabled: row.required("enabled")?,
            created_at: row.required("created_at")?,
            mac: row.optional("mac")?.unwrap_or_default(),
        })
    }

    fn id(&self) -> &str {
        &self.connector_id
    }

    fn columns(&self) -> Vec<Column<'_>> {
        vec![
            Column::Text(&self.connector_id),
            Column::Text(self.merchant_id.as_str()),
            self.profile_id
                .as_ref()
                .map_or(Column::Null, |id| Column::Text(id.as_str())),
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
}
