//! Table `vault.role_bindings`.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;
use vault_core::crypto::Column;

use super::profiles::{Profile, profile};
use super::statement::{Row, statements};
use super::vouched::Vouched;
use crate::error::Failure;

/// What every read of bindings `b` selects. [`RoleBinding::read`] reads them.
macro_rules! binding {
    () => {
        "b.role_name, b.role_oid, b.system_identifier, b.profile_id, b.created_at, b.mac"
    };
}

statements! {
    Write INSERT(TEXTOID, OIDOID, INT8OID, TEXTOID, TIMESTAMPTZOID, BYTEAOID) =
        "INSERT INTO vault.role_bindings (role_name, role_oid, system_identifier, profile_id, created_at, mac) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    Write DELETE(TEXTOID) = "DELETE FROM vault.role_bindings WHERE role_name = $1";
    Read FIND(TEXTOID) =
        concat!("SELECT ", binding!(), ", ", profile!(), " FROM vault.role_bindings b \
                 JOIN vault.profiles p ON p.profile_id = b.profile_id WHERE b.role_name = $1");
    Read OF_OTHER_CLUSTERS(INT8OID) =
        concat!("SELECT ", binding!(), " FROM vault.role_bindings b WHERE b.system_identifier <> $1 ORDER BY b.role_name");
    Read OF_PROFILE(TEXTOID) =
        concat!("SELECT ", binding!(), " FROM vault.role_bindings b WHERE b.profile_id = $1 ORDER BY b.role_name");
    Write RENEW(TEXTOID, OIDOID, INT8OID, BYTEAOID) =
        "UPDATE vault.role_bindings SET role_oid = $2, system_identifier = $3, mac = $4 \
         WHERE role_name = $1 AND system_identifier <> $3";
    Read ALL() = concat!("SELECT ", binding!(), " FROM vault.role_bindings b ORDER BY b.role_name");
    Write LOCK(TEXTOID) =
        concat!("SELECT ", binding!(), " FROM vault.role_bindings b WHERE b.role_name = $1 FOR NO KEY UPDATE");
    Write WRITE_MAC(TEXTOID, BYTEAOID) = "UPDATE vault.role_bindings SET mac = $2 WHERE role_name = $1";
}

/// Where the columns that follow those of a binding begin.
const BEHIND_BINDING: usize = 7;

/// A row.
pub struct RoleBinding {
    pub role_name: String,
    /// The role that had the name in the cluster of that identifier.
    pub role_oid: pg_sys::Oid,
    pub system_identifier: i64,
    pub profile_id: String,
    pub created_at: TimestampWithTimeZone,
    pub mac: Vec<u8>,
}

/// The binding's profile must be the current one.
pub fn insert(binding: &RoleBinding) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            binding.role_name.as_str().into(),
            binding.role_oid.into(),
            binding.system_identifier.into(),
            binding.profile_id.as_str().into(),
            binding.created_at.into(),
            binding.mac.as_slice().into(),
        ])
    })?;
    Ok(())
}

/// Whether the current profile had such a binding.
pub fn delete(role_name: &str) -> Result<bool, Failure> {
    DELETE.with(|statement| Ok(statement.execute(&[role_name.into()])? > 0))
}

/// The binding of that name as it is by now, with its profile.
pub fn find(role_name: &str) -> Result<Option<(RoleBinding, Profile)>, Failure> {
    let found = FIND.with(|statement| {
        statement.rows_now(&[role_name.into()], |row| {
            Ok((RoleBinding::read(row)?, Profile::read(row, BEHIND_BINDING)?))
        })
    })?;
    Ok(found.into_iter().next())
}

/// The bindings to a profile.
pub fn of_profile(profile_id: &str) -> Result<Vec<RoleBinding>, Failure> {
    OF_PROFILE.with(|statement| statement.rows(&[profile_id.into()], RoleBinding::read))
}

/// Bindings of roles of another cluster than this one.
pub fn of_other_clusters(system_identifier: i64) -> Result<Vec<RoleBinding>, Failure> {
    let arguments = [system_identifier.into()];
    OF_OTHER_CLUSTERS.with(|statement| statement.rows(&arguments, RoleBinding::read))
}

/// Writes role, cluster and MAC into the binding, unless it is of that cluster already. Its profile must be the current one.
pub fn renew(binding: &RoleBinding) -> Result<(), Failure> {
    RENEW.with(|statement| {
        statement.execute(&[
            binding.role_name.as_str().into(),
            binding.role_oid.into(),
            binding.system_identifier.into(),
            binding.mac.as_slice().into(),
        ])
    })?;
    Ok(())
}

impl RoleBinding {
    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            role_name: row.required(1)?,
            role_oid: row.required(2)?,
            system_identifier: row.required(3)?,
            profile_id: row.required(4)?,
            created_at: row.required(5)?,
            mac: row.optional(6)?.unwrap_or_default(),
        })
    }
}

impl Vouched for RoleBinding {
    const TABLE: &'static str = "role_bindings";

    fn id(&self) -> &str {
        &self.role_name
    }

    fn profile_id(&self) -> Option<&str> {
        Some(&self.profile_id)
    }

    fn columns(&self) -> Vec<Column<'_>> {
        vec![
            Column::Text(&self.role_name),
            Column::Number(self.role_oid.to_u32().into()),
            Column::Number(self.system_identifier),
            Column::Text(&self.profile_id),
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

    /// The binding's profile must be the current one.
    fn lock(id: &str) -> Result<Option<Self>, Failure> {
        LOCK.with(|statement| statement.row(&[id.into()], Self::read))
    }

    fn write_mac(&self) -> Result<(), Failure> {
        let arguments = [self.role_name.as_str().into(), self.mac.as_slice().into()];
        WRITE_MAC.with(|statement| statement.execute(&arguments))?;
        Ok(())
    }
}
