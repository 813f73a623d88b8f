//! Table `vault.card_bins`, which changes rarely and is read by most creates. So backends remember its answers.

use vault_core::contract::payment_method::BinRecord;
use vault_core::ids::ProfileId;

use super::statement::{Row, statements};
use crate::error::Failure;
use crate::postgres::remembered::{Remembered, before_reading};

statements! {
    Read FIND(TEXTOID, TEXTOID) =
        "SELECT card_network, card_issuer, card_type, issuing_country \
         FROM vault.card_bins WHERE bin IN ($1, $2) ORDER BY pg_catalog.length(bin) DESC LIMIT 1";
}

thread_local! {
    /// By the profile and the first eight digits. With the profile, what a backend remembers tells no profile, by the time that an
    /// answer takes, which cards others store.
    static KNOWN: Remembered<(ProfileId, String), Option<BinRecord>> = Remembered::default();
}

/// What is known of a card of the profile, by its first six and eight digits; the longer one counts.
pub fn find(profile_id: &ProfileId, [six, eight]: [&str; 2]) -> Result<Option<BinRecord>, Failure> {
    let asked = (profile_id.clone(), eight.to_owned());
    if let Some(known) = KNOWN.with(|known| known.get(&asked)) {
        return Ok(known);
    }
    let before = before_reading();
    let found = FIND.with(|statement| statement.rows_now(&[six.into(), eight.into()], record))?;
    let record = found.into_iter().next();
    KNOWN.with(|known| known.keep(before, asked, record.clone()));
    Ok(record)
}

fn record(row: &Row<'_>) -> Result<BinRecord, Failure> {
    Ok(BinRecord {
        card_network: row.optional("card_network")?,
        card_issuer: row.optional("card_issuer")?,
        card_type: row.optional("card_type")?,
        issuing_country: row.optional("issuing_country")?,
    })
}
