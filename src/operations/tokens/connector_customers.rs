//! The ids that connectors have for customers, sealed.

use vault_core::contract::stored;
use vault_core::crypto::place::connector_customer_row;
use vault_core::crypto::{Context, Place};

use crate::error::{Defect, Failure};
use crate::keys;
use crate::store;

/// The connector's id of a customer, if it is known.
pub fn find(
    profile_id: &str,
    customer_id: &str,
    connector_id: &str,
) -> Result<Option<String>, Failure> {
    let Some(envelope) = store::connector_customers::find(profile_id, customer_id, connector_id)?
    else {
        return Ok(None);
    };
    let row = connector_customer_row(customer_id, connector_id);
    let plaintext = keys::for_reading(profile_id)?.open(&context(&row), &envelope)?;
    stored::from_bytes(&plaintext)
        .map(Some)
        .map_err(|_| Failure::DamagedPlaintext)
}

/// Keeps the connector's id of a customer, unless one is known already.
pub fn keep(
    profile_id: &str,
    customer_id: &str,
    connector_id: &str,
    known_as: &String,
) -> Result<(), Failure> {
    let row = connector_customer_row(customer_id, connector_id);
    let plaintext = stored::to_bytes(known_as).map_err(|_| Defect::NotSerialized)?;
    let details = keys::for_sealing(profile_id)?.seal(&context(&row), &plaintext)?;
    store::connector_customers::insert(profile_id, customer_id, connector_id, &details)
}

fn context(row: &str) -> Context<'_> {
    Context::row(Place::ConnectorCustomerDetails, row)
}
