//! Which rows of the unlogged tables still count.

use vault_core::time::Timestamp;

/// Rows of this memory key, whose time has not come. All others read as if they were deleted already: they wait for the
/// worker, and those of an earlier server's key could not be opened.
#[derive(Clone, Copy)]
pub struct Living {
    /// The check value of the server's memory key.
    pub memory_key: &'static [u8],
    pub now: Timestamp,
}
