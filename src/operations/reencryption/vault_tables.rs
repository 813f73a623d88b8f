//! Re-encryption of the vault's own tables. Only the vault writes these values, so a value that does not open is an error.

use vault_core::contract::payment_method::{Instrument, Summary};
use vault_core::contract::stored;
use vault_core::crypto::searchable::IndexPart;
use vault_core::crypto::{Context, Place};
use vault_core::ids::ProfileId;
use zeroize::Zeroizing;

use super::walk::{self, Batch, Resealed, Source};
use crate::error::{Defect, Failure};
use crate::keys::{self, SealingKeys};
use crate::store::SealedRow;
use crate::store::vault_tables::{self, VaultTable};
use crate::tenancy::session;

/// Seals the table's next rows after `after` anew. Skips rows that another transaction has locked.
pub fn batch(
    profile_id: &ProfileId,
    table: VaultTable,
    after: Option<&str>,
    batch_size: i32,
) -> Result<Batch, Failure> {
    let _acting = session::act_for(profile_id);
    let keys = keys::for_sealing(profile_id)?;
    walk::batch(&mut VaultSource { table, keys }, after, batch_size)
}

struct VaultSource {
    table: VaultTable,
    keys: SealingKeys,
}

impl Source for VaultSource {
    type Value = Vec<u8>;

    fn outdated(
        &mut self,
        after: Option<&str>,
        limit: i32,
    ) -> Result<Vec<SealedRow<Vec<u8>>>, Failure> {
        let profile_id = self.keys.profile_id().clone();
        let current = [
            self.keys.current_data_key(),
            self.keys.current_index_key().0,
        ];
        let rows = vault_tables::outdated(&profile_id, self.table, after, current, limit)?;
        // The rows were read when they were locked, which may be after another rotation.
        self.keys = keys::for_sealing(&profile_id)?;
        Ok(rows)
    }

    fn reseal(&self, row: &mut SealedRow<Vec<u8>>) -> Result<Resealed, Failure> {
        let id = row.row_id.as_str();
        row.values = match (sealed_at(self.table), row.values.as_slice()) {
            (Some(place), [envelope]) => vec![self.envelope(place, id, envelope)?],
            (None, [instrument, summary, duplicate_index]) => {
                self.payment_method(id, instrument, summary, duplicate_index)?
            }
            _ => return Err(Defect::OtherColumns.into()),
        };
        Ok(Resealed {
            moved: row.values.len(),
            damaged: 0,
        })
    }

    fn replace(&self, rows: Vec<SealedRow<Vec<u8>>>) -> Result<usize, Failure> {
        vault_tables::replace(self.keys.profile_id(), self.table, rows)
    }
}

/// The place of the value in each row. None if the table has several values in a row.
fn sealed_at(table: VaultTable) -> Option<Place> {
    match table {
        VaultTable::Customers => Some(Place::CustomerDetails),
        VaultTable::ConnectorTokens => Some(Place::ConnectorTokenDetails),
        VaultTable::ConnectorCustomers => Some(Place::ConnectorCustomerDetails),
        VaultTable::NetworkTokens => Some(Place::NetworkTokenSummary),
        VaultTable::Jobs => Some(Place::JobSubject),
        VaultTable::PaymentMethods => None,
    }
}

impl VaultSource {
    fn envelope(&self, place: Place, id: &str, envelope: &[u8]) -> Result<Vec<u8>, Failure> {
        let context = Context::row(place, id);
        let plaintext = self.keys.open(&context, envelope)?;
        self.keys.seal(&context, &plaintext)
    }

    /// Its blind indexes are made from the instrument: the one that finds duplicates, and the fingerprint in the summary.
    fn payment_method(
        &self,
        id: &str,
        instrument: &[u8],
        summary: &[u8],
        duplicate_index: &[u8],
    ) -> Result<Vec<Vec<u8>>, Failure> {
        let instrument_context = Context::row(Place::PaymentMethodInstrument, id);
        let summary_context = Context::row(Place::PaymentMethodSummary, id);
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
        let damaged = |_| Failure::DamagedPlaintext;
        let (key_id, key) = self.keys.current_index_key();
        let instrument = Instrument::from_bytes(instrument).map_err(damaged)?;
        let mut summary: Summary = stored::from_bytes(summary).map_err(damaged)?;
        summary.set_fingerprint(&instrument.fingerprint(key));
        let summary = stored::to_bytes(&summary).map_err(|_| Defect::NotSerialized)?;
        Ok((summary, instrument.duplicate_index(key_id, key)))
    }
}
