//! Rows that count only with a MAC over all their other columns, which the root key makes: see `keys::row_macs`.

use std::thread::LocalKey;

use pgrx::datum::DatumWithOid;
use vault_core::crypto::Column;

use super::statement::{Row, Statement};
use crate::error::Failure;

/// The statements that each such table has.
pub struct VouchedStatements {
    /// Selects all rows.
    pub all: &'static LocalKey<Statement>,
    /// Selects and locks the row with the [`Vouched::key`].
    pub lock: &'static LocalKey<Statement>,
    /// Writes the MAC, which is the parameter behind the [`Vouched::key`].
    pub write_mac: &'static LocalKey<Statement>,
}

/// A row with its MAC, which is empty where the table has none.
pub trait Vouched: Sized {
    /// The table's name.
    const TABLE: &'static str;

    /// The table's statements.
    const STATEMENTS: VouchedStatements;

    /// Reads the row from all columns of the table.
    fn read(row: &Row<'_>) -> Result<Self, Failure>;

    /// What tells the row from others of its table.
    fn id(&self) -> &str;

    /// The profile that the row is written for, where it has one.
    fn profile_id(&self) -> Option<&str> {
        None
    }

    /// The first parameters of the table's statements, which name the row.
    fn key(&self) -> Vec<DatumWithOid<'_>> {
        vec![self.id().into()]
    }

    /// Every column but the MAC, in the table's order.
    fn columns(&self) -> Vec<Column<'_>>;

    /// The MAC.
    fn mac(&self) -> &[u8];

    /// Puts a new MAC in the place of the one that is there.
    fn set_mac(&mut self, mac: Vec<u8>);

    /// All rows of the table.
    fn all() -> Result<Vec<Self>, Failure> {
        Self::STATEMENTS
            .all
            .with(|statement| statement.rows(&[], Self::read))
    }

    /// The row as it is by now. Nobody changes it before the transaction ends.
    fn lock_again(&self) -> Result<Option<Self>, Failure> {
        Self::STATEMENTS
            .lock
            .with(|statement| statement.row(&self.key(), Self::read))
    }

    /// Writes the MAC into the row, which is locked.
    fn write_mac(&self) -> Result<(), Failure> {
        let mut arguments = self.key();
        arguments.push(self.mac().into());
        Self::STATEMENTS
            .write_mac
            .with(|statement| statement.execute(&arguments))?;
        Ok(())
    }
}
