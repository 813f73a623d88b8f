//! Reads the bytes of a request into its type. Reading is strict, and no error repeats what was sent.
//!
//! serde's messages quote what they did not expect, which may be a card number. So a refusal consists only of our own
//! words: a fixed kind, what was expected (a phrase of the type's author), and the position.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::Serialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::error::Category;

use super::refusal::{MAX_BODY_LENGTH, Refusal};

/// The deepest nesting of objects and arrays that a body may have.
pub const MAX_DEPTH: usize = 32;

/// What a call takes as its body.
pub trait Body: Sized {
    /// The longest text, in bytes.
    const MAX_LENGTH: usize = MAX_BODY_LENGTH;

    /// Reads the type from JSON that is known to be well-formed. It must be an object.
    ///
    /// # Errors
    /// Where the JSON does not fit the type.
    fn read(text: &str) -> serde_json::Result<Self>;
}

impl<T: DeserializeOwned> Body for T {
    fn read(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str::<Object<T>>(text).map(Object::into_inner)
    }
}

/// Reads a request: an object, in UTF-8, of at most [`Body::MAX_LENGTH`] bytes, at most [`MAX_DEPTH`] deep, without
/// duplicate members and without `\u0000` (which PostgreSQL cannot store), and then of type `T`.
///
/// # Errors
/// [`Refusal::BodyTooLarge`]; [`Refusal::Json`] with the position.
pub fn from_slice<T: Body>(body: &[u8]) -> Result<T, Refusal> {
    if body.len() > T::MAX_LENGTH {
        return Err(Refusal::BodyTooLarge {
            limit: T::MAX_LENGTH,
        });
    }
    let text = utf8(body)?;
    well_formed(text).map_err(|error| refusal(&error, own_words(&error)))?;
    T::read(text).map_err(|error| refusal(&error, reason(&error)))
}

/// A `T` that stands in JSON as an object.
///
/// A derived `Deserialize` also takes an array of the members' values; the contract does not.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Object<T>(T);

impl<T> Object<T> {
    /// The value itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

#[cfg(feature = "openapi")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Object<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

fn utf8(body: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(body).map_err(|error| {
        let valid = body.get(..error.valid_up_to()).unwrap_or_default();
        let last_line = valid.rsplit(|byte| *byte == b'\n').next();
        Refusal::Json {
            reason: "invalid UTF-8".to_owned(),
            line: 1 + valid.iter().filter(|byte| **byte == b'\n').count(),
            column: 1 + last_line.map_or(0, <[u8]>::len),
        }
    })
}

/// Walks through the whole text and keeps nothing of it.
fn well_formed(text: &str) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    WellFormed { depth: 0 }.deserialize(&mut deserializer)?;
    deserializer.end()
}

/// Takes any value that may stand `depth` levels deep; at level 0, only an object.
#[derive(Clone, Copy)]
struct WellFormed {
    depth: usize,
}

impl WellFormed {
    fn scalar<E: Error>(self) -> Result<(), E> {
        if self.depth == 0 {
            return Err(E::custom("expected an object"));
        }
        Ok(())
    }

    fn text<E: Error>(text: &str) -> Result<(), E> {
        if text.contains('\0') {
            return Err(E::custom("\\u0000 is not allowed"));
        }
        Ok(())
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!(
                "nested deeper than {MAX_DEPTH} levels"
            )));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for WellFormed {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for WellFormed {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.scalar()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.scalar()?;
        Self::text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        self.scalar()?;
        let element = self.deeper()?;
        while elements.next_element_seed(element)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let member = self.deeper()?;
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            Self::text(&name)?;
            if !names.insert(name) {
                return Err(A::Error::custom("duplicate member"));
            }
            members.next_value_seed(member)?;
        }
        Ok(())
    }
}

fn refusal(error: &serde_json::Error, reason: String) -> Refusal {
    Refusal::Json {
        reason,
        line: error.line(),
        column: error.column(),
    }
}

/// Why the text does not fit the type, without anything of the text.
fn reason(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Syntax | Category::Eof | Category::Io => own_words(error),
        Category::Data => type_mismatch(&own_words(error)),
    }
}

/// The message without its position. Fixed words when the error is one of syntax, or one of [`WellFormed`].
fn own_words(error: &serde_json::Error) -> String {
    let position = format!(" at line {} column {}", error.line(), error.column());
    let message = error.to_string();
    message
        .strip_suffix(&position)
        .unwrap_or(&message)
        .to_owned()
}

/// Keeps only the part of serde's message that the type's author wrote: the name of a missing member, or everything
/// behind the last `, expected `. The client's text stands before that part, and no type expects anything that contains
/// it.
fn type_mismatch(message: &str) -> String {
    if let Some(member) = message.strip_prefix("missing field ") {
        return format!("missing field {member}");
    }
    let kind = [
        "invalid type",
        "invalid value",
        "unknown field",
        "unknown variant",
    ]
    .into_iter()
    .find(|kind| message.starts_with(kind));
    let Some(kind) = kind else {
        return "invalid value".to_owned();
    };
    match message.rsplit_once(", expected ") {
        // A type without members expects nothing: what stands there is the client's.
        Some((_, expected)) if !message.ends_with("there are no fields") => {
            format!("{kind}, expected {expected}")
        }
        _ => kind.to_owned(),
    }
}

#[cfg(test)]
mod tests;
