//! Settings and credentials of an account at a token service.

use http::HeaderValue;
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use super::super::http::secret_header;
use super::super::settings::SettingsError;
use super::super::settings::{Members, parse_url};
use super::jwe::{Opener, Sealer};

/// The longest name of a key.
const LONGEST_KEY_ID: usize = 255;

/// The settings and credentials that calls need, checked.
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
    /// Reads settings and credentials.
    ///
    /// # Errors
    /// [`SettingsError`] with the member that cannot be used.
    pub fn read(settings: &str, credentials: &str) -> Result<Self, SettingsError> {
        let mut members = Members::parse(settings)?;
        let credentials = Credentials::read(credentials)?;
        let key_id = key_id(&mut members)?;
        let configuration = Self {
            generate: url(&mut members, "generate_token_url")?,
            fetch: url(&mut members, "fetch_token_url")?,
            delete: url(&mut members, "delete_token_url")?,
            check: url(&mut members, "check_token_status_url")?,
            eligibility: optional_url(&mut members, "token_eligibility_url")?,
            sealer: sealer(&mut members, &key_id)?,
            key_id,
            api_key: credentials.api_key()?,
            opener: credentials.opener()?,
        };
        members.end()?;
        Ok(configuration)
    }
}

fn url(members: &mut Members, name: &str) -> Result<Url, SettingsError> {
    let text = members.required_text(name)?;
    parse_url(&members.path_to(name), &text)
}

fn optional_url(members: &mut Members, name: &str) -> Result<Option<Url>, SettingsError> {
    let text = members.text(name)?;
    text.map(|text| parse_url(&members.path_to(name), &text))
        .transpose()
}

fn key_id(members: &mut Members) -> Result<String, SettingsError> {
    let key_id = members.required_text("key_id")?;
    let is_visible = key_id.bytes().all(|byte| byte.is_ascii_graphic());
    if is_visible && (1..=LONGEST_KEY_ID).contains(&key_id.len()) {
        Ok(key_id)
    } else {
        Err(members.error("key_id", "must have 1 to 255 visible ASCII characters"))
    }
}

fn sealer(members: &mut Members, key_id: &str) -> Result<Sealer, SettingsError> {
    let name = "service_public_key";
    let public_key = members.required_text(name)?;
    let complaint = "must be an RSA public key of at least 2048 bits, in PEM";
    Sealer::from_pem(&public_key, key_id).map_err(|_| members.error(name, complaint))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    api_key: Zeroizing<String>,
    private_key: Zeroizing<String>,
}

impl Credentials {
    /// The error leaves out the parser's message, which would show what it has read.
    fn read(text: &str) -> Result<Self, SettingsError> {
        serde_json::from_str(text).map_err(|_| {
            error("credentials must be a JSON object with the strings api_key and private_key, and nothing else")
        })
    }

    fn api_key(&self) -> Result<HeaderValue, SettingsError> {
        Some(self.api_key.as_str())
            .filter(|key| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()))
            .and_then(secret_header)
            .ok_or_else(|| error("credentials.api_key must consist of visible ASCII characters"))
    }

    fn opener(&self) -> Result<Opener, SettingsError> {
        let complaint = "credentials.private_key must be an RSA private key of at least 2048 bits, in PEM without a password";
        Opener::from_pem(&self.private_key).map_err(|_| error(complaint))
    }
}

fn error(text: &str) -> SettingsError {
    SettingsError(text.to_owned())
}
