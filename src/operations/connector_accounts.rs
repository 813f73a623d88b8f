//! Accounts at payment service providers and token services.

use std::collections::BTreeSet;

use vault_core::ids::{ConnectorAccountId, MerchantId, ProfileId};
use vault_core::mention::mentions_card_number;

use super::administration::check_name;
use crate::audit::{Event, record_administration};
use crate::connectors::{Account, Kind};
use crate::error::{Failure, invalid, missing};
use crate::keys::credentials;
use crate::keys::row_macs::{self, Standing, believed, vouched};
use crate::postgres::clock;
use crate::postgres::random;
use crate::settings;
use crate::store::connector_accounts::{self, ConnectorAccount};
use crate::store::merchants;
use crate::store::profiles;
use crate::store::{self, Vouched};

/// What an administrator changes of an account. A member that is None stays as it is.
pub struct Changes<'a> {
    pub label: Option<&'a str>,
    /// A JSON object.
    pub settings: Option<&'a str>,
    pub credentials: Option<&'a str>,
}

/// Makes an account of a merchant or of a profile, and returns its id.
pub fn create(
    owner: &str,
    kind: &str,
    label: &str,
    settings: &str,
    secrets: &str,
) -> Result<ConnectorAccountId, Failure> {
    let (merchant_id, profile_id) = owner_of(owner)?;
    check_name(label)?;
    let kind = parse_kind(kind)?;
    check_hosts(&usable(kind, settings, secrets)?)?;
    let id = ConnectorAccountId::from_random(&mut random::generator()?);
    connector_accounts::insert(&vouched(ConnectorAccount {
        connector_id: id.as_str().to_owned(),
        merchant_id,
        profile_id,
        kind: kind.as_str().to_owned(),
        label: label.to_owned(),
        settings: settings.to_owned(),
        credentials: credentials::seal(id.as_str(), secrets)?,
        enabled: true,
        created_at: clock::now_stored()?,
        mac: Vec::new(),
    })?)?;
    record_administration(None, Event::ConnectorCreated, Some(id.as_str()))?;
    Ok(id)
}

/// Changes an account. Calls that are under way keep its earlier settings and credentials.
pub fn update(connector_id: &str, changes: &Changes<'_>) -> Result<(), Failure> {
    let mut account = locked(connector_id)?;
    let secrets = match changes.credentials {
        Some(secrets) => secrets.to_owned().into(),
        None => credentials::open(&account)?,
    };
    // An account that cannot be read is one that calls nobody.
    let hosts = open(&account).map(|account| hosts_of(&account));
    let hosts = hosts.unwrap_or_default();
    if let Some(label) = changes.label {
        check_name(label)?;
        account.label = label.to_owned();
    }
    if let Some(settings) = changes.settings {
        account.settings = settings.to_owned();
    }
    let changed = usable(parse_kind(&account.kind)?, &account.settings, &secrets)?;
    // The list of hosts may be shorter now. That is no reason to refuse a change of the label.
    if changes.settings.is_some() {
        check_hosts(&changed)?;
    }
    let calls_others = hosts_of(&changed) != hosts;
    // Otherwise, an administrator who does not know the secrets could have them sent to another host.
    if calls_others && changes.credentials.is_none() {
        return Err(invalid(
            "an account that will call another host needs its credentials again",
            "Pass the credentials together with the settings.",
        ));
    }
    rewrite(account, &secrets)?;
    let event = if calls_others {
        Event::ConnectorMoved
    } else {
        Event::ConnectorUpdated
    };
    record_administration(None, event, Some(connector_id))
}

/// Takes an account into service, or out of it.
pub fn set_enabled(connector_id: &str, enabled: bool) -> Result<(), Failure> {
    let mut account = locked(connector_id)?;
    let secrets = credentials::open(&account)?;
    account.enabled = enabled;
    rewrite(account, &secrets)?;
    let event = if enabled {
        Event::ConnectorEnabled
    } else {
        Event::ConnectorDisabled
    };
    record_administration(None, event, Some(connector_id))
}

/// For all accounts that an earlier root key vouches for: seals the credentials by the current one, and makes a new MAC of the row.
pub fn renew_all() -> Result<(), Failure> {
    for account in ConnectorAccount::all()? {
        if row_macs::is_under_current_root_key(&account)? {
            continue;
        }
        if let Some(account) = ConnectorAccount::lock(&account.connector_id)?
            && row_macs::standing(&account)? == Standing::Genuine
        {
            let secrets = credentials::open(&account)?;
            rewrite(account, &secrets)?;
        }
    }
    Ok(())
}

/// The account, if its row is believed, it is enabled, and it serves this profile of this merchant.
pub fn in_service(
    connector_id: &str,
    merchant_id: &MerchantId,
    profile_id: &ProfileId,
) -> Result<Option<ConnectorAccount>, Failure> {
    believed(connector_accounts::find(
        profile_id,
        merchant_id,
        connector_id,
    )?)
}

/// The account at a token service that serves this profile of this merchant, if there is one.
pub fn token_service(
    merchant_id: &MerchantId,
    profile_id: &ProfileId,
) -> Result<Option<ConnectorAccount>, Failure> {
    let kind = Kind::TokenService.as_str();
    for account in connector_accounts::find_of_kind(profile_id, merchant_id, kind)? {
        if let Some(account) = believed(Some(account))? {
            return Ok(Some(account));
        }
    }
    Ok(None)
}

/// Opens an account's credentials and reads it, so that it can be called.
pub fn open(account: &ConnectorAccount) -> Result<Account, Failure> {
    let secrets = credentials::open(account)?;
    let kind = parse_kind(&account.kind)?;
    Account::parse(kind, &account.settings, &secrets).map_err(Failure::ConnectorSettings)
}

/// The owner's merchant and, if the owner is a profile, the profile.
fn owner_of(owner: &str) -> Result<(MerchantId, Option<ProfileId>), Failure> {
    if let Some(merchant) = believed(merchants::find(&MerchantId::from_administrator(owner))?)? {
        return Ok((merchant.merchant_id, None));
    }
    match believed(profiles::find(&ProfileId::from_administrator(owner))?)? {
        Some(profile) => Ok((profile.merchant_id, Some(profile.profile_id))),
        None => Err(missing(
            "there is no such merchant or profile",
            "Name one by the id that vault.create_merchant or vault.create_profile returned.",
        )),
    }
}

fn parse_kind(kind: &str) -> Result<Kind, Failure> {
    Kind::from_name(kind).ok_or_else(|| {
        invalid(
            "there is no such kind of connector",
            "The kinds are stripe, http_template and token_service.",
        )
    })
}

/// Scheme, host and port of each URL that the account calls.
fn hosts_of(account: &Account) -> BTreeSet<String> {
    let urls = account.urls().into_iter();
    urls.map(|url| url.origin().ascii_serialization()).collect()
}

fn usable(kind: Kind, settings: &str, secrets: &str) -> Result<Account, Failure> {
    if mentions_card_number(settings) {
        return Err(invalid(
            "settings are stored in the clear, and these contain a card number",
            "Leave the number out. A template refers to it as {{card_number}}.",
        ));
    }
    Account::parse(kind, settings, secrets).map_err(Failure::ConnectorSettings)
}

fn check_hosts(account: &Account) -> Result<(), Failure> {
    let allow_list = settings::connector_hosts();
    if account.urls().iter().all(|url| allow_list.allows(url)) {
        Ok(())
    } else {
        Err(invalid(
            "vault.connector_hosts does not name every host that this account would call",
            "Add the hosts to the setting, with their ports unless they are 443, and reload the server's configuration.",
        ))
    }
}

fn locked(connector_id: &str) -> Result<ConnectorAccount, Failure> {
    believed(ConnectorAccount::lock(connector_id)?)?.ok_or_else(|| {
        missing(
            "there is no such connector",
            "Name it by the id that vault.create_connector returned; vault.connectors lists them.",
        )
    })
}

fn rewrite(mut account: ConnectorAccount, secrets: &str) -> Result<(), Failure> {
    account.credentials = credentials::seal(&account.connector_id, secrets)?;
    store::connector_accounts::update(&vouched(account)?)
}
