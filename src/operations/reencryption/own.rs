//! Rows of the vault's own tables. A value that does not open is an error: nobody but the vault has written it.

use vault_core::contract::payment_method::{Instrument, Summary};
use vault_core::contract::stored;
use vault_core::crypto::searchable::IndexPart;
use vault_core::crypto::{Context, KeyId, Place};
use vault_core::ids::ProfileId;
use zeroize::Zeroizing;

use super::Batch;
use crate::error::Failure;
use crate::keys::{self, ProfileKeys, SealingKeys};
use crate::store::reencryption::{self, Table, Values};
use crate::tenancy::session;

pub fn batch(
    profile_id: &ProfileId,
    table: Table,
    after: Option<&str>,
    batch_size: i32,
) -> Result<Batch, Failure> {
    let _acting = session::act_for(profile_id);
    let current = current_keys(&*keys::of_profile(profile_id)?);
    let rows = reencryption::outdated(profile_id, table, after, current, batch_size)?;
    // They are as they were when they were locked, which may be later than a rotation.
    let keys = &keys::to_seal(profile_id)?;
    let last = rows.last().map(|row| row.row_id.clone());
    let resealed = rows.into_iter().map(|row| {
        let row = Row {
            keys,
            id: &row.row_id,
            values: &row.values,
        };
        row.reseal(table)
    });
    let moved = reencryption::replace(profile_id, table, resealed.collect::<Result<_, _>>()?)?;
    Ok(Batch {
        last,
        moved,
        damaged: 0,
    })
}

fn current_keys(keys: &ProfileKeys) -> [KeyId; 2] {
    [keys.current_data_key(), keys.current_index_key().0]
}

struct Row<'a> {
    keys: &'a SealingKeys,
    id: &'a str,
    values: &'a [Vec<u8>],
}

impl Row<'_> {
    fn reseal(&self, table: Table) -> Result<Values, Failure> {
        let values = match (table, self.values) {
            (Table::Customers, [details]) => {
                vec![self.envelope(Place::CustomerDetails, details)?]
            }
            (Table::ConnectorTokens, [details]) => {
                vec![self.envelope(Place::ConnectorTokenDetails, details)?]
            }
            (Table::ConnectorCustomers, [details]) => {
                vec![self.envelope(Place::ConnectorCustomerDetails, details)?]
            }
            (Table::NetworkTokens, [summary]) => {
                vec![self.envelope(Place::NetworkTokenSummary, summary)?]
            }
            (Table::Jobs, [subject]) => vec![self.envelope(Place::JobSubject, subject)?],
            (Table::PaymentMethods, [instrument, summary, duplicate_index]) => {
                self.payment_method(instrument, summary, duplicate_index)?
            }
            _ => return Err(Failure::Malformed),
        };
        Ok(Values {
            row_id: self.id.to_owned(),
            values,
        })
    }

    fn envelope(&self, place: Place, envelope: &[u8]) -> Result<Vec<u8>, Failure> {
        let context = Context::row(place, self.id);
        let plaintext = self.keys.open(&context, envelope)?;
        self.keys.seal(&context, &plaintext)
    }

    /// Its blind indexes are made from the instrument: the one that finds duplicates, and the fingerprint in the summary.
    fn payment_method(
        &self,
        instrument: &[u8],
        summary: &[u8],
        duplicate_index: &[u8],
    ) -> Result<Vec<Vec<u8>>, Failure> {
        let instrument_context = Context::row(Place::PaymentMethodInstrument, self.id);
        let summary_context = Context::row(Place::PaymentMethodSummary, self.id);
        let instrument = self.keys.open(&instrument_context, instrument)?;
        let summary = self.keys.open(&summary_context, summary)?;
        let (key_id, _) = self.keys.current_index_key();
        let (summary, duplicate_index) = if duplicate_index.starts_with(&key_id.0.to_be_bytes()) {
            (summary, duplicate_index.to_vec())
        } else {
            let (summary, index) = self.reindex(&instrument, &summary)?;
            (summary, index.to_vec())
        };
        Ok(vec![
            self.keys.seal(&instrument_context, &instrument)?,
            self.keys.seal(&summary_context, &summary)?,
            duplicate_index,
        ])
    }

    /// The summary with its fingerprint, and the duplicate index, both under the current key.
    fn reindex(
        &self,
        instrument: &[u8],
        summary: &[u8],
    ) -> Result<(Zeroizing<Vec<u8>>, IndexPart), Failure> {
        let malformed = |_| Failure::Malformed;
        let (key_id, key) = self.keys.current_index_key();
        let instrument = Instrument::from_bytes(instrument).map_err(malformed)?;
        let mut summary: Summary = stored::from_bytes(summary).map_err(malformed)?;
        summary.set_fingerprint(&instrument.fingerprint(key));
        let summary = stored::to_bytes(&summary).map_err(malformed)?;
        Ok((summary, instrument.duplicate_index(key_id, key)))
    }
}
