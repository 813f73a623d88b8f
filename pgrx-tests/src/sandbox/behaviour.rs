//! How a sandbox misbehaves, as `POST /_sandbox/behaviour` has it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A way to misbehave. Where several members are given, the first of them in this order counts, after the delay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// The answer comes that much later.
    pub delay_ms: Option<u64>,
    /// The connection stays open, and nothing comes.
    pub hang: bool,
    /// The connection is closed before the answer, or in the middle of it.
    pub hang_up: Option<HangUp>,
    /// The answer leads there.
    pub redirect: Option<String>,
    /// The status of the answer, which is an error.
    pub status: Option<u16>,
    /// Its `Retry-After`: seconds, or a date.
    pub retry_after: Option<Value>,
    /// The error repeats the card number.
    pub echo_card_in_error: bool,
    /// The answer is of so many bytes.
    pub body_bytes: Option<usize>,
    /// The answer has status 200 and is no JSON.
    pub nonsense: bool,
    /// The answer has no token.
    pub without_token: bool,
    /// The answer has the card number in the token's place.
    pub card_as_token: bool,
    /// What the token service says of its tokens.
    pub token_status: Option<String>,

    /// For so many calls; then all is well again.
    pub times: Option<u64>,
    /// How likely a call is to meet it, from 0 to 1.
    pub probability: Option<f64>,
    /// For paths that begin like this.
    pub only_path: Option<String>,
    /// Whether the call takes effect all the same. By default it does, unless a status or a redirect is answered in its place.
    pub carried_out: Option<bool>,
}

/// When the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HangUp {
    Before,
    Middle,
}

impl Behaviour {
    /// What a call of this path meets: this, which is counted, or nothing.
    pub fn met_by(&mut self, path: &str) -> Behaviour {
        if self.times == Some(0) || !self.applies_to(path) || !self.happens() {
            return Behaviour::default();
        }
        self.times = self.times.map(|times| times - 1);
        self.clone()
    }

    fn applies_to(&self, path: &str) -> bool {
        self.only_path
            .as_ref()
            .is_none_or(|only| path.starts_with(only))
    }

    fn happens(&self) -> bool {
        self.probability
            .is_none_or(|probability| fastrand::f64() < probability)
    }

    /// Whether the call takes effect.
    pub fn carries_out(&self) -> bool {
        let refuses = self.status.is_some() || self.redirect.is_some() || self.echo_card_in_error;
        self.carried_out.unwrap_or(!refuses)
    }
}

#[cfg(test)]
mod tests {
    use super::Behaviour;

    #[test]
    fn it_ends_after_so_many_calls_of_its_paths() {
        let mut behaviour = Behaviour {
            times: Some(2),
            only_path: Some("/v1".to_owned()),
            ..Behaviour::default()
        };
        let met = ["/tokens", "/v1/a", "/v1/b", "/v1/c"]
            .map(|path| behaviour.met_by(path) != Behaviour::default());
        assert_eq!(met, [false, true, true, false]);
    }

    #[test]
    fn a_probability_of_zero_never_happens_and_of_one_always() {
        for (probability, happens) in [(0.0, false), (1.0, true)] {
            let mut behaviour = Behaviour {
                probability: Some(probability),
                ..Behaviour::default()
            };
            assert_eq!(behaviour.met_by("/") != Behaviour::default(), happens);
        }
    }
}
