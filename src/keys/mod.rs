//! The root key, the data keys it wraps, and the keys that this backend has unwrapped.

mod data_keys;
pub mod epoch;
mod keyring;
mod memory;
pub mod root_key;

pub use data_keys::{create_for_profile, rewrap, rotate};
pub use keyring::of_profile;
