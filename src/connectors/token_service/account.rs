//! Settings and credentials of an account at a token service.

use http::HeaderValue;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use super::super::account::SettingsError;
use super::super::http::secret_header;
use super::jwe::{Opener, Sealer};

/// The members of the settings.
const GENERATE: &str = "generate_token_url";
const FETCH: &str = "fetch_token_url";
const DELETE: &str = "delete_token_url";
const CHECK: &str = "check_token_status_url";
const ELIGIBILITY: &str = "token_eligibility_url";
const KEY_ID: &str = "key_id";
const PUBLIC_KEY: &str = "service_public_key";
const MEMBERS: [&str; 7] = [
    GENERATE,
    FETCH,
    DELETE,
    CHECK,
    ELIGIBILITY,
    KEY_ID,
    PUBLIC_KEY,
];

/// The longest name of a key.
const LONGEST_KEY_ID: usize = 255;

/// What calls need, read and checked.
pub struct Configuration {
    pub generate: Url,
    pub fetch: Url,
    pub delete: Url,
    pub check: Url,
    pub eligibility: Option<Url>,
    pub key_id: String,
    pub sealer: Sealer,
    pub api_key: HeaderValue,
    pub opener: Opener,
}

impl Configuration {
    /// Reads both.
    ///
    /// # Errors
    /// [`SettingsError`] with the member that cannot be used.
    pub fn read(settings: &str, credentials: &str) -> Result<Self, SettingsError> {
        let settings = Settings::read(settings)?;
        let credentials = Credentials::read(credentials)?;
        let key_id = settings.key_id()?;
        Ok(Self {
            generate: settings.url(GENERATE)?,
            fetch: settings.url(FETCH)?,
            delete: settings.url(DELETE)?,
            check: settings.url(CHECK)?,
            eligibility: match settings.0.get(ELIGIBILITY) {
                None | Some(Value::Null) => None,
                Some(_) => Some(settings.url(ELIGIBILITY)?),
            },
            sealer: settings.sealer(key_id)?,
            key_id: key_id.to_owned(),
            api_key: credentials.api_key()?,
            opener: credentials.opener()?,
        })
    }
}

struct Settings(Map<String, Value>);

impl Settings {
    fn read(text: &str) -> Result<Self, SettingsError> {
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return Err(error(
                "The settings of a token service must be a JSON object.",
            ));
        };
        // Hyperswitch's own names for the same are easily mistaken for these.
        if members.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(error(&format!(
                "The settings of a token service may have no members but {}.",
                MEMBERS.join(", ")
            )));
        }
        Ok(Self(members))
    }

    fn text(&self, name: &str) -> Result<&str, SettingsError> {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| {
                error(&format!(
                    "The settings of a token service need the text {name}."
                ))
            })
    }

    fn url(&self, name: &str) -> Result<Url, SettingsError> {
        Url::parse(self.text(name)?)
            .ok()
            .filter(is_callable)
            .ok_or_else(|| {
                error(&format!(
                    "The setting {name} must be a URL that begins with https:// (or, for this machine, http://) and has no user \
                     name, password, query or fragment."
                ))
            })
    }

    fn key_id(&self) -> Result<&str, SettingsError> {
        let key_id = self.text(KEY_ID)?;
        if key_id.len() > LONGEST_KEY_ID || !key_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(error(&format!(
                "The setting {KEY_ID} must have at most {LONGEST_KEY_ID} visible ASCII characters."
            )));
        }
        Ok(key_id)
    }

    fn sealer(&self, key_id: &str) -> Result<Sealer, SettingsError> {
        Sealer::from_pem(self.text(PUBLIC_KEY)?, key_id).map_err(|_| {
            error(&format!(
                "The setting {PUBLIC_KEY} must be an RSA public key of at least 2048 bits in PEM."
            ))
        })
    }
}

fn is_callable(url: &Url) -> bool {
    ["http", "https"].contains(&url.scheme())
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    api_key: Zeroizing<String>,
    private_key: Zeroizing<String>,
}

impl Credentials {
    fn read(text: &str) -> Result<Self, SettingsError> {
        // The reader's own words would show what it has read.
        serde_json::from_str(text).map_err(|_| {
            error(
                "The credentials of a token service must be a JSON object with the texts api_key and private_key, and nothing \
                 else.",
            )
        })
    }

    fn api_key(&self) -> Result<HeaderValue, SettingsError> {
        Some(self.api_key.as_str())
            .filter(|key| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()))
            .and_then(secret_header)
            .ok_or_else(|| {
                error(
                    "The credential api_key must have visible ASCII characters only, at least one.",
                )
            })
    }

    fn opener(&self) -> Result<Opener, SettingsError> {
        Opener::from_pem(&self.private_key).map_err(|_| {
            error(
                "The credential private_key must be an RSA private key of at least 2048 bits in PEM, without a password.",
            )
        })
    }
}

fn error(text: &str) -> SettingsError {
    SettingsError(text.to_owned())
}
