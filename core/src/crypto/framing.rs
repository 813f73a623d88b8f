//! One unambiguous encoding for lists of byte strings that are authenticated together.
//!
//! Each part is preceded by its length (64 bits, big-endian), so no two lists encode to the same bytes:
//! `["ab", "c"]` and `["a", "bc"]` stay apart.

/// Concatenates the parts, each preceded by its length.
pub(super) fn frame(parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| 8 + part.len()).sum();
    let mut framed = Vec::with_capacity(length);
    for part in parts {
        framed.extend_from_slice(&length_prefix(part));
        framed.extend_from_slice(part);
    }
    framed
}

/// The length of a part as it stands before it.
pub(super) fn length_prefix(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_between_parts_cannot_be_moved() {
        assert_ne!(frame(&[b"ab", b"c"]), frame(&[b"a", b"bc"]));
        assert_ne!(frame(&[b"ab", b""]), frame(&[b"ab"]));
        assert_ne!(frame(&[b"", b"ab"]), frame(&[b"ab", b""]));
    }

    #[test]
    fn the_encoding_is_the_documented_one() {
        assert_eq!(frame(&[b"ab"]), b"\0\0\0\0\0\0\0\x02ab");
    }
}
