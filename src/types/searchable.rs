//! What the searchable types have in common: a label before the envelope.

use vault_core::crypto::searchable::{Kind, label};
use vault_core::crypto::{Context, Searchable};

use super::datum;
use crate::error::Failure;

/// A value of the current profile: sealed for the context, behind its blind index and what the type shows of it.
pub(super) fn seal(
    kind: Kind,
    shown: &str,
    plaintext: &[u8],
    context: &str,
) -> Result<Vec<u8>, Failure> {
    let keys = datum::profile_keys()?;
    let index = keys.index().blind_index(kind.index_domain(), &[plaintext]);
    let mut value = label(kind, keys.index_key_id(), &index, shown);
    let envelope = keys.seal(&Context::labelled(&value, context), plaintext)?;
    value.extend_from_slice(&envelope);
    Ok(value)
}

/// Opens a value of the current profile.
pub(super) fn open(kind: Kind, value: &[u8], context: &str) -> Result<String, Failure> {
    let value = Searchable::parse(kind, value)?;
    let plaintext = datum::decrypt(&Context::labelled(value.label(), context), value.sealed())?;
    let text = std::str::from_utf8(&plaintext).map_err(|_| Failure::Malformed)?;
    Ok(text.to_owned())
}
