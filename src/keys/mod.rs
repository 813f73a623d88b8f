//! The root key, the data keys it wraps, the keys that this backend has unwrapped, and the memory key.

pub mod credentials;
mod data_keys;
pub mod destroyed_profiles;
pub mod destruction;
pub mod epoch;
mod keyring;
pub mod memory_key;
mod profile_keys;
pub mod root_key;
pub mod row_macs;

pub use data_keys::{check_usable, count_closed, create_for_profile, rewrap, rotate};
pub use keyring::{for_duplicate_check, for_reading, for_sealing};
pub use memory_key::memory_key;
pub use profile_keys::{ProfileKeys, SealingKeys};
