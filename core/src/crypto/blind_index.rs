//! Keyed fingerprints of values. Equal values of one profile have equal fingerprints, which tell nothing without the
//! key (PCI DSS 4.0.1, requirement 3.5.1.1).

use hmac::Mac;

use super::framing::length_prefix;
use super::key::IndexKey;

/// An HMAC-SHA-256.
pub type BlindIndex = [u8; 32];

const DOMAIN: &[u8] = b"vault:blind-index:1";

impl IndexKey {
    /// The fingerprint of `parts` within `domain`, which names what is being indexed.
    /// Parts are delimited: `["ab", "c"]` and `["a", "bc"]` differ.
    pub fn blind_index(&self, domain: &str, parts: &[&[u8]]) -> BlindIndex {
        let mut mac = (*self.mac).clone();
        for part in [DOMAIN, domain.as_bytes()].iter().chain(parts) {
            mac.update(&length_prefix(part));
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::key::KeyMaterial;

    fn key(byte: u8) -> IndexKey {
        IndexKey::from(&KeyMaterial::from(&[byte; 32]))
    }

    #[test]
    fn equal_values_have_equal_indexes() {
        let index = || key(1).blind_index("card", &[b"4111111111111111"]);
        assert_eq!(index(), index());
    }

    #[test]
    fn another_key_domain_value_or_boundary_gives_another_index() {
        let original = key(1).blind_index("card", &[b"ab", b"c"]);
        let others = [
            key(2).blind_index("card", &[b"ab", b"c"]),
            key(1).blind_index("bank", &[b"ab", b"c"]),
            key(1).blind_index("card", &[b"ab", b"d"]),
            key(1).blind_index("card", &[b"a", b"bc"]),
            key(1).blind_index("card", &[b"ab", b"c", b""]),
            key(1).blind_index("cardab", &[b"", b"c"]),
        ];
        for other in others {
            assert_ne!(other, original);
        }
    }
}
