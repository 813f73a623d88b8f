//! A short text without a pointer, so that it can lie in memory that processes share.

use std::fmt;

/// A text of up to `N` bytes, and of at most 255 bytes. A longer text is cut off.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShortText<const N: usize> {
    length: u8,
    bytes: [u8; N],
}

impl<const N: usize> ShortText<N> {
    /// The empty text.
    pub const EMPTY: Self = Self {
        length: 0,
        bytes: [0; N],
    };

    /// The text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length.into()).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The text, or `None` for the empty one.
    pub fn non_empty(&self) -> Option<&str> {
        Some(self.as_str()).filter(|text| !text.is_empty())
    }
}

impl<const N: usize> From<&str> for ShortText<N> {
    fn from(text: &str) -> Self {
        let length = text.floor_char_boundary(N.min(u8::MAX.into()));
        let mut bytes = [0; N];
        for (to, from) in bytes.iter_mut().zip(text.bytes().take(length)) {
            *to = from;
        }
        Self {
            length: u8::try_from(length).unwrap_or(u8::MAX),
            bytes,
        }
    }
}

impl<const N: usize> fmt::Debug for ShortText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_does_not_fit_is_cut_between_two_characters() {
        assert_eq!(ShortText::<4>::from("café").as_str(), "caf");
        assert_eq!(ShortText::<5>::from("café").as_str(), "café");
        assert_eq!(ShortText::<4>::from(""), ShortText::EMPTY);
        assert_eq!(ShortText::<4>::from("").non_empty(), None);
        assert_eq!(ShortText::<4>::from("a").non_empty(), Some("a"));
    }
}
