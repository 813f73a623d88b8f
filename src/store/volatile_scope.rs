//! Which rows of the unlogged tables still count.

use vault_core::time::Timestamp;

/// Rows of this memory key that have not expired. All other rows count as deleted. They wait for the worker, and rows of an
/// earlier server's key could not be opened.
#[derive(Clone, Copy)]
pub struct VolatileScope {
    /// The check value of the server's memory key.
    pub memory_key: &'static [u8],
    /// Rows that expire by this time no longer count.
    pub now: Timestamp,
}
