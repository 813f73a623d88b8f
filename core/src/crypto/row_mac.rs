//! MACs over rows that decide who may do what, such as the row of an API key. Somebody who can write the tables but
//! does not have the root key cannot make a row that counts.
//!
//! A MAC does not tell when it was made. An older state of the same row verifies with the MAC of that state.
//!
//! Layout: check value of the root key (8), HMAC-SHA-256 (32). The HMAC's key is made from the root key, for this purpose
//! alone: HMAC-SHA-256 under the root key, over the framed domain `vault:row:1`.

use hmac::Mac;
use subtle::ConstantTimeEq;

use super::framing::frame;
use super::key::{CheckValue, RootKey};

/// The length of a MAC as it is stored, in bytes.
pub const ROW_MAC_LENGTH: usize = CHECK_VALUE_LENGTH + TAG_LENGTH;

const CHECK_VALUE_LENGTH: usize = 8;
const TAG_LENGTH: usize = 32;

/// The value of a column. Values of two kinds never encode to the same bytes.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// NULL.
    Null,
    /// A text, such as an id.
    Text(&'a str),
    /// Bytes, such as a hash.
    Bytes(&'a [u8]),
    /// A number, or a time as PostgreSQL keeps it: in microseconds since the year 2000.
    Number(i64),
    /// An array of texts, in its order.
    Texts(&'a [String]),
}

/// A MAC, and which root key made it.
#[derive(Debug, Clone, Copy)]
pub struct RowMac {
    root_key: CheckValue,
    tag: [u8; TAG_LENGTH],
}

impl RowMac {
    /// Takes a stored MAC apart. None when it does not have the length of one.
    pub fn parse(stored: &[u8]) -> Option<Self> {
        let (root_key, tag) = stored.split_first_chunk::<CHECK_VALUE_LENGTH>()?;
        Some(Self {
            root_key: CheckValue::from(*root_key),
            tag: tag.try_into().ok()?,
        })
    }

    /// The check value of the root key that made it.
    pub fn root_key(&self) -> CheckValue {
        self.root_key
    }

    /// The MAC alone, without the check value of its root key.
    pub fn tag(&self) -> &[u8; TAG_LENGTH] {
        &self.tag
    }

    /// The MAC as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.root_key.as_bytes().as_slice(), &self.tag].concat()
    }
}

impl RootKey {
    /// The MAC of a row, which has these columns in this order.
    pub fn row_mac(&self, table: &str, columns: &[Column<'_>]) -> RowMac {
        let mut mac = (*self.rows).clone();
        mac.update(&encode(table, columns));
        RowMac {
            root_key: self.check_value(),
            tag: mac.finalize().into_bytes().into(),
        }
    }

    /// Whether this key made the MAC, of this row. Takes the same time for every wrong MAC.
    pub fn vouches_for(&self, mac: &RowMac, table: &str, columns: &[Column<'_>]) -> bool {
        let expected = self.row_mac(table, columns);
        expected.root_key == mac.root_key && bool::from(expected.tag.ct_eq(&mac.tag))
    }
}

fn encode(table: &str, columns: &[Column<'_>]) -> Vec<u8> {
    let columns: Vec<Vec<u8>> = columns.iter().map(Column::encode).collect();
    let parts: Vec<&[u8]> = std::iter::once(table.as_bytes())
        .chain(columns.iter().map(Vec::as_slice))
        .collect();
    frame(&parts)
}

impl Column<'_> {
    /// The kind as a letter, and the value.
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Null => b"n".to_vec(),
            Self::Text(text) => [b"t", text.as_bytes()].concat(),
            Self::Bytes(bytes) => [b"b".as_slice(), bytes].concat(),
            Self::Number(number) => [b"i".as_slice(), &number.to_be_bytes()].concat(),
            Self::Texts(texts) => {
                let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
                [b"a".to_vec(), frame(&texts)].concat()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;
    use crate::crypto::key::KeyMaterial;

    fn root_key(byte: u8) -> RootKey {
        RootKey::from(&KeyMaterial::from(&[byte; 32]))
    }

    const ROW: [Column<'_>; 4] = [
        Column::Text("ak_1"),
        Column::Bytes(&[1, 2, 3]),
        Column::Number(-1),
        Column::Null,
    ];

    /// Computed by Python's `hmac` from the layout above.
    #[test]
    fn a_mac_is_the_documented_one() {
        let scopes = ["reveal".to_owned()];
        let row = [ROW.as_slice(), &[Column::Texts(&scopes)]].concat();
        let mac = root_key(7).row_mac("api_keys", &row);
        assert_eq!(
            mac.to_bytes(),
            hex!(
                "f6c29d9c5723cb62"
                "53c1d3459ad762c4e8c9185f322578ba01f7a1f011bbb2516be3d49b14f55cb1"
            )
        );
    }

    #[test]
    fn a_mac_vouches_for_its_row_after_it_was_stored() {
        let stored = root_key(1).row_mac("api_keys", &ROW).to_bytes();
        assert_eq!(stored.len(), ROW_MAC_LENGTH);
        let mac = RowMac::parse(&stored).unwrap();
        assert_eq!(mac.root_key(), root_key(1).check_value());
        assert!(root_key(1).vouches_for(&mac, "api_keys", &ROW));
    }

    #[test]
    fn a_mac_with_any_bit_changed_vouches_for_nothing() {
        let stored = root_key(1).row_mac("api_keys", &ROW).to_bytes();
        for bit in 0..8 * ROW_MAC_LENGTH {
            let mut damaged = stored.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let mac = RowMac::parse(&damaged).unwrap();
            assert!(
                !root_key(1).vouches_for(&mac, "api_keys", &ROW),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn a_mac_of_another_length_is_none() {
        let stored = root_key(1).row_mac("api_keys", &ROW).to_bytes();
        let longer = [stored.as_slice(), &[0]].concat();
        for bytes in [&[], &stored[..8], &stored[..ROW_MAC_LENGTH - 1], &longer] {
            assert!(RowMac::parse(bytes).is_none(), "{} bytes", bytes.len());
        }
    }

    #[test]
    fn a_mac_vouches_for_no_other_row_table_or_root_key() {
        let mac = root_key(1).row_mac("api_keys", &ROW);
        assert!(!root_key(2).vouches_for(&mac, "api_keys", &ROW));
        assert!(!root_key(1).vouches_for(&mac, "profiles", &ROW));
        let [text, bytes, number, null] = ROW;
        let (one, two) = (["a,b".to_owned()], ["a".to_owned(), "b".to_owned()]);
        let others: [&[Column<'_>]; 8] = [
            &[],
            &[text, bytes, number],
            &[text, bytes, number, null, null],
            &[bytes, text, number, null],
            &[Column::Text("ak_2"), bytes, number, null],
            &[text, Column::Bytes(&[1, 2]), number, null],
            &[text, bytes, Column::Number(1), null],
            &[text, bytes, number, Column::Text("")],
        ];
        for other in others {
            assert!(
                !root_key(1).vouches_for(&mac, "api_keys", other),
                "{other:?}"
            );
        }
        let of_texts = root_key(1).row_mac("api_keys", &[Column::Texts(&one)]);
        for other in [Column::Texts(&two), Column::Texts(&[]), Column::Text("a,b")] {
            assert!(!root_key(1).vouches_for(&of_texts, "api_keys", &[other]));
        }
    }
}
