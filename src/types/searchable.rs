//! What the searchable types have in common: a label before the envelope.

use vault_core::crypto::{Binding, ColumnType};

use super::datum;
use crate::authentication::card_number_limit;
use crate::error::Failure;
use crate::metrics::events::{Watched, count};

/// Seals a value of the current profile for the context. The blind index and the shown digits stand before the envelope.
pub(super) fn seal(
    column_type: ColumnType,
    shown: &str,
    plaintext: &[u8],
    context: &str,
) -> Result<Vec<u8>, Failure> {
    let keys = datum::sealing_keys()?;
    if column_type == ColumnType::CardNumber {
        card_number_limit::count_for_column(keys.profile_id(), plaintext)?;
    }
    let binding = Binding::to_context(context);
    let sealed = column_type.seal(keys.index_key()?, plaintext, shown, |slot| {
        keys.seal_value(slot, &binding, plaintext)
    })?;
    count(Watched::ValueSealed);
    Ok(sealed)
}

/// Opens a value of the current profile.
pub(super) fn open(
    column_type: ColumnType,
    value: &[u8],
    context: &str,
) -> Result<String, Failure> {
    let value = column_type.parse(value)?;
    let plaintext = datum::decrypt(value.slot(), context, value.sealed())?;
    let text = std::str::from_utf8(&plaintext).map_err(|_| Failure::DamagedPlaintext)?;
    Ok(text.to_owned())
}
