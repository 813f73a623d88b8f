//! The secret seed of the hashes that assign places in tables of shared memory. Without the seed, nobody can choose whose
//! places to fill.

use std::hash::RandomState;
use std::sync::OnceLock;

static SEED: OnceLock<RandomState> = OnceLock::new();

/// Called by the postmaster before it forks any backend, so that all backends have the same seed.
pub fn make_at_server_start() {
    SEED.get_or_init(RandomState::new);
}

/// The seed of the server. A backend that loaded the library by itself has a seed of its own, and no tables.
pub fn seed() -> &'static RandomState {
    SEED.get_or_init(RandomState::new)
}
