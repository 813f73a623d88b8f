//! Of texts that are about to be logged.

use vault_core::redaction::{mask_digits, mask_secrets};

/// Only digits, and letters of an API key, become asterisks; what was masked has nothing more to mask.
pub fn hold(bytes: &[u8]) {
    let mut masked = bytes.to_vec();
    let found = mask_secrets(&mut masked);
    assert_eq!(found, masked != bytes);
    assert_eq!(masked.len(), bytes.len());
    for (before, after) in bytes.iter().zip(&masked) {
        assert!(before == after || (before.is_ascii_alphanumeric() && *after == b'*'));
    }
    let mut again = masked.clone();
    assert!(!mask_secrets(&mut again));
    assert_eq!(again, masked);

    mask_digits(&mut masked);
    assert!(!masked.iter().any(u8::is_ascii_digit));
}
