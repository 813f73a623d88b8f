//! Table `vault.card_bins`. A create for a customer reads it together with the customer.

use vault_core::contract::payment_method::BinRecord;

use super::statement::{Row, statements};
use crate::error::Failure;

statements! {
    Read FIND(TEXTOID, TEXTOID) =
        "SELECT card_network, card_issuer, card_type, issuing_country \
         FROM vault.card_bins WHERE bin IN ($1, $2) ORDER BY pg_catalog.length(bin) DESC LIMIT 1";
}

/// What is known of a card, by its first six and eight digits; the longer one counts.
pub fn find([six, eight]: [&str; 2]) -> Result<Option<BinRecord>, Failure> {
    FIND.with(|statement| statement.row(&[six.into(), eight.into()], record))
}

pub(super) fn record(row: &Row<'_>) -> Result<BinRecord, Failure> {
    Ok(BinRecord {
        card_network: row.optional("card_network")?,
        card_issuer: row.optional("card_issuer")?,
        card_type: row.optional("card_type")?,
        issuing_country: row.optional("issuing_country")?,
    })
}
