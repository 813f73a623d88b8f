//! What the searchable types have in common: a label before the envelope.

use vault_core::crypto::searchable::{Kind, label};
use vault_core::crypto::{Binding, Searchable, Slot};

use super::datum;
use crate::authentication::card_number_limit;
use crate::error::Failure;

/// A value of the current profile: sealed for the context, behind its blind index and what the type shows of it.
pub(super) fn seal(
    kind: Kind,
    shown: &str,
    plaintext: &[u8],
    context: &str,
) -> Result<Vec<u8>, Failure> {
    let keys = datum::sealing_keys()?;
    if kind == Kind::CardNumber {
        card_number_limit::count_for_column(keys.profile_id(), plaintext)?;
    }
    let (index_key_id, index_key) = keys.index_key()?;
    let index = index_key.blind_index(kind.index_domain(), &[plaintext]);
    let mut value = label(kind, index_key_id, &index, shown);
    let envelope = keys.seal_value(
        Slot::Label(&value),
        &Binding::to_context(context),
        plaintext,
    )?;
    value.extend_from_slice(&envelope);
    Ok(value)
}

/// Opens a value of the current profile.
pub(super) fn open(kind: Kind, value: &[u8], context: &str) -> Result<String, Failure> {
    let value = Searchable::parse(kind, value)?;
    let plaintext = datum::decrypt(Slot::Label(value.label()), context, value.sealed())?;
    let text = std::str::from_utf8(&plaintext).map_err(|_| Failure::Malformed)?;
    Ok(text.to_owned())
}
