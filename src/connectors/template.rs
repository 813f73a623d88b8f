//! Texts with places in them, such as `{{card_number}}`, and the values that are put there.
//!
//! A value is put into a text after the text was parsed, and is never parsed itself. So no value can become a place or a part
//! of the JSON or of the form around it.

use std::collections::BTreeMap;

use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;
use vault_core::ids::CustomerId;
use zeroize::Zeroizing;

use super::http;
use super::provider::CardDetails;

/// What can be put into a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    CardNumber,
    CardExpMonth,
    /// Without a leading zero. A number if it is the whole of a JSON text.
    CardExpMonthNumber,
    CardExpYear,
    /// A number if it is the whole of a JSON text.
    CardExpYearNumber,
    CardExpYearTwoDigits,
    CardHolderName,
    CustomerId,
    ConnectorCustomerId,
    Reference,
    TokenUse,
    Token,
    /// `credentials.` and the name of one of the credentials.
    Credential(String),
}

impl Place {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "card_number" => Self::CardNumber,
            "card_exp_month" => Self::CardExpMonth,
            "card_exp_month_number" => Self::CardExpMonthNumber,
            "card_exp_year" => Self::CardExpYear,
            "card_exp_year_number" => Self::CardExpYearNumber,
            "card_exp_year_two_digits" => Self::CardExpYearTwoDigits,
            "card_holder_name" => Self::CardHolderName,
            "customer_id" => Self::CustomerId,
            "connector_customer_id" => Self::ConnectorCustomerId,
            "reference" => Self::Reference,
            "token_use" => Self::TokenUse,
            "token" => Self::Token,
            _ => Self::Credential(name.strip_prefix("credentials.")?.to_owned()),
        })
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::CardExpMonthNumber | Self::CardExpYearNumber)
    }
}

/// The secrets of an account, by their names.
pub(super) type Credentials = BTreeMap<String, Zeroizing<String>>;

/// The values for the places of one call.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) card: Option<&'a CardDetails>,
    pub(super) customer_id: Option<&'a CustomerId>,
    pub(super) connector_customer_id: Option<&'a str>,
    pub(super) reference: &'a str,
    pub(super) token_use: Option<&'a str>,
    pub(super) token: Option<&'a str>,
    pub(super) credentials: &'a Credentials,
}

impl Values<'_> {
    fn of(&self, place: &Place) -> Option<&str> {
        match place {
            Place::CardNumber => Some(&self.card?.number),
            Place::CardExpMonth => Some(&self.card?.exp_month),
            Place::CardExpMonthNumber => Some(self.card?.exp_month.trim_start_matches('0')),
            Place::CardExpYear | Place::CardExpYearNumber => Some(&self.card?.exp_year),
            Place::CardExpYearTwoDigits => {
                let year = &self.card?.exp_year;
                year.get(year.len().saturating_sub(2)..)
            }
            Place::CardHolderName => self.card?.holder_name.as_deref(),
            Place::CustomerId => self.customer_id.map(CustomerId::as_str),
            Place::ConnectorCustomerId => self.connector_customer_id,
            Place::Reference => Some(self.reference),
            Place::TokenUse => self.token_use,
            Place::Token => self.token,
            Place::Credential(name) => self.credentials.get(name).map(|secret| secret.as_str()),
        }
    }
}

/// A text with places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Place(Place),
}

/// Decides whether a place may stand where it stands. The error says why not.
pub(super) type Check<'a> = dyn Fn(&Place) -> Result<(), String> + 'a;

impl Text {
    /// Reads a text, and checks its places.
    ///
    /// # Errors
    /// What is wrong with a place, with its name.
    pub(super) fn parse(text: &str, check: &Check<'_>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, from_place)) = rest.split_once("{{") {
            let (name, after) = from_place
                .split_once("}}")
                .ok_or("has {{ without }} after it")?;
            let name = name.trim();
            let place = Place::parse(name).ok_or_else(|| format!("has no place {{{{{name}}}}}"))?;
            check(&place).map_err(|why| format!("has {{{{{name}}}}}, {why}"))?;
            parts.push(Part::Literal(before.to_owned()));
            parts.push(Part::Place(place));
            rest = after;
        }
        parts.push(Part::Literal(rest.to_owned()));
        parts.retain(|part| !matches!(part, Part::Literal(literal) if literal.is_empty()));
        Ok(Self(parts))
    }

    /// The places in it.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.0.iter().filter_map(|part| match part {
            Part::Place(place) => Some(place),
            Part::Literal(_) => None,
        })
    }

    /// The text with the values in their places. A place without a value becomes empty.
    pub(super) fn fill(&self, values: &Values<'_>) -> Zeroizing<String> {
        let parts = || {
            self.0.iter().map(|part| match part {
                Part::Literal(literal) => literal.as_str(),
                Part::Place(place) => values.of(place).unwrap_or_default(),
            })
        };
        let mut filled = Zeroizing::new(String::with_capacity(parts().map(str::len).sum()));
        filled.extend(parts());
        filled
    }

    /// Whether the text is one place alone for which there is no value. Then the member is left out.
    pub(super) fn is_absent(&self, values: &Values<'_>) -> bool {
        self.only_place()
            .is_some_and(|place| values.of(place).is_none())
    }

    fn only_place(&self) -> Option<&Place> {
        match self.0.as_slice() {
            [Part::Place(place)] => Some(place),
            _ => None,
        }
    }
}

/// JSON whose texts have places.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Text(Text),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    /// A number, a truth value or null.
    Other(Value),
}

impl Json {
    /// Reads JSON, and checks its places. `path` leads to it, for messages.
    ///
    /// # Errors
    /// The way to a text, and what is wrong with it.
    pub(super) fn parse(path: &str, json: Value, check: &Check<'_>) -> Result<Self, String> {
        Ok(match json {
            Value::String(text) => {
                Self::Text(Text::parse(&text, check).map_err(|why| format!("{path} {why}"))?)
            }
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                let items =
                    items.map(|(index, item)| Self::parse(&format!("{path}.{index}"), item, check));
                Self::List(items.collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let members = members
                    .into_iter()
                    .map(|(name, value)| Self::parse_member(path, name, value, check));
                Self::Object(members.collect::<Result<_, _>>()?)
            }
            other => Self::Other(other),
        })
    }

    fn parse_member(
        path: &str,
        name: String,
        value: Value,
        check: &Check<'_>,
    ) -> Result<(String, Self), String> {
        if name.contains("{{") {
            return Err(format!("{path} has a place in the name of a member"));
        }
        let value = Self::parse(&format!("{path}.{name}"), value, check)?;
        Ok((name, value))
    }

    /// Whether a place is in one of the texts.
    pub(super) fn has(&self, place: &Place) -> bool {
        match self {
            Self::Text(text) => text.places().any(|own| own == place),
            Self::List(items) => items.iter().any(|item| item.has(place)),
            Self::Object(members) => members.iter().any(|(_, value)| value.has(place)),
            Self::Other(_) => false,
        }
    }

    /// The JSON with the values in their places. None when a value that has to be a number is not one.
    pub(super) fn fill(&self, values: &Values<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let filled = Filled {
            template: self,
            values,
        };
        http::json(&filled)
    }
}

struct Filled<'a> {
    template: &'a Json,
    values: &'a Values<'a>,
}

impl Filled<'_> {
    fn is_absent(&self) -> bool {
        matches!(self.template, Json::Text(text) if text.is_absent(self.values))
    }

    fn with<'a>(&'a self, template: &'a Json) -> Filled<'a> {
        Filled {
            template,
            values: self.values,
        }
    }
}

impl Serialize for Filled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.template {
            Json::Text(text) => {
                let filled = text.fill(self.values);
                if text.only_place().is_some_and(Place::is_number) {
                    let number: u16 = filled.parse().map_err(|_| S::Error::custom("no number"))?;
                    return serializer.serialize_u16(number);
                }
                serializer.serialize_str(&filled)
            }
            Json::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&self.with(item))?;
                }
                list.end()
            }
            Json::Object(members) => {
                let mut object = serializer.serialize_map(None)?;
                for (name, value) in members {
                    let value = self.with(value);
                    if !value.is_absent() {
                        object.serialize_entry(name, &value)?;
                    }
                }
                object.end()
            }
            Json::Other(value) => value.serialize(serializer),
        }
    }
}
