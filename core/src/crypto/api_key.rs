//! API keys: `{environment}_{64 letters and digits}`, shown once, stored as a hash.
//!
//! A plain SHA-256 is enough: a key carries 381 bits of randomness, so there is nothing to guess.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::random_text::push_alphanumerics;

const SECRET_LENGTH: usize = 64;
const PREFIX_SECRET_LENGTH: usize = 8;
const MAX_ENVIRONMENT_LENGTH: usize = 16;

/// An API key in clear. Wiped when dropped; prints nothing.
pub struct ApiKey {
    text: Zeroizing<String>,
    environment_length: usize,
}

impl ApiKey {
    /// Makes a new key for `environment` (such as `dev`). `fill` fills the buffer it is given with random bytes.
    ///
    /// # Errors
    /// Those of `fill`.
    pub fn from_random<E>(
        environment: &str,
        fill: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        // The capacity is final: growing would leave a copy of the key in freed memory.
        let capacity = environment.len() + 1 + SECRET_LENGTH;
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        text.push_str(environment);
        text.push('_');
        push_alphanumerics(&mut text, SECRET_LENGTH, fill)?;
        Ok(Self {
            text,
            environment_length: environment.len(),
        })
    }

    /// Reads a key that a client sent.
    ///
    /// # Errors
    /// [`MalformedApiKey`] when it cannot be a key of any vault.
    pub fn parse(text: &str) -> Result<Self, MalformedApiKey> {
        let (environment, secret) = text.split_once('_').ok_or(MalformedApiKey)?;
        let well_formed = (1..=MAX_ENVIRONMENT_LENGTH).contains(&environment.len())
            && environment.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && secret.len() == SECRET_LENGTH
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !well_formed {
            return Err(MalformedApiKey);
        }
        Ok(Self {
            text: Zeroizing::new(text.to_owned()),
            environment_length: environment.len(),
        })
    }

    /// The environment and the first eight characters: enough to recognise a key, too little to use it.
    pub fn prefix(&self) -> &str {
        let length = self.environment_length + 1 + PREFIX_SECRET_LENGTH;
        self.text.get(..length).unwrap_or_default()
    }

    /// The whole key, to show it to its owner once.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The SHA-256 of the key, which is what the vault stores.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// Whether `stored` is this key's hash; takes the same time wherever they differ.
    pub fn hash_matches(&self, stored: &[u8]) -> bool {
        self.hash().ct_eq(stored).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").finish_non_exhaustive()
    }
}

/// The text has not the form of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed API key")]
pub struct MalformedApiKey;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn key(byte: u8) -> ApiKey {
        ApiKey::from_random("dev", |bytes| {
            bytes.fill(byte);
            Ok::<_, Infallible>(())
        })
        .unwrap()
    }

    #[test]
    fn a_new_key_is_read_back() {
        let parsed = ApiKey::parse(key(10).expose()).unwrap();
        assert_eq!(parsed.expose(), format!("dev_{}", "A".repeat(64)));
        assert_eq!(parsed.prefix(), "dev_AAAAAAAA");
        assert_eq!(key(10).prefix(), parsed.prefix());
    }

    #[test]
    fn only_its_own_hash_matches_a_key() {
        assert!(key(10).hash_matches(&key(10).hash()));
        assert!(!key(10).hash_matches(&key(11).hash()));
        assert!(!key(10).hash_matches(&[]));
        assert!(!key(10).hash_matches(&key(10).hash()[..31]));
        let mut damaged = key(10).hash();
        damaged[31] ^= 1;
        assert!(!key(10).hash_matches(&damaged));
    }

    #[test]
    fn the_stored_hash_is_sha_256_of_the_whole_key() {
        let expected: [u8; 32] = Sha256::digest(format!("dev_{}", "A".repeat(64))).into();
        assert_eq!(key(10).hash(), expected);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let secret = "a".repeat(64);
        let wrong = [
            String::new(),
            "dev".into(),
            "dev_".into(),
            format!("_{secret}"),
            format!("dev{secret}"),
            format!("dev_{secret}a"),
            format!("dev_{}", &secret[1..]),
            format!("dev_{}-", &secret[1..]),
            format!("dev_{}é", &secret[2..]),
            format!("de v_{secret}"),
            format!("{}_{secret}", "d".repeat(17)),
            format!(" dev_{secret}"),
            format!("dev_{secret}\n"),
        ];
        for text in wrong {
            assert_eq!(
                ApiKey::parse(&text).unwrap_err(),
                MalformedApiKey,
                "{text:?}"
            );
        }
        assert!(ApiKey::parse(&format!("{}_{secret}", "d".repeat(16))).is_ok());
    }

    #[test]
    fn a_key_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}", key(10)), "ApiKey { .. }");
    }
}
