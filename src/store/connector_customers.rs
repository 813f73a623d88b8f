//! Table `vault.connector_customers`: the ids that connectors have for customers.

use vault_core::ids::{CustomerId, ProfileId};

use super::statement::{id, statements};
use crate::error::Failure;

statements! {
    Read FIND(TEXTOID, TEXTOID, TEXTOID) =
        "SELECT details FROM vault.connector_customers \
         WHERE profile_id = $1 AND customer_id = $2 AND connector_id = $3";
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, BYTEAOID) =
        "INSERT INTO vault.connector_customers (profile_id, customer_id, connector_id, details) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (profile_id, customer_id, connector_id) DO NOTHING";
    Write DELETE(TEXTOID, TEXTOID) =
        "DELETE FROM vault.connector_customers WHERE profile_id = $1 AND customer_id = $2";
}

/// The envelope of the id that the connector has for the customer.
pub fn find(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
    connector_id: &str,
) -> Result<Option<Vec<u8>>, Failure> {
    let arguments = [id(profile_id), id(customer_id), connector_id.into()];
    FIND.with(|statement| statement.row(&arguments, |row| row.required("details")))
}

/// Writes the id that the connector has for the customer, unless one is known already.
pub fn insert(
    profile_id: &ProfileId,
    customer_id: &CustomerId,
    connector_id: &str,
    details: &[u8],
) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            id(profile_id),
            id(customer_id),
            connector_id.into(),
            details.into(),
        ])
    })?;
    Ok(())
}

/// Deletes the ids of a customer at all connectors.
pub fn delete_of(profile_id: &ProfileId, customer_id: &CustomerId) -> Result<(), Failure> {
    let arguments = [id(profile_id), id(customer_id)];
    DELETE.with(|statement| statement.execute(&arguments))?;
    Ok(())
}
