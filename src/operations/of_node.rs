//! What administrators see of the profiles of this node.

use crate::error::Failure;
use crate::store;

/// All data keys, each a JSON object, without key material.
pub fn keys() -> Result<Vec<String>, Failure> {
    store::as_worker(store::data_keys::all)
}

/// All jobs at connectors, each a JSON object, without their envelopes.
pub fn jobs() -> Result<Vec<String>, Failure> {
    store::as_worker(store::jobs::all)
}

/// All accounts at connectors, each a JSON object, without their credentials.
pub fn connectors() -> Result<Vec<String>, Failure> {
    store::as_operator(store::connector_accounts::listed)
}
