//! Rows that count only with a MAC over all their other columns, which the root key makes: see `keys::row_macs`.

use vault_core::crypto::Column;

use crate::error::Failure;

/// A row with its MAC, which is empty where the table has none.
pub trait Vouched: Sized {
    /// The table's name.
    const TABLE: &'static str;

    /// What tells the row from others of its table.
    fn id(&self) -> &str;

    /// The profile that the row is written for, where it has one.
    fn profile_id(&self) -> Option<&str>;

    /// Every column but the MAC, in the table's order.
    fn columns(&self) -> Vec<Column<'_>>;

    fn mac(&self) -> &[u8];

    fn set_mac(&mut self, mac: Vec<u8>);

    /// All rows of the table.
    fn all() -> Result<Vec<Self>, Failure>;

    /// The row as it is by now; nobody changes it before the transaction ends.
    fn lock(id: &str) -> Result<Option<Self>, Failure>;

    /// Writes the MAC into the row, which is locked.
    fn write_mac(&self) -> Result<(), Failure>;
}
