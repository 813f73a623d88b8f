//! Which hosts and addresses may be called: the setting `vault.connector_hosts`.

/// The hosts and addresses that may be called.
pub struct AllowList {}

impl AllowList {
    /// Reads the setting: names (`api.stripe.com`), names with any first part (`*.adyen.com`), addresses and networks
    /// (`127.0.0.1`, `10.1.0.0/16`), each with a port or without, separated by commas.
    ///
    /// # Errors
    /// The entry that is none of these.
    pub fn parse(setting: &str) -> Result<Self, String> {
        todo!()
    }

    /// Whether the URL's host may be called, so far as its name tells.
    pub fn allows(&self, url: &url::Url) -> bool { todo!() }
}
