//! Table `vault.profiles`.

use pgrx::datum::TimestampWithTimeZone;
use vault_core::crypto::Column;

use super::statement::{Row, statements};
use super::vouched::Vouched;
use crate::error::Failure;

/// What every read of profiles `p` selects. [`Profile::read`] reads them.
macro_rules! profile {
    () => {
        "p.profile_id, p.merchant_id, p.name, p.network_tokenization_enabled, p.created_at, p.mac"
    };
}
pub(super) use profile;

statements! {
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, BYTEAOID) =
        "INSERT INTO vault.profiles (profile_id, merchant_id, name, created_at, mac) VALUES ($1, $2, $3, $4, $5)";
    /// Lets the rows of the profile be written meanwhile: they hold its key only.
    Write LOCK(TEXTOID) =
        concat!("SELECT ", profile!(), " FROM vault.profiles p WHERE p.profile_id = $1 FOR NO KEY UPDATE");
    Read ALL() = concat!("SELECT ", profile!(), " FROM vault.profiles p ORDER BY p.profile_id");
    Read FIND(TEXTOID) = concat!("SELECT ", profile!(), " FROM vault.profiles p WHERE p.profile_id = $1");
    Write UPDATE(TEXTOID, BOOLOID, BYTEAOID) =
        "UPDATE vault.profiles SET network_tokenization_enabled = $2, mac = $3 WHERE profile_id = $1";
    Write WRITE_MAC(TEXTOID, BYTEAOID) = "UPDATE vault.profiles SET mac = $2 WHERE profile_id = $1";
}

/// A row.
pub struct Profile {
    pub profile_id: String,
    pub merchant_id: String,
    pub name: String,
    pub network_tokenization_enabled: bool,
    pub created_at: TimestampWithTimeZone,
    pub mac: Vec<u8>,
}

/// The profile must be the current one.
pub fn insert(profile: &Profile) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            profile.profile_id.as_str().into(),
            profile.merchant_id.as_str().into(),
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
            profile.profile_id.as_str().into(),
            profile.network_tokenization_enabled.into(),
            profile.mac.as_slice().into(),
        ])
    })?;
    Ok(())
}

pub fn find(profile_id: &str) -> Result<Option<Profile>, Failure> {
    FIND.with(|statement| statement.row(&[profile_id.into()], |row| Profile::read(row, 1)))
}

impl Profile {
    /// The profile whose columns begin with `first`.
    pub(super) fn read(row: &Row<'_>, first: usize) -> Result<Self, Failure> {
        Ok(Self {
            profile_id: row.required(first)?,
            merchant_id: row.required(first + 1)?,
            name: row.required(first + 2)?,
            network_tokenization_enabled: row.required(first + 3)?,
            created_at: row.required(first + 4)?,
            mac: row.optional(first + 5)?.unwrap_or_default(),
        })
    }
}

impl Vouched for Profile {
    const TABLE: &'static str = "profiles";

    fn id(&self) -> &str {
        &self.profile_id
    }

    fn profile_id(&self) -> Option<&str> {
        Some(&self.profile_id)
    }

    fn columns(&self) -> Vec<Column<'_>> {
        vec![
            Column::Text(&self.profile_id),
            Column::Text(&self.merchant_id),
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

    fn all() -> Result<Vec<Self>, Failure> {
        ALL.with(|statement| statement.rows(&[], |row| Self::read(row, 1)))
    }

    /// Has whoever else changes the profile's keys wait.
    fn lock(id: &str) -> Result<Option<Self>, Failure> {
        LOCK.with(|statement| statement.row(&[id.into()], |row| Self::read(row, 1)))
    }

    fn write_mac(&self) -> Result<(), Failure> {
        let arguments = [self.profile_id.as_str().into(), self.mac.as_slice().into()];
        WRITE_MAC.with(|statement| statement.execute(&arguments))?;
        Ok(())
    }
}
