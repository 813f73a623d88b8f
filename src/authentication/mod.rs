//! API keys. One look-up finds key and profile, and everything that can be wrong with them gets the same answer. A backend
//! remembers the keys that it has let in, so that the next request costs no look-up.

pub mod card_number_limit;
pub mod lockout;
pub mod reveal;

use pgrx::datum::TimestampWithTimeZone;
use vault_core::contract::refusal::Refusal;
use vault_core::crypto::ApiKey;
use vault_core::ids::{InvalidProfileId, MerchantId, ProfileId};

use crate::audit;
use crate::error::Failure;
use crate::keys::root_key::root_keys;
use crate::keys::row_macs::believed;
use crate::metrics::events::{Watched, count};
use crate::postgres::remembered::{Remembered, before_reading};
use crate::postgres::{clock, invalidation};
use crate::store;
use crate::store::api_keys::{ApiKeyRow, Found};
use crate::tenancy::{Caller, Origin};
use lockout::Attempt;

/// What a client presents to authenticate.
pub struct Credentials<'a> {
    pub api_key: &'a str,
    /// What the profile header was read as, if it was sent.
    pub profile_id: Option<Result<ProfileId, InvalidProfileId>>,
    pub origin: Origin,
}

/// Authenticates a client.
///
/// # Errors
/// [`Refusal::Unauthenticated`] for a malformed, unknown, revoked, expired or locked key and for a profile of another
/// merchant; the header's own refusals once the key is known to be good.
pub fn authenticate(credentials: Credentials<'_>) -> Result<Caller, Failure> {
    // The counts of failures are in shared memory, which a server that did not load the library does not have.
    root_keys()?;
    let key = ApiKey::parse(credentials.api_key).ok();
    let prefix = key.as_ref().map_or("", ApiKey::prefix);
    let attempt = Attempt::new(prefix, &credentials.origin);
    let locked = attempt.is_locked();
    let profile = credentials.profile_id;
    let profile_id = match &profile {
        Some(Ok(profile)) => Some(profile),
        _ => None,
    };
    // A malformed key is looked up like any other, so that it takes the same time.
    let hash = key.as_ref().map_or([0; 32], ApiKey::hash);
    let found = find(key.as_ref(), hash, profile_id)?;
    let Some(found) = found.filter(|_| !locked) else {
        // Nothing is counted while a lock lasts, which limits what one source can do to the counts of others.
        if locked {
            count(Watched::AuthenticationLocked);
        } else {
            attempt.failed();
            count(Watched::AuthenticationFailed);
        }
        return refuse(prefix, &credentials.origin);
    };
    // From here on the key is right. A profile that is missing, mistyped or another merchant's locks nobody.
    attempt.succeeded();
    let profile = profile
        .ok_or(Refusal::MissingProfileHeader)?
        .map_err(Refusal::from)?;
    if !found.profile_matches {
        count(Watched::AuthenticationFailed);
        return refuse(prefix, &credentials.origin);
    }
    Ok(Caller {
        profile_id: profile,
        merchant_id: found.merchant_id,
        actor: found.key_id,
        may_reveal: found.may_reveal,
        origin: credentials.origin,
    })
}

/// Refuses a request that presents no key, or more than one. No failure is counted, because no key was tried.
pub fn refuse_without_key(origin: &Origin) -> Result<Caller, Failure> {
    count(Watched::AuthenticationFailed);
    audit::record_authentication_failure(origin, "")?;
    Err(Refusal::Unauthenticated.into())
}

/// A key that the vault wrote and nobody has revoked.
#[derive(Clone)]
struct GoodKey {
    key_id: String,
    merchant_id: MerchantId,
    may_reveal: bool,
    expires_at: Option<TimestampWithTimeZone>,
    /// The profile that was asked for belongs to the key's merchant.
    profile_matches: bool,
}

thread_local! {
    /// The keys that this backend has let in, by their hash and the profile that they came with. A wrong key or profile is never
    /// among them, so it goes the way of an unknown one.
    static LET_IN: Remembered<([u8; 32], ProfileId), GoodKey> = Remembered::default();
}

/// The key, if it has not expired by now.
fn find(
    key: Option<&ApiKey>,
    hash: [u8; 32],
    profile_id: Option<&ProfileId>,
) -> Result<Option<GoodKey>, Failure> {
    // A key may have been revoked since this transaction began.
    invalidation::listen();
    let asked = profile_id.map(|profile_id| (hash, profile_id.clone()));
    let known = asked
        .as_ref()
        .and_then(|asked| LET_IN.with(|keys| keys.get(asked)));
    if let Some(good) = known {
        return Ok(Some(good).filter(GoodKey::is_not_expired));
    }
    let before = before_reading();
    let found = look_up(key, &hash, profile_id)?.filter(GoodKey::is_not_expired);
    if let (Some(asked), Some(good)) = (asked, found.as_ref().filter(|good| good.profile_matches)) {
        LET_IN.with(|keys| keys.keep(before, asked, good.clone()));
    }
    Ok(found)
}

fn look_up(
    key: Option<&ApiKey>,
    hash: &[u8],
    profile_id: Option<&ProfileId>,
) -> Result<Option<GoodKey>, Failure> {
    let found = store::api_keys::find(profile_id, hash)?;
    let is_shown = |row: &ApiKeyRow| key.is_some_and(|key| key.hash_matches(&row.key_hash));
    let Some(Found { key: row, profile }) =
        found.filter(|found| is_shown(&found.key) && found.key.revoked_at.is_none())
    else {
        return Ok(None);
    };
    let Some(row) = believed(Some(row))? else {
        return Ok(None);
    };
    Ok(Some(GoodKey {
        may_reveal: row.scopes.iter().any(|scope| scope == "reveal"),
        profile_matches: believed(profile)?.is_some(),
        key_id: row.key_id,
        merchant_id: row.merchant_id,
        expires_at: row.expires_at,
    }))
}

impl GoodKey {
    fn is_not_expired(&self) -> bool {
        let now = clock::now_micros();
        self.expires_at
            .is_none_or(|end| clock::micros(end.into_inner()) > now)
    }
}

fn refuse(prefix: &str, origin: &Origin) -> Result<Caller, Failure> {
    audit::record_authentication_failure(origin, prefix)?;
    Err(Refusal::Unauthenticated.into())
}
