//! The root key, the data keys it wraps, the keys that this backend has unwrapped, and the memory key.

pub mod credentials;
mod data_keys;
pub mod destroyed;
pub mod destruction;
pub mod epoch;
mod keyring;
pub mod memory_key;
mod profile_keys;
pub mod root_key;
pub mod row_macs;

pub use data_keys::{create_for_profile, rewrap, rotate};
pub use keyring::{of_profile, to_decide, to_seal};
pub use memory_key::memory_key;
pub use profile_keys::{ProfileKeys, SealingKeys};
