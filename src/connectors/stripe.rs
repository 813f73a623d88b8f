use url::Url;

use super::account::SettingsError;
use super::fault::Fault;
use super::http::Http;
use super::provider::{MadeToken, PaymentProvider, TokenOrder};

pub struct Stripe {}

impl Stripe {
    pub fn parse(settings: &str, credentials: &str) -> Result<Self, SettingsError> {
        todo!()
    }
    pub fn urls(&self) -> Vec<&Url> {
        todo!()
    }
}

impl PaymentProvider for Stripe {
    async fn make_token(&self, http: &Http, order: &TokenOrder) -> Result<MadeToken, Fault> {
        todo!()
    }
    async fn delete_token(&self, http: &Http, token: &str, reference: &str) -> Result<(), Fault> {
        todo!()
    }
    fn can_delete(&self) -> bool {
        todo!()
    }
}
