//! What the vault counts for those who watch it: calls and their durations, values, caches, limits, and background processes.
//!
//! The counts are numbers in shared memory, of the whole server, since it started. No number belongs to a profile, a key or an
//! object, because whoever sees such a count learns what others do. A count costs one atomic addition, or none until the end of
//! the transaction. Where the server did not load the library at its start, nothing is counted.

pub mod calls;
pub mod events;
pub mod processes;

pub use events::CountEvents;

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    calls::reserve_shared_memory();
    events::reserve_shared_memory();
    processes::reserve_shared_memory();
}
