//! Conversion to and from the bytes that the vault seals.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use zeroize::Zeroizing;

/// Writes a value as JSON into memory that is wiped.
///
/// # Errors
/// [`Unstorable`], which none of the contract's types gives.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Zeroizing<Vec<u8>>, Unstorable> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, value).map_err(|_| Unstorable)?;
    // The capacity is final: growing would leave a copy of the value in freed memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *bytes, value).map_err(|_| Unstorable)?;
    Ok(bytes)
}

/// Reads a value that [`to_bytes`] wrote.
///
/// # Errors
/// [`Unstorable`] when the bytes are of another type. The error shows nothing of them.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unstorable> {
    serde_json::from_slice(bytes).map_err(|_| Unstorable)
}

/// The value has no stored form, or the bytes are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("stored value has an unexpected form")]
pub struct Unstorable;

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_fits_its_memory_exactly_and_comes_back() {
        let value = vec!["4111111111111111".to_owned(); 40];
        let bytes = to_bytes(&value).unwrap();
        assert_eq!(bytes.capacity(), bytes.len());
        assert_eq!(from_bytes::<Vec<String>>(&bytes), Ok(value));
    }

    #[test]
    fn an_unreadable_value_is_not_shown() {
        let error = from_bytes::<u8>(b"\"4111111111111111\"").unwrap_err();
        assert_eq!(error.to_string(), "stored value has an unexpected form");
    }
}
