//! How the values of a column of an encrypted type are laid out.

use vault_core::crypto::column_value::{JSON, Slot, TEXT};
use vault_core::crypto::searchable::Kind;
use vault_core::crypto::{Envelope, KeyId, Searchable};

use crate::error::Failure;
use crate::keys::ProfileKeys;

/// The layout of an encrypted type.
#[derive(Clone, Copy)]
pub enum Form {
    Envelope(Slot<'static>),
    Searchable(Kind),
}

impl Form {
    /// That of the type with this name.
    pub fn named(encrypted_type: &str) -> Result<Self, Failure> {
        match encrypted_type {
            "encrypted_text" => Ok(Self::Envelope(TEXT)),
            "encrypted_json" => Ok(Self::Envelope(JSON)),
            "searchable_text" => Ok(Self::Searchable(Kind::Text)),
            "card_number" => Ok(Self::Searchable(Kind::CardNumber)),
            _ => Err(Failure::Malformed),
        }
    }

    /// The keys that a value says it is under: its data key, and its index key if it has one.
    pub fn key_ids(self, value: &[u8]) -> Result<(KeyId, Option<KeyId>), Failure> {
        Ok(match self {
            Self::Envelope(_) => (Envelope::parse(value)?.key_id(), None),
            Self::Searchable(kind) => {
                let value = Searchable::parse(kind, value)?;
                (value.data_key_id(), Some(value.index_key_id()))
            }
        })
    }

    /// Whether a value opens under the keys: somebody who may write to a column can have made it up.
    pub fn opens(self, keys: &ProfileKeys, value: &[u8]) -> bool {
        let opened = match self {
            Self::Envelope(slot) => keys.open_value_to_reseal(slot, value),
            Self::Searchable(kind) => Searchable::parse(kind, value)
                .map_err(Failure::from)
                .and_then(|value| {
                    keys.open_value_to_reseal(Slot::Label(value.label()), value.sealed())
                }),
        };
        opened.is_ok()
    }
}
