//! Answers that are kept under the key of their call, so that a second try makes nothing new.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

/// What a call's key says of it.
pub enum Seen<'a, T> {
    /// Nobody has used this key.
    Never,
    /// The same call was made before, with this result.
    Before(&'a T),
    /// Another call was made under this key.
    Otherwise,
}

/// Results by key, each with a digest of its call. The digest's key is this process's own and random: what a card number was
/// cannot be tried out afterwards.
pub struct Kept<T> {
    digest: RandomState,
    results: HashMap<String, (u64, T)>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept {
            digest: RandomState::new(),
            results: HashMap::new(),
        }
    }
}

impl<T> Kept<T> {
    pub fn look_up(&self, key: &str, call: &impl Hash) -> Seen<'_, T> {
        match self.results.get(key) {
            None => Seen::Never,
            Some((digest, result)) if *digest == self.digest.hash_one(call) => Seen::Before(result),
            Some(_) => Seen::Otherwise,
        }
    }

    pub fn keep(&mut self, key: String, call: &impl Hash, result: T) {
        let digest = self.digest.hash_one(call);
        self.results.insert(key, (digest, result));
    }
}
