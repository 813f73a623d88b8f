//! Table `vault.merchants`.

use super::statement::statements;
use crate::error::Failure;

statements! {
    Write INSERT(TEXTOID, TEXTOID) = "INSERT INTO vault.merchants (merchant_id, name) VALUES ($1, $2)";
    Read EXISTS(TEXTOID) = "SELECT 1 FROM vault.merchants WHERE merchant_id = $1";
}

pub fn insert(merchant_id: &str, name: &str) -> Result<(), Failure> {
    INSERT.with(|statement| statement.execute(&[merchant_id.into(), name.into()]))?;
    Ok(())
}

pub fn exists(merchant_id: &str) -> Result<bool, Failure> {
    EXISTS.with(|statement| Ok(statement.execute(&[merchant_id.into()])? > 0))
}
