//! What a sandbox was sent and should not have been.

/// How many are kept, so that a loop of a client does not fill the memory.
const KEPT: usize = 1000;

/// In words, without card data: so only fixed texts are taken.
#[derive(Default)]
pub struct Violations(Vec<String>);

impl Violations {
    /// Notes what was wrong with a call to a place of the API.
    pub fn note(&mut self, place: &'static str, what: &'static str) {
        if self.0.len() < KEPT {
            self.0.push(format!("{place}: {what}"));
        }
    }

    pub fn all(&self) -> &[String] {
        &self.0
    }
}
