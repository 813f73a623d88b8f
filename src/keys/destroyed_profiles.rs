//! Profiles whose keys were destroyed after the server read the root keys. The server learns of them from the root key's
//! source only at its next start, and an earlier dump may be restored before that.
//!
//! The price is 256 KiB of shared memory. Without it, a dump that is restored into the running server would open what was
//! destroyed, until somebody thinks of a restart.

use crate::postgres::shared_memory::{SharedTable, plain, reserve};

/// More profiles than are destroyed between two starts of the server. Further ones push out the oldest.
const CAPACITY: usize = 4096;

/// The longest id of a profile, in bytes.
const ID_LENGTH: usize = 64;

type Id = [u8; ID_LENGTH];

static DESTROYED: SharedTable<Destroyed> = SharedTable::named(c"vault_destroyed_keys");

/// A ring of profile ids, filled up with zeros.
#[derive(Clone, Copy)]
struct Destroyed {
    profiles: [Id; CAPACITY],
    numbered: usize,
}

plain! {
    record Destroyed { profiles, numbered };
}

impl Default for Destroyed {
    fn default() -> Self {
        Self {
            profiles: [[0; ID_LENGTH]; CAPACITY],
            numbered: 0,
        }
    }
}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    reserve!(DESTROYED = Destroyed::default());
}

/// From now on the profile is known in every database of the server.
pub fn insert(profile_id: &str) {
    let mut destroyed = DESTROYED.exclusive();
    let place = destroyed.numbered % CAPACITY;
    if let Some(profile) = destroyed.profiles.get_mut(place) {
        *profile = padded(profile_id);
        destroyed.numbered += 1;
    }
}

/// Whether the profile is among them.
pub fn contains(profile_id: &str) -> bool {
    let destroyed = DESTROYED.share();
    let known = destroyed.profiles.iter().take(destroyed.numbered);
    let profile = padded(profile_id);
    known.into_iter().any(|known| *known == profile)
}

fn padded(profile_id: &str) -> Id {
    let mut id = [0; ID_LENGTH];
    for (to, from) in id.iter_mut().zip(profile_id.bytes()) {
        *to = from;
    }
    id
}
