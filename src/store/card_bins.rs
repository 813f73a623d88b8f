//! Table `vault.card_bins`. A create for a customer reads it together with the customer.

use vault_core::contract::payment_method::BinRecord;

use super::statement::statements;
use crate::error::Failure;

statements! {
    Read FIND(TEXTOID, TEXTOID) =
        "SELECT card_network, card_issuer, card_type, issuing_country \
         FROM vault.card_bins WHERE bin IN ($1, $2) ORDER BY pg_catalog.length(bin) DESC LIMIT 1";
}

/// What is known of a card, by its first six and eight digits; the longer one counts.
pub fn find([six, eight]: [&str; 2]) -> Result<Option<BinRecord>, Failure> {
    FIND.with(|statement| {
        statement.row(&[six.into(), eight.into()], |row| {
            Ok(BinRecord {
                card_network: row.optional(1)?,
                card_issuer: row.optional(2)?,
                card_type: row.optional(3)?,
                issuing_country: row.optional(4)?,
            })
        })
    })
}
