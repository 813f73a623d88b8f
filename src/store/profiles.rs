//! Table `vault.profiles`.

use pgrx::datum::TimestampWithTimeZone;
use vault_core::crypto::Column;
use vault_core::ids::{MerchantId, ProfileId};

use super::shards;
use super::statement::{Row, id, statements};
use super::vouched::{Vouched, VouchedStatements};
use crate::error::Failure;

statements! {
    WriteEverywhere INSERT(TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, BYTEAOID) =
        "INSERT INTO vault.profiles (profile_id, merchant_id, name, created_at, mac) VALUES ($1, $2, $3, $4, $5)";
    /// Rows of the profile can be written meanwhile, because they lock only its key.
    Write LOCK(TEXTOID) = "SELECT * FROM vault.profiles WHERE profile_id = $1 FOR NO KEY UPDATE";
    Read ALL() =
        "/* all profiles: MACs are checked, and made under a new root key, for the whole table */ \
         SELECT * FROM vault.profiles ORDER BY profile_id";
    Read FIND(TEXTOID) = "SELECT * FROM vault.profiles WHERE profile_id = $1";
    WriteEverywhere UPDATE(TEXTOID, BOOLOID, BYTEAOID) =
        "UPDATE vault.profiles SET network_tokenization_enabled = $2, mac = $3 WHERE profile_id = $1";
    WriteEverywhere WRITE_MAC(TEXTOID, BYTEAOID) = "UPDATE vault.profiles SET mac = $2 WHERE profile_id = $1";
}

/// A row.
pub struct Profile {
    pub profile_id: ProfileId,
    pub merchant_id: MerchantId,
    pub name: String,
    pub network_tokenization_enabled: bool,
    pub created_at: TimestampWithTimeZone,
    pub mac: Vec<u8>,
}

/// The profile must be the current one.
pub fn insert(profile: &Profile) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            id(&profile.profile_id),
            id(&profile.merchant_id),
            profile.name.as_str().into(),
            profile.created_at.into(),
            profile.mac.as_slice().into(),
        ])
    })?;
    Ok(())
}

/// Writes what can change of a profile, which is the current one and locked, and the MAC that goes with it.
pub fn update(profile: &Profile) -> Result<(), Failure> {
    UPDATE.with(|statement| {
        statement.execute(&[
            id(&profile.profile_id),
            profile.network_tokenization_enabled.into(),
            profile.mac.as_slice().into(),
        ])
    })?;
    Ok(())
}

pub fn find(profile_id: &ProfileId) -> Result<Option<Profile>, Failure> {
    FIND.with(|statement| statement.row(&[id(profile_id)], Profile::read))
}

/// All profiles of this node, which are all profiles unless the vault is spread over several nodes.
pub fn all_here() -> Result<Vec<Profile>, Failure> {
    let mut here = Vec::new();
    for profile in Profile::all()? {
        if shards::is_here(&profile.profile_id)? {
            here.push(profile);
        }
    }
    Ok(here)
}

impl Profile {
    /// The profile as it is by now. Whoever else changes the profile or its keys waits until the transaction ends.
    pub fn lock(profile_id: &ProfileId) -> Result<Option<Self>, Failure> {
        LOCK.with(|statement| statement.row(&[id(profile_id)], Self::read))
    }

    /// The profile that a row of another table was joined with. Columns that both tables have are called `profile_…` in it.
    pub(super) fn read_joined(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            profile_id: row.id("profile_id")?,
            merchant_id: row.id("profile_merchant_id")?,
            name: row.required("profile_name")?,
            network_tokenization_enabled: row.required("network_tokenization_enabled")?,
            created_at: row.required("profile_created_at")?,
            mac: row.optional("profile_mac")?.unwrap_or_default(),
        })
    }
}

impl Vouched for Profile {
    const TABLE: &'static str = "profiles";

    const STATEMENTS: VouchedStatements = VouchedStatements {
        all: &ALL,
        lock: &LOCK,
        write_mac: &WRITE_MAC,
    };

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            profile_id: row.id("profile_id")?,
            merchant_id: row.id("merchant_id")?,
            name: row.required("name")?,
            network_tokenization_enabled: row.required("network_tokenization_enabled")?,
            created_at: row.required("created_at")?,
            mac: row.optional("mac")?.unwrap_or_default(),
        })
    }

    fn id(&self) -> &str {
        self.profile_id.as_str()
    }

    fn profile_id(&self) -> Option<&ProfileId> {
        Some(&self.profile_id)
    }

    fn columns(&self) -> Vec<Column<'_>> {
        vec![
            Column::Text(self.profile_id.as_str()),
            Column::Text(self.merchant_id.as_str()),
            Column::Text(&self.name),
            Column::Number(self.network_tokenization_enabled.into()),
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
