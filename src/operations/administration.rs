//! Merchants, profiles and API keys.

use pgrx::datum::TimestampWithTimeZone;
use vault_core::crypto::ApiKey;
use vault_core::ids::{ApiKeyId, MerchantId, ProfileId};
use vault_core::limits::failures::Counted;
use vault_core::mention::mentions_card_number;

use crate::audit::{Event, record_administration};
use crate::authentication::lockout::{self, Way};
use crate::error::{Failure, invalid, missing, wrong_state};
use crate::keys;
use crate::keys::row_macs::{believed, vouched};
use crate::postgres::clock;
use crate::postgres::random;
use crate::settings;
use crate::store;
use crate::store::api_keys::ApiKeyRow;
use crate::store::merchants::Merchant;
use crate::store::profiles::Profile;
use crate::tenancy::session;

/// The scopes that an API key may carry.
const SCOPES: [&str; 1] = ["reveal"];

/// How many ids are tried for a profile that is to be on this node. Even a node with one profile in fifty fails to find an id but
/// once in half a billion times.
const MOST_PROFILE_IDS: usize = 1000;

/// Makes a merchant and returns its id.
pub fn create_merchant(name: &str) -> Result<MerchantId, Failure> {
    check_name(name)?;
    let merchant = MerchantId::from_random(&mut random::generator()?);
    store::merchants::insert(&vouched(Merchant {
        merchant_id: merchant.clone(),
        name: name.to_owned(),
        created_at: clock::now_stored()?,
        mac: Vec::new(),
    })?)?;
    record_administration(None, Event::MerchantCreated, Some(merchant.as_str()))?;
    Ok(merchant)
}

/// Makes a profile of the merchant, with its first keys, and returns its id.
pub fn create_profile(merchant_id: &MerchantId, name: &str) -> Result<ProfileId, Failure> {
    check_name(name)?;
    check_merchant(merchant_id)?;
    let profile = new_profile_id()?;
    let _acting = session::act_for(&profile);
    store::profiles::insert(&vouched(Profile {
        profile_id: profile.clone(),
        merchant_id: merchant_id.clone(),
        name: name.to_owned(),
        network_tokenization_enabled: false,
        created_at: clock::now_stored()?,
        mac: Vec::new(),
    })?)?;
    keys::create_for_profile(&profile)?;
    record_administration(
        Some(&profile),
        Event::ProfileCreated,
        Some(profile.as_str()),
    )?;
    Ok(profile)
}

/// The id decides which node of several has the profile. A profile is made on the node that is asked.
fn new_profile_id() -> Result<ProfileId, Failure> {
    for _ in 0..MOST_PROFILE_IDS {
        let profile = ProfileId::from_random(&mut random::generator()?);
        if store::shards::is_here(&profile)? {
            return Ok(profile);
        }
    }
    Err(wrong_state(
        "this node of the vault takes no profiles",
        "Call another node. The function vault.nodes() shows which nodes have profiles.",
    ))
}

/// Makes an API key of the merchant. Only the answer contains the key itself.
pub fn create_api_key(
    merchant_id: &MerchantId,
    name: &str,
    scopes: Vec<String>,
    expires_at: Option<TimestampWithTimeZone>,
) -> Result<(ApiKeyId, ApiKey), Failure> {
    check_name(name)?;
    check_merchant(merchant_id)?;
    if !scopes.iter().all(|scope| SCOPES.contains(&scope.as_str())) {
        return Err(invalid("unknown scope", "The only scope is 'reveal'."));
    }
    let event = if scopes.is_empty() {
        Event::ApiKeyCreated
    } else {
        Event::RevealingApiKeyCreated
    };
    let environment = settings::environment();
    let key = ApiKey::from_random(&environment, &mut random::generator()?);
    let key_id = ApiKeyId::from_random(&environment, &mut random::generator()?);
    store::api_keys::insert(&vouched(ApiKeyRow {
        key_id: key_id.as_str().to_owned(),
        merchant_id: merchant_id.clone(),
        name: name.to_owned(),
        prefix: key.prefix().to_owned(),
        key_hash: key.hash().to_vec(),
        scopes,
        created_at: clock::now_stored()?,
        expires_at,
        revoked_at: None,
        mac: Vec::new(),
    })?)?;
    record_administration(None, event, Some(key_id.as_str()))?;
    Ok((key_id, key))
}

/// Revokes an API key. From now on the key is refused.
pub fn revoke_api_key(key_id: &str) -> Result<(), Failure> {
    let key = believed(ApiKeyRow::lock(key_id)?)?;
    let Some(key) = key.filter(|key| key.revoked_at.is_none()) else {
        return Err(missing(
            "there is no such API key, or it is already revoked",
            "Name the key by the key_id that vault.create_api_key returned.",
        ));
    };
    store::api_keys::revoke(&vouched(ApiKeyRow {
        revoked_at: Some(clock::now_stored()?),
        ..key
    })?)?;
    record_administration(None, Event::ApiKeyRevoked, Some(key_id))
}

/// Switches network tokens on or off for a profile.
pub fn set_network_tokenization(profile_id: &ProfileId, enabled: bool) -> Result<(), Failure> {
    let _acting = session::act_for(profile_id);
    let profile = believed(Profile::lock(profile_id)?)?.ok_or_else(no_profile)?;
    store::profiles::update(&vouched(Profile {
        network_tokenization_enabled: enabled,
        ..profile
    })?)?;
    let event = if enabled {
        Event::NetworkTokenizationEnabled
    } else {
        Event::NetworkTokenizationDisabled
    };
    record_administration(Some(profile_id), event, Some(profile_id.as_str()))
}

/// Forgets all failed authentications, and with them all locks.
pub fn clear_lockouts() -> Result<(), Failure> {
    keys::root_key::root_keys()?;
    record_administration(None, Event::LockoutsCleared, None)?;
    lockout::clear();
    Ok(())
}

/// The failed authentications by one way that are counted at the moment, and the locks among them. A vault that is sealed
/// lets nobody in, and counts nothing.
pub fn counted_failures(way: Way) -> Vec<Counted> {
    match keys::root_key::root_keys() {
        Ok(_) => lockout::counted(way),
        Err(_) => Vec::new(),
    }
}

/// Checks a name that is stored in the clear.
pub(super) fn check_name(name: &str) -> Result<(), Failure> {
    if !(1..=255).contains(&name.chars().count()) {
        return Err(invalid(
            "a name must have 1 to 255 characters",
            "Choose another name.",
        ));
    }
    if mentions_card_number(name) {
        return Err(invalid(
            "a name is stored in the clear, and this one contains a card number",
            "Choose another name.",
        ));
    }
    Ok(())
}

fn check_merchant(merchant_id: &MerchantId) -> Result<(), Failure> {
    match believed(store::merchants::find(merchant_id)?)? {
        Some(_) => Ok(()),
        None => Err(missing(
            "there is no such merchant",
            "Make one with vault.create_merchant.",
        )),
    }
}

/// Refuses when there is no such profile.
pub(super) fn check_profile(profile_id: &ProfileId) -> Result<(), Failure> {
    match believed(store::profiles::find(profile_id)?)? {
        Some(_) => Ok(()),
        None => Err(no_profile()),
    }
}

pub(super) fn no_profile() -> Failure {
    missing(
        "there is no such profile",
        "Make one with vault.create_profile.",
    )
}
