//! Enums whose variants have fixed names in JSON and in the database.

/// Defines an enum of names, with `as_str`, `from_name`, and serde as a string. A variant may have further names behind
/// its own. The variant is read by them and never written with them.
///
/// serde's derive also takes `{"name": null}` for a variant. This macro takes the name alone. `strum` with
/// `serde_with::DeserializeFromStr` takes the name alone as well, but its error does not list the names, which the refusal of
/// a request tells the client.
#[macro_export]
macro_rules! names {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal $(| $alias:literal)*,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every variant, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            const NAMES: &'static [&'static str] = &[$($text),+];

            /// The name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The variant of this name, exactly as it or one of its further names is spelled.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text $(| $alias)* => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        $crate::names::describe_names!($name, [$($($alias,)*)+]);

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct NameVisitor;

                impl serde::de::Visitor<'_> for NameVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$name, E> {
                        $name::from_name(name).ok_or_else(|| E::unknown_variant(name, $name::NAMES))
                    }
                }

                deserializer.deserialize_str(NameVisitor)
            }
        }
    };
}

pub(crate) use names;

/// The names in JSON Schema, and in a request the further names.
#[cfg(feature = "openapi")]
#[doc(hidden)]
#[macro_export]
macro_rules! describe_names {
    ($name:ident, $further_names:expr) => {
        impl $crate::names::schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(
                generator: &mut $crate::names::schemars::SchemaGenerator,
            ) -> $crate::names::schemars::Schema {
                let further: &[&str] = &$further_names;
                if further.is_empty() || generator.contract().is_serialize() {
                    return $crate::names::schemars::json_schema!({"type": "string", "enum": $name::NAMES});
                }
                $crate::names::schemars::json_schema!({"anyOf": [
                    {"type": "string", "enum": $name::NAMES},
                    {"type": "string", "enum": further, "description": "Another spelling."},
                ]})
            }
        }
    };
}

/// For macros that other crates use.
#[cfg(feature = "openapi")]
#[doc(hidden)]
pub use schemars;

/// Without the feature `openapi`, nothing describes the names.
#[cfg(not(feature = "openapi"))]
#[doc(hidden)]
#[macro_export]
macro_rules! describe_names {
    ($name:ident, $further_names:expr) => {};
}

#[doc(hidden)]
pub use describe_names;

#[cfg(test)]
mod tests {
    names! {
        /// For the tests.
        pub enum Metal {
            /// Au
            Gold = "gold",
            /// Ag
            Silver = "Silver" | "SILVER" | "ARGENT",
        }
    }

    #[test]
    fn a_name_is_read_and_written_as_it_is_spelled() {
        for metal in Metal::ALL {
            assert_eq!(Metal::from_name(metal.as_str()), Some(*metal));
            let json = serde_json::to_string(metal).unwrap();
            assert_eq!(serde_json::from_str::<Metal>(&json).unwrap(), *metal);
        }
        assert_eq!(Metal::from_name("Gold"), None);
    }

    #[test]
    fn a_further_name_is_read_and_the_first_is_written() {
        for name in ["Silver", "SILVER", "ARGENT"] {
            let json = format!("\"{name}\"");
            let metal: Metal = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&metal).unwrap(), "\"Silver\"");
        }
        for name in ["GOLD", "argent", "Silver|SILVER"] {
            assert_eq!(Metal::from_name(name), None);
        }
    }

    #[test]
    fn only_a_string_is_a_name() {
        for json in ["{\"gold\":null}", "[\"gold\"]", "0", "null", "\"silver\""] {
            assert!(serde_json::from_str::<Metal>(json).is_err(), "{json}");
        }
    }
}
