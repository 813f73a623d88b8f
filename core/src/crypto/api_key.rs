//! API keys: `{environment}_{64 letters and digits}`, shown once, stored as a hash.
//!
//! A plain SHA-256 is enough: a key carries 256 bits of randomness, so there is nothing to guess.

use std::fmt;

use rand::CryptoRng;
use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

const SECRET_LENGTH: usize = 64;
const PREFIX_SECRET_LENGTH: usize = 8;
const MAX_ENVIRONMENT_LENGTH: usize = 16;

/// An API key in clear. Wiped when dropped; prints nothing.
pub struct ApiKey {
    text: Zeroizing<String>,
    environment_length: usize,
}

impl ApiKey {
    /// Makes a new key for `environment` (such as `dev`). `rng` decides the letters and digits. It must itself have a
    /// seed of at least 256 bits of fresh randomness.
    pub fn from_random(environment: &str, rng: &mut impl CryptoRng) -> Self {
        // The capacity is final: growing would leave a copy of the key in freed memory.
        let capacity = environment.len() + 1 + SECRET_LENGTH;
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        text.push_str(environment);
        text.push('_');
        Alphanumeric.append_string(rng, &mut text, SECRET_LENGTH);
        Self {
            text,
            environment_length: environment.len(),
        }
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
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn key(seed: u64) -> ApiKey {
        ApiKey::from_random("dev", &mut StdRng::seed_from_u64(seed))
    }

    #[test]
    fn a_new_key_is_read_back() {
        let key = key(10);
        let parsed = ApiKey::parse(key.expose()).unwrap();
        assert_eq!(parsed.expose(), key.expose());
        assert_eq!(parsed.prefix(), &key.expose()[..12]);
        assert_eq!(parsed.prefix(), key.prefix());
    }

    #[test]
    fn a_new_key_is_written_into_memory_of_its_final_size() {
        let key = key(10);
        assert_eq!(key.text.capacity(), "dev_".len() + SECRET_LENGTH);
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
        let key = ApiKey::parse(&format!("dev_{}", "A".repeat(64))).unwrap();
        let expected: [u8; 32] = Sha256::digest(format!("dev_{}", "A".repeat(64))).into();
        assert_eq!(key.hash(), expected);
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
