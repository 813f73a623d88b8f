//! Table `vault.role_bindings`.

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::pg_sys;
use vault_core::crypto::Column;

use super::profiles::Profile;
use super::statement::{Row, statements};
use super::vouched::{Vouched, VouchedStatements};
use crate::error::Failure;

statements! {
    Write INSERT(TEXTOID, OIDOID, INT8OID, TEXTOID, TIMESTAMPTZOID, BYTEAOID) =
        "INSERT INTO vault.role_bindings (role_name, role_oid, system_identifier, profile_id, created_at, mac) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    Write DELETE(TEXTOID, TEXTOID) = "DELETE FROM vault.role_bindings WHERE profile_id = $1 AND role_name = $2";
    Read FIND(TEXTOID) =
        "/* all profiles: finds the profile of a role, before any profile is known */ \
         SELECT b.*, p.merchant_id AS profile_merchant_id, p.name AS profile_name, p.network_tokenization_enabled, \
                p.created_at AS profile_created_at, p.mac AS profile_mac \
         FROM vault.role_bindings b JOIN vault.profiles p ON p.profile_id = b.profile_id WHERE b.role_name = $1";
    Read OF_OTHER_CLUSTERS(INT8OID) =
        "/* all profiles: the worker takes over the bindings of a restored database */ \
         SELECT * FROM vault.role_bindings WHERE system_identifier <> $1 ORDER BY role_name";
    Read OF_PROFILE(TEXTOID) = "SELECT * FROM vault.role_bindings WHERE profile_id = $1 ORDER BY role_name";
    Write RENEW(TEXTOID, TEXTOID, OIDOID, INT8OID, BYTEAOID) =
        "UPDATE vault.role_bindings SET role_oid = $3, system_identifier = $4, mac = $5 \
         WHERE profile_id = $1 AND role_name = $2 AND system_identifier <> $4";
    Read ALL() =
        "/* all profiles: MACs are checked, and made under a new root key, for the whole table */ \
         SELECT * FROM vault.role_bindings ORDER BY role_name";
    Write LOCK(TEXTOID, TEXTOID) =
        "SELECT * FROM vault.role_bindings WHERE profile_id = $1 AND role_name = $2 FOR NO KEY UPDATE";
    Write WRITE_MAC(TEXTOID, TEXTOID, BYTEAOID) =
        "UPDATE vault.role_bindings SET mac = $3 WHERE profile_id = $1 AND role_name = $2";
}

/// A row.
pub struct RoleBinding {
    pub role_name: String,
    /// The oid of the role of that name, in the cluster with that identifier.
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

/// Whether the profile had such a binding.
pub fn delete(profile_id: &str, role_name: &str) -> Result<bool, Failure> {
    let arguments = [profile_id.into(), role_name.into()];
    DELETE.with(|statement| Ok(statement.execute(&arguments)? > 0))
}

/// The binding of that name as it is by now, with its profile.
pub fn find(role_name: &str) -> Result<Option<(RoleBinding, Profile)>, Failure> {
    let found = FIND.with(|statement| {
        statement.rows_now(&[role_name.into()], |row| {
            Ok((RoleBinding::read(row)?, Profile::read_joined(row)?))
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
            binding.profile_id.as_str().into(),
            binding.role_name.as_str().into(),
            binding.role_oid.into(),
            binding.system_identifier.into(),
            binding.mac.as_slice().into(),
        ])
    })?;
    Ok(())
}

impl Vouched for RoleBinding {
    const TABLE: &'static str = "role_bindings";

    const STATEMENTS: VouchedStatements = VouchedStatements {
        all: &ALL,
        lock: &LOCK,
        write_mac: &WRITE_MAC,
    };

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            role_name: row.required("role_name")?,
            role_oid: row.required("role_oid")?,
            system_identifier: row.required("system_identifier")?,
            profile_id: row.required("profile_id")?,
            created_at: row.required("created_at")?,
            mac: row.optional("mac")?.unwrap_or_default(),
        })
    }

    fn id(&self) -> &str {
        &self.role_name
    }

    fn profile_id(&self) -> Option<&str> {
        Some(&self.profile_id)
    }

    fn key(&self) -> Vec<DatumWithOid<'_>> {
        vec![
            self.profile_id.as_str().into(),
            self.role_name.as_str().into(),
        ]
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
}
