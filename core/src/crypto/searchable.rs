//! A sealed value with its blind index before it. Equal values are found by equal indexes, and comparing indexes needs
//! no key.
//!
//! Layout: tag (type and version, 1 byte), index key id (32 bits, big-endian), blind index (32), what the type shows in
//! clear (ASCII, of a fixed length), envelope. Everything before the envelope is its label. The label is authenticated
//! together with the envelope, so an envelope does not open behind another label.
//!
//! Text form: `vault:<type and version>:<index key id>:<blind index in base64url>:<text form of the envelope>`. The type and
//! version are `s1` (text) or `c1` (card number). A card number's [`ShownDigits`] stand before its envelope.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};

use super::blind_index::BlindIndex;
use super::column_value::DIGEST_LENGTH;
use super::envelope::{self, Envelope, EnvelopeError};
use super::key::KeyId;
use crate::card::number::LENGTHS;
use crate::card::shown::{SHOWN_LENGTH, ShownDigits};

/// The part by which two values are compared: the id of the index key and the blind index.
pub type IndexPart = [u8; KEY_ID_LENGTH + INDEX_LENGTH];

/// How many bytes of a searchable value are enough to compare it.
pub const COMPARED_LENGTH: usize = TAG_LENGTH + KEY_ID_LENGTH + INDEX_LENGTH;

const VERSION: u8 = 1;
const TAG_LENGTH: usize = 1;
const KEY_ID_LENGTH: usize = 4;
const INDEX_LENGTH: usize = 32;

/// A type of searchable values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text; shows nothing.
    Text,
    /// A card number; shows its [`ShownDigits`].
    CardNumber,
}

impl Kind {
    /// The domain of the type's blind indexes: equal plaintexts of two types have different indexes.
    pub fn index_domain(self) -> &'static str {
        match self {
            Self::Text => "searchable_text",
            Self::CardNumber => "card_number",
        }
    }

    /// The type in the upper half of the tag, the version in the lower one. A plain envelope begins with type 0.
    fn tag(self) -> u8 {
        let kind = match self {
            Self::Text => 2,
            Self::CardNumber => 3,
        };
        kind << 4 | VERSION
    }

    /// The type in the text form.
    fn letter(self) -> char {
        match self {
            Self::Text => 's',
            Self::CardNumber => 'c',
        }
    }

    fn shown_length(self) -> usize {
        match self {
            Self::Text => 0,
            Self::CardNumber => SHOWN_LENGTH,
        }
    }

    fn check_tag(self, tag: u8) -> Result<(), EnvelopeError> {
        if tag == self.tag() {
            Ok(())
        } else if tag >> 4 == self.tag() >> 4 {
            Err(EnvelopeError::UnknownVersion)
        } else {
            Err(EnvelopeError::OtherType)
        }
    }

    fn check_text_tag(self, tag: &str) -> Result<(), EnvelopeError> {
        let version = tag.trim_start_matches(|first: char| first.is_ascii_lowercase());
        match version.parse::<u8>() {
            Err(_) => Err(EnvelopeError::NotAnEnvelope),
            Ok(_) if tag.strip_prefix(self.letter()) != Some(version) => {
                Err(EnvelopeError::OtherType)
            }
            Ok(VERSION) => Ok(()),
            Ok(_) => Err(EnvelopeError::UnknownVersion),
        }
    }
}

/// The index part of a value.
pub fn index_part_of(index_key_id: KeyId, index: &BlindIndex) -> IndexPart {
    let mut part = [0; KEY_ID_LENGTH + INDEX_LENGTH];
    let (key_id, rest) = part.split_at_mut(KEY_ID_LENGTH);
    key_id.copy_from_slice(&index_key_id.0.to_be_bytes());
    rest.copy_from_slice(index);
    part
}

/// What stands before the envelope. `shown` is what the type shows in clear: nothing of a text, [`ShownDigits`] of a card
/// number.
pub fn label(kind: Kind, index_key_id: KeyId, index: &BlindIndex, shown: &str) -> Vec<u8> {
    let part = index_part_of(index_key_id, index);
    [&[kind.tag()], part.as_slice(), shown.as_bytes()].concat()
}

/// The part by which a searchable value is compared, from its first [`COMPARED_LENGTH`] bytes. The result is `None` for
/// fewer bytes.
pub fn index_part(bytes: &[u8]) -> Option<&IndexPart> {
    bytes.get(TAG_LENGTH..)?.first_chunk()
}

/// A searchable value whose layout has been checked. Only the key shows whether it opens.
#[derive(Clone, Copy)]
pub struct Searchable<'a> {
    kind: Kind,
    label: &'a [u8],
    index_key_id: KeyId,
    index: &'a BlindIndex,
    shown: &'a str,
    sealed: &'a [u8],
    envelope: Envelope<'a>,
}

impl<'a> Searchable<'a> {
    /// Reads the layout.
    ///
    /// # Errors
    /// [`EnvelopeError::OtherType`], [`EnvelopeError::UnknownVersion`], [`EnvelopeError::Truncated`], or
    /// [`EnvelopeError::Damaged`] when it shows what no value of the type shows.
    pub fn parse(kind: Kind, bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        kind.check_tag(*bytes.first().ok_or(EnvelopeError::Truncated)?)?;
        let (label, sealed) = bytes
            .split_at_checked(COMPARED_LENGTH + kind.shown_length())
            .ok_or(EnvelopeError::Truncated)?;
        let (compared, shown) = label
            .split_first_chunk::<COMPARED_LENGTH>()
            .ok_or(EnvelopeError::Truncated)?;
        let [_, a, b, c, d, index @ ..] = compared;
        let value = Self {
            kind,
            label,
            index_key_id: KeyId(u32::from_be_bytes([*a, *b, *c, *d])),
            index,
            shown: std::str::from_utf8(shown).map_err(|_| EnvelopeError::Damaged)?,
            sealed,
            envelope: Envelope::parse(sealed)?,
        };
        if kind == Kind::CardNumber {
            value.check_card_number()?;
        }
        Ok(value)
    }

    /// The key that made the blind index.
    pub fn index_key_id(&self) -> KeyId {
        self.index_key_id
    }

    /// What stands before the envelope, and is authenticated with it.
    pub fn label(&self) -> &'a [u8] {
        self.label
    }

    /// The envelope's bytes.
    pub fn sealed(&self) -> &'a [u8] {
        self.sealed
    }

    /// The number of digits of a card number. A plaintext that is longer than any number has the digest of a context
    /// before it.
    pub fn number_length(&self) -> usize {
        let length = self.envelope.plaintext_length();
        if length > *LENGTHS.end() {
            length.saturating_sub(DIGEST_LENGTH)
        } else {
            length
        }
    }

    /// What the type shows in clear.
    pub fn shown(&self) -> &'a str {
        self.shown
    }

    /// The data key that sealed the envelope.
    pub fn data_key_id(&self) -> KeyId {
        self.envelope.key_id()
    }

    /// The digits that a card number shows, or `None` for another type.
    pub fn shown_digits(&self) -> Option<ShownDigits<'a>> {
        ShownDigits::parse(self.shown)
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        let separator = if self.shown.is_empty() { "" } else { ":" };
        format!(
            "vault:{}{VERSION}:{}:{}:{}{separator}{}",
            self.kind.letter(),
            self.index_key_id,
            Base64UrlUnpadded::encode_string(self.index),
            self.shown,
            self.envelope.to_text()
        )
    }

    fn check_card_number(&self) -> Result<(), EnvelopeError> {
        let length = self.number_length();
        if length < *LENGTHS.start() {
            Err(EnvelopeError::Truncated)
        } else if length > *LENGTHS.end() || self.shown_digits().is_none() {
            Err(EnvelopeError::Damaged)
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Searchable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Searchable")
            .field("kind", &self.kind)
            .field("index_key_id", &self.index_key_id)
            .finish_non_exhaustive()
    }
}

/// Reads the text form back. Strict: only what [`Searchable::to_text`] writes is taken, so that equal values have equal
/// texts.
///
/// # Errors
/// [`EnvelopeError::NotAnEnvelope`], and those of [`Searchable::parse`].
pub fn from_text(kind: Kind, text: &str) -> Result<Vec<u8>, EnvelopeError> {
    let (tag, rest) = text
        .strip_prefix("vault:")
        .and_then(|rest| rest.split_once(':'))
        .ok_or(EnvelopeError::NotAnEnvelope)?;
    kind.check_text_tag(tag)?;
    let (key_id, rest) = rest.split_once(':').ok_or(EnvelopeError::Truncated)?;
    let (index, rest) = rest.split_once(':').ok_or(EnvelopeError::Truncated)?;
    let (shown, sealed) = match kind {
        Kind::Text => ("", rest),
        Kind::CardNumber => rest.split_once(':').ok_or(EnvelopeError::Truncated)?,
    };

    let key_id = key_id.parse().map_err(|_| EnvelopeError::NotAnEnvelope)?;
    let index = Base64UrlUnpadded::decode_vec(index).map_err(|_| EnvelopeError::NotAnEnvelope)?;
    let index = index.try_into().map_err(|_| EnvelopeError::Truncated)?;
    let bytes = [
        label(kind, KeyId(key_id), &index, shown),
        envelope::from_text(sealed)?,
    ]
    .concat();
    if Searchable::parse(kind, &bytes)?.to_text() != text {
        return Err(EnvelopeError::NotAnEnvelope);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
