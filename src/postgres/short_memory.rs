//! Memory that is given back at once.

use pgrx::memcxt::PgMemoryContexts;

/// Runs `read` with a memory context of its own. pgrx copies each value of a statement's result into the parent of the current
/// context, which would otherwise be the transaction's, and keep the copies until the transaction ends.
pub fn in_short_memory<T>(read: impl FnOnce() -> T) -> T {
    let mut memory = PgMemoryContexts::new("rows for the vault");
    // SAFETY: `read` makes Rust values of what it reads, so nothing refers to that memory afterwards.
    unsafe { memory.switch_to(|_| read()) }
}
