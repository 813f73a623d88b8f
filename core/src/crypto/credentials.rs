//! Credentials of a connector account as they are stored: sealed by the root key, bound to the account.
//!
//! An account may serve all profiles of a merchant, so no profile's data key seals them.
//!
//! Layout: format byte 1, nonce (24), sealed credentials, tag (16).

use aes_gcm::aead::Aead;
use aes_gcm::aead::Payload;
use thiserror::Error;
use zeroize::Zeroizing;

use super::framing::frame;
use super::key::RootKey;

const DOMAIN: &[u8] = b"vault:connector-credentials:1";
const FORMAT: u8 = 1;

/// The length of a nonce, in bytes.
pub const NONCE_LENGTH: usize = 24;

/// Seals the credentials of an account. The nonce must be fresh randomness.
///
/// # Errors
/// [`CredentialsError::NotSealed`] when the cipher refuses, which it only does for gigabytes of credentials.
pub fn seal_credentials(
    root: &RootKey,
    nonce: [u8; NONCE_LENGTH],
    account_id: &str,
    credentials: &str,
) -> Result<Vec<u8>, CredentialsError> {
    let aad = associated_data(account_id);
    let payload = Payload {
        msg: credentials.as_bytes(),
        aad: &aad,
    };
    let sealed = root
        .cipher
        .encrypt(&nonce.into(), payload)
        .map_err(|_| CredentialsError::NotSealed)?;
    Ok([&[FORMAT], nonce.as_slice(), &sealed].concat())
}

/// Opens what [`seal_credentials`] sealed.
///
/// # Errors
/// [`CredentialsError::Malformed`] when the bytes do not have the form of sealed credentials. [`CredentialsError::DidNotOpen`] when
/// they were changed, belong to another account, or were sealed by another root key.
pub fn open_credentials(
    root: &RootKey,
    account_id: &str,
    sealed: &[u8],
) -> Result<Zeroizing<String>, CredentialsError> {
    let [FORMAT, body @ ..] = sealed else {
        return Err(CredentialsError::Malformed);
    };
    let (nonce, body) = body
        .split_first_chunk::<NONCE_LENGTH>()
        .ok_or(CredentialsError::Malformed)?;
    let aad = associated_data(account_id);
    let payload = Payload {
        msg: body,
        aad: &aad,
    };
    let opened = root
        .cipher
        .decrypt(nonce.into(), payload)
        .map(Zeroizing::new)
        .map_err(|_| CredentialsError::DidNotOpen)?;
    let text = std::str::from_utf8(&opened).map_err(|_| CredentialsError::Malformed)?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn associated_data(account_id: &str) -> Vec<u8> {
    frame(&[DOMAIN, account_id.as_bytes()])
}

/// Why credentials were not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CredentialsError {
    /// The cipher refused to seal.
    #[error("the credentials could not be sealed")]
    NotSealed,
    /// The bytes do not have the form of sealed credentials.
    #[error("the sealed credentials are malformed")]
    Malformed,
    /// The root key or the account is another one, or the bytes were changed.
    #[error("the sealed credentials do not open under this root key")]
    DidNotOpen,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::key::KeyMaterial;

    const NONCE: [u8; NONCE_LENGTH] = [9; NONCE_LENGTH];

    fn root(byte: u8) -> RootKey {
        RootKey::from(&KeyMaterial::from(&[byte; 32]))
    }

    fn sealed() -> Vec<u8> {
        seal_credentials(&root(1), NONCE, "mca_a", "sk_test_1").unwrap()
    }

    #[test]
    fn credentials_open_under_their_root_key_for_their_account() {
        let opened = open_credentials(&root(1), "mca_a", &sealed()).unwrap();
        assert_eq!(opened.as_str(), "sk_test_1");
    }

    #[test]
    fn credentials_do_not_open_under_another_root_key_or_for_another_account() {
        for (root, account) in [(root(2), "mca_a"), (root(1), "mca_b"), (root(1), "")] {
            assert_eq!(
                open_credentials(&root, account, &sealed()),
                Err(CredentialsError::DidNotOpen)
            );
        }
    }

    #[test]
    fn credentials_with_any_bit_changed_do_not_open() {
        for bit in 0..8 * sealed().len() {
            let mut damaged = sealed();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(
                open_credentials(&root(1), "mca_a", &damaged).is_err(),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn what_is_too_short_is_malformed() {
        for length in 0..25 {
            assert_eq!(
                open_credentials(&root(1), "mca_a", &sealed()[..length]),
                Err(CredentialsError::Malformed),
                "{length} bytes"
            );
        }
    }
}
