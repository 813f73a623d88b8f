//! Table `vault.profiles`.

use super::statement::statements;
use crate::error::Failure;

statements! {
    Write INSERT(TEXTOID, TEXTOID, TEXTOID) =
        "INSERT INTO vault.profiles (profile_id, merchant_id, name) VALUES ($1, $2, $3)";
    /// Lets the rows of the profile be written meanwhile: they hold its key only.
    Write LOCK(TEXTOID) =
        "SELECT 1 FROM vault.profiles WHERE profile_id = $1 FOR NO KEY UPDATE";
    Read ALL() = "SELECT profile_id FROM vault.profiles ORDER BY profile_id";
    Read EXISTS(TEXTOID) = "SELECT 1 FROM vault.profiles WHERE profile_id = $1";
}

pub fn insert(profile_id: &str, merchant_id: &str, name: &str) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[profile_id.into(), merchant_id.into(), name.into()])
    })?;
    Ok(())
}

pub fn exists(profile_id: &str) -> Result<bool, Failure> {
    EXISTS.with(|statement| Ok(statement.execute(&[profile_id.into()])? > 0))
}

/// Has whoever else changes the profile's keys wait. False when there is no such profile.
pub fn lock(profile_id: &str) -> Result<bool, Failure> {
    LOCK.with(|statement| Ok(statement.execute(&[profile_id.into()])? > 0))
}

pub fn all() -> Result<Vec<String>, Failure> {
    ALL.with(|statement| statement.rows(&[], |row| row.required(1)))
}
