//! The root key, the data keys it wraps, and the keys that this backend has unwrapped.

mod data_keys;
mod keyring;
mod memory;
pub mod root_key;

pub use data_keys::create_for_profile;
pub use keyring::{ProfileKeys, of_profile};
