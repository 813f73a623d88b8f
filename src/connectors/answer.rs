//! What is read out of the answers of others.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::fault::{Fault, FaultKind};

/// The longest token or id that is taken from an answer.
const MAX_ID_LENGTH: usize = 1024;

/// A place in a JSON text (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer(Vec<String>);

impl Pointer {
    /// A member of the outermost object.
    pub(super) fn to_member(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }

    /// Reads `/a/0/b~1c`. None when it is not of this form.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Vec::new()));
        }
        let steps = text.strip_prefix('/')?.split('/');
        steps.map(unescape).collect::<Option<_>>().map(Self)
    }

    /// The text or the whole number that stands there. None when the JSON is not well-formed or has neither there.
    ///
    /// Nothing else of the JSON is copied, because it may repeat a card number.
    pub(super) fn read(&self, json: &[u8]) -> Option<Zeroizing<String>> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let found = Step(&self.0).deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        found
    }
}

fn unescape(step: &str) -> Option<String> {
    let plain = step.replace("~0", "").replace("~1", "");
    (!plain.contains('~')).then(|| step.replace("~1", "/").replace("~0", "~"))
}

/// Takes a token or an id out of an answer to a request that had this card's number in it.
///
/// # Errors
/// [`FaultKind::UnexpectedAnswer`] when it is not there, is longer than 1024 bytes, has anything but visible ASCII in it, or
/// contains the number's digits, whatever stands between them.
pub(super) fn id(
    answer: &[u8],
    pointer: &Pointer,
    card_number: &str,
) -> Result<Zeroizing<String>, Fault> {
    pointer
        .read(answer)
        .filter(|id| is_id(id) && !has_digits(id, card_number))
        .ok_or(Fault::new(FaultKind::UnexpectedAnswer))
}

/// Whether the text can be a token or an id: short, visible ASCII, and neither `.` nor `..`, which would lead elsewhere as a part
/// of a path.
pub(super) fn is_id(text: &str) -> bool {
    (1..=MAX_ID_LENGTH).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !matches!(text, "." | "..")
}

/// Whether a text contains the digits of a number in their order, whatever other characters stand between them.
pub(super) fn has_digits(text: &str, number: &str) -> bool {
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    digits.extend(text.chars().filter(char::is_ascii_digit));
    digits.contains(number)
}

/// Reads what stands at the end of the remaining steps, and skips everything else.
struct Step<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Step<'_> {
    type Value = Option<Zeroizing<String>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Step<'_> {
    fn here(&self, text: impl FnOnce() -> String) -> Option<Zeroizing<String>> {
        self.0.is_empty().then(|| Zeroizing::new(text()))
    }
}

impl<'de> Visitor<'de> for Step<'_> {
    type Value = Option<Zeroizing<String>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.here(|| text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.here(|| number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(self.here(|| number.to_string()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let step = self.0.split_first();
        let mut found = None;
        while let Some(is_wanted) = members.next_key_seed(Is(step.map(|(name, _)| name)))? {
            match step {
                Some((_, rest)) if is_wanted => found = members.next_value_seed(Step(rest))?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let step = self.0.split_first();
        let index = step.and_then(|(step, _)| array_index(step));
        let mut found = None;
        for place in 0_usize.. {
            match step {
                Some((_, rest)) if index == Some(place) => {
                    match items.next_element_seed(Step(rest))? {
                        Some(value) => found = value,
                        None => break,
                    }
                }
                _ => {
                    if items.next_element::<IgnoredAny>()?.is_none() {
                        break;
                    }
                }
            }
        }
        Ok(found)
    }
}

fn array_index(step: &str) -> Option<usize> {
    let is_canonical = step == "0" || step.starts_with(|first: char| matches!(first, '1'..='9'));
    step.parse().ok().filter(|_| is_canonical)
}

/// Tells whether a member has this name, without keeping the name that was read.
struct Is<'a>(Option<&'a String>);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(self.0.is_some_and(|wanted| wanted == name))
    }
}
