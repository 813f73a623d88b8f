//! The encrypted types of applications' columns. This file alone lists them.

use super::context::Slot;
use super::envelope::{self, Envelope, EnvelopeError};
use super::key::{IndexKey, KeyId};
use super::searchable::{self, Kind, Searchable, label};
use crate::names::names;

names! {
    /// An encrypted type of a column, by the name of the SQL type in the schema `vault`.
    pub enum ColumnType {
        /// The envelope of a text.
        Text = "encrypted_text",
        /// The envelope of a JSON value.
        Json = "encrypted_json",
        /// A text that is found by its blind index.
        Searchable = "searchable_text",
        /// A card number that is found by its blind index, with its shown digits.
        CardNumber = "card_number",
    }
}

/// How the values of a type are laid out.
enum Layout {
    Envelope,
    Searchable(Kind),
}

impl ColumnType {
    /// Reads the layout of a value.
    ///
    /// # Errors
    /// Those of [`Envelope::parse`] and [`Searchable::parse`].
    pub fn parse(self, bytes: &[u8]) -> Result<ColumnValue<'_>, EnvelopeError> {
        let (parts, slot) = match self.layout() {
            Layout::Envelope => (
                Parts::Envelope(Envelope::parse(bytes)?, bytes),
                self.slot(&[]),
            ),
            Layout::Searchable(kind) => {
                let value = Searchable::parse(kind, bytes)?;
                (Parts::Searchable(value), self.slot(value.label()))
            }
        };
        Ok(ColumnValue {
            column_type: self,
            parts,
            slot,
        })
    }

    /// Reads the text form of a value.
    ///
    /// # Errors
    /// Those of [`envelope::from_text`] and [`searchable::from_text`].
    pub fn from_text(self, text: &str) -> Result<Vec<u8>, EnvelopeError> {
        match self.layout() {
            Layout::Envelope => envelope::from_text(text),
            Layout::Searchable(kind) => searchable::from_text(kind, text),
        }
    }

    /// Makes a value of this type. `shown` is what the type shows in clear. `seal` makes the envelope for a slot.
    ///
    /// # Errors
    /// Those of `seal`.
    pub fn seal<E>(
        self,
        index_key: (KeyId, &IndexKey),
        plaintext: &[u8],
        shown: &str,
        seal: impl FnOnce(Slot<'_>) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let mut bytes = self.label(index_key, plaintext, shown);
        let envelope = seal(self.slot(&bytes))?;
        bytes.extend_from_slice(&envelope);
        Ok(bytes)
    }

    /// What stands before the envelope: nothing, or the label of a searchable value.
    fn label(self, (key_id, key): (KeyId, &IndexKey), plaintext: &[u8], shown: &str) -> Vec<u8> {
        match self.layout() {
            Layout::Envelope => Vec::new(),
            Layout::Searchable(kind) => {
                let index = key.blind_index(kind.index_domain(), &[plaintext]);
                label(kind, key_id, &index, shown)
            }
        }
    }

    fn slot(self, label: &[u8]) -> Slot<'_> {
        match self {
            Self::Text => Slot::Text,
            Self::Json => Slot::Json,
            Self::Searchable | Self::CardNumber => Slot::Label(label),
        }
    }

    fn layout(self) -> Layout {
        match self {
            Self::Text | Self::Json => Layout::Envelope,
            Self::Searchable => Layout::Searchable(Kind::Text),
            Self::CardNumber => Layout::Searchable(Kind::CardNumber),
        }
    }
}

/// A value of a column, whose layout has been checked. Only its keys show whether it opens.
#[derive(Clone, Copy)]
pub struct ColumnValue<'a> {
    column_type: ColumnType,
    parts: Parts<'a>,
    slot: Slot<'a>,
}

#[derive(Clone, Copy)]
enum Parts<'a> {
    Envelope(Envelope<'a>, &'a [u8]),
    Searchable(Searchable<'a>),
}

impl<'a> ColumnValue<'a> {
    /// The keys that the value says it is under: its data key, and its index key if the type has one.
    pub fn key_ids(&self) -> (KeyId, Option<KeyId>) {
        match self.parts {
            Parts::Envelope(envelope, _) => (envelope.key_id(), None),
            Parts::Searchable(value) => (value.data_key_id(), Some(value.index_key_id())),
        }
    }

    /// What the envelope is sealed for.
    pub fn slot(&self) -> Slot<'a> {
        self.slot
    }

    /// The bytes of the envelope.
    pub fn sealed(&self) -> &'a [u8] {
        match self.parts {
            Parts::Envelope(_, bytes) => bytes,
            Parts::Searchable(value) => value.sealed(),
        }
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        match self.parts {
            Parts::Envelope(envelope, _) => envelope.to_text(),
            Parts::Searchable(value) => value.to_text(),
        }
    }

    /// Makes the same value anew, with an index by this key and the envelope that `seal` makes for a slot. `plaintext` is
    /// what the value's own envelope holds.
    ///
    /// # Errors
    /// Those of `seal`.
    pub fn reseal<E>(
        &self,
        index_key: (KeyId, &IndexKey),
        plaintext: &[u8],
        seal: impl FnOnce(Slot<'_>) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let shown = match self.parts {
            Parts::Envelope(..) => "",
            Parts::Searchable(value) => value.shown(),
        };
        self.column_type.seal(index_key, plaintext, shown, seal)
    }
}

#[cfg(test)]
mod tests;
