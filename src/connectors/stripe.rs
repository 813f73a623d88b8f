use url::Url;

use super::account::SettingsError;

pub struct Stripe {}

impl Stripe {
    pub fn parse(settings: &str, credentials: &str) -> Result<Self, SettingsError> {
        todo!()
    }
    pub fn urls(&self) -> Vec<&Url> { todo!() }
}
