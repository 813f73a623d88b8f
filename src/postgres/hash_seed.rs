//! By what subjects find their places in tables of shared memory: a secret of this server, so that nobody can choose whose
//! places to fill.

use std::hash::RandomState;
use std::sync::OnceLock;

static SEED: OnceLock<RandomState> = OnceLock::new();

/// Called by the postmaster before it forks any backend: all of them have the same seed.
pub fn make_at_server_start() {
    SEED.get_or_init(RandomState::new);
}

/// The seed of the server. A backend that loaded the library by itself has one of its own, and no tables.
pub fn seed() -> &'static RandomState {
    SEED.get_or_init(RandomState::new)
}
