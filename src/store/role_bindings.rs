//! Table `vault.role_bindings`.

use super::statement::statements;
use crate::error::Failure;

statements! {
    Write INSERT(TEXTOID, TEXTOID) =
        "INSERT INTO vault.role_bindings (role_name, profile_id) VALUES ($1, $2)";
    Write DELETE(TEXTOID) = "DELETE FROM vault.role_bindings WHERE role_name = $1";
    Read FIND(TEXTOID) =
        "SELECT b.profile_id, p.merchant_id FROM vault.role_bindings b \
         JOIN vault.profiles p ON p.profile_id = b.profile_id WHERE b.role_name = $1";
}

/// The profile of a role, and the profile's merchant.
pub struct FoundBinding {
    pub profile_id: String,
    pub merchant_id: String,
}

pub fn insert(role_name: &str, profile_id: &str) -> Result<(), Failure> {
    INSERT.with(|statement| statement.execute(&[role_name.into(), profile_id.into()]))?;
    Ok(())
}

/// Whether the current profile had such a binding.
pub fn delete(role_name: &str) -> Result<bool, Failure> {
    DELETE.with(|statement| Ok(statement.execute(&[role_name.into()])? > 0))
}

/// The binding as it is by now.
pub fn find(role_name: &str) -> Result<Option<FoundBinding>, Failure> {
    let found = FIND.with(|statement| {
        statement.rows_now(&[role_name.into()], |row| {
            Ok(FoundBinding {
                profile_id: row.required(1)?,
                merchant_id: row.required(2)?,
            })
        })
    })?;
    Ok(found.into_iter().next())
}
