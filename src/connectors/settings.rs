//! Reads the settings of an account: JSON whose members are all known. Messages name a member and show no value.

use std::fmt;

use http::Uri;
use serde_json::{Map, Value};
use url::{Host, Url};

/// What is wrong with settings or credentials, in words for an administrator. Shows no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(pub String);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

/// An object of the settings. A member that is read is taken out, so what is left at the end is unknown.
pub(super) struct Members {
    /// The names of the objects around it, each with a dot behind it; empty for the settings as a whole.
    path: String,
    left: Map<String, Value>,
}

impl Members {
    /// Reads the settings as a whole.
    ///
    /// # Errors
    /// When they are not a JSON object.
    pub(super) fn parse(settings: &str) -> Result<Self, SettingsError> {
        match serde_json::from_str(settings) {
            Ok(Value::Object(left)) => Ok(Self {
                path: String::new(),
                left,
            }),
            _ => Err(SettingsError("settings must be a JSON object".to_owned())),
        }
    }

    /// The full name of a member, for messages.
    pub(super) fn path_to(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// A member of any type. None when it is missing or null.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    /// A member that is a text.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, SettingsError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(name, "must be a string")),
        }
    }

    /// A member that has to be there, and is a text.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn required_text(&mut self, name: &str) -> Result<String, SettingsError> {
        self.text(name)?
            .ok_or_else(|| self.error(name, "is missing"))
    }

    /// A member that is an object.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>, SettingsError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(left)) => Ok(Some(Self {
                path: format!("{}.", self.path_to(name)),
                left,
            })),
            Some(_) => Err(self.error(name, "must be an object")),
        }
    }

    /// All members, whatever their names: the full name, the name and the text of each.
    ///
    /// # Errors
    /// The first that is something else.
    pub(super) fn into_texts(self) -> Result<Vec<(String, String, String)>, SettingsError> {
        let texts = self.left.into_iter().map(|(name, value)| match value {
            Value::String(text) => Ok((format!("{}{name}", self.path), name, text)),
            _ => Err(error(&self.path, &name, "must be a string")),
        });
        texts.collect()
    }

    /// Refuses members that were not read: commonly their names are misspelled.
    ///
    /// # Errors
    /// The first of them.
    pub(super) fn end(self) -> Result<(), SettingsError> {
        match self.left.keys().next() {
            Some(name) => Err(self.error(name, "is not a known setting")),
            None => Ok(()),
        }
    }

    /// What is wrong with a member.
    pub(super) fn error(&self, name: &str, complaint: &str) -> SettingsError {
        error(&self.path, name, complaint)
    }
}

fn error(path: &str, name: &str, complaint: &str) -> SettingsError {
    SettingsError(format!("{path}{name} {complaint}"))
}

/// Reads a URL that can be called: HTTPS, or HTTP on this machine, and without anything that a request would not send on.
///
/// # Errors
/// When it cannot.
pub(super) fn parse_url(path: &str, text: &str) -> Result<Url, SettingsError> {
    let complain = |complaint: &str| SettingsError(format!("{path} {complaint}"));
    let url = Url::parse(text).map_err(|_| complain("must be a URL"))?;
    if url.scheme() != "https" && !(url.scheme() == "http" && is_on_this_machine(&url)) {
        return Err(complain(
            "must begin with https: (http: is for addresses of this machine only)",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(complain(
            "must have no user name and no password; put them into the credentials",
        ));
    }
    if url.fragment().is_some() {
        return Err(complain("must have no fragment"));
    }
    if url.as_str().parse::<Uri>().is_err() {
        return Err(complain("has characters that must be percent-encoded"));
    }
    Ok(url)
}

/// Judged by the name alone. Connections check the address.
fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
