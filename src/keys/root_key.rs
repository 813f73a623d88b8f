//! The root key: printed by `vault.root_key_command` once, when the server starts, and kept in memory from then on.

use std::collections::HashSet;
use std::sync::OnceLock;

use vault_core::crypto::{CheckValue, RootKey, RootKeyLine};

use super::destroyed_profiles;
use crate::error::{Failure, Sealed};
use crate::postgres::child_process;
use crate::postgres::core_dumps::exclude_from_core_dumps;
use crate::settings;

/// Set in the postmaster, inherited by every backend.
static ROOT_KEYS: OnceLock<Result<RootKeys, Sealed>> = OnceLock::new();

/// The current root key and earlier ones, and the profiles whose keys they no longer open.
pub struct RootKeys {
    current: RootKey,
    earlier: Vec<RootKey>,
    destroyed: HashSet<String>,
}

impl RootKeys {
    /// The key that wraps new data keys.
    pub fn current(&self) -> &RootKey {
        &self.current
    }

    /// The key with this check value.
    pub fn with_check_value(&self, check_value: CheckValue) -> Option<&RootKey> {
        std::iter::once(&self.current)
            .chain(&self.earlier)
            .find(|key| key.check_value() == check_value)
    }

    /// Whether the profile's keys are destroyed, even if the database still holds them: it may be restored from an earlier dump.
    pub fn know_as_destroyed(&self, profile_id: &str) -> bool {
        self.destroyed.contains(profile_id) || destroyed_profiles::contains(profile_id)
    }
}

/// Runs the command. Called by the postmaster before it forks any backend. A sealed vault does not keep the server from
/// starting: the other databases in it may have nothing to do with it.
pub fn load_at_server_start() {
    if let Err(reason) = ROOT_KEYS.get_or_init(load) {
        pgrx::warning!("vault is sealed: {reason}");
    }
}

/// The root keys of this server.
///
/// # Errors
/// Says why the vault is sealed.
pub fn root_keys() -> Result<&'static RootKeys, Sealed> {
    match ROOT_KEYS.get() {
        Some(Ok(keys)) => Ok(keys),
        Some(Err(reason)) => Err(reason.clone()),
        None => Err(Sealed::NotPreloaded),
    }
}

/// The root keys, for the keys of one profile.
///
/// # Errors
/// As [`root_keys`]; [`Failure::KeysDestroyed`] when the profile's keys are destroyed.
pub fn root_keys_for(profile_id: &str) -> Result<&'static RootKeys, Failure> {
    let keys = root_keys()?;
    if keys.know_as_destroyed(profile_id) {
        return Err(Failure::KeysDestroyed);
    }
    Ok(keys)
}

fn load() -> Result<RootKeys, Sealed> {
    let command = settings::root_key_command().ok_or(Sealed::NoCommand)?;
    let output = child_process::run(&command, "", settings::root_key_timeout())?;
    parse(&output)
}

fn parse(output: &[u8]) -> Result<RootKeys, Sealed> {
    let text = std::str::from_utf8(output).map_err(|_| Sealed::NoText)?;
    let mut keys = Vec::new();
    let mut destroyed = HashSet::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let line = RootKeyLine::parse(line).map_err(|reason| Sealed::Line {
            number: index + 1,
            reason,
        })?;
        match line {
            RootKeyLine::Key(key) => {
                for place in key.locations() {
                    exclude_from_core_dumps(place);
                }
                keys.push(key);
            }
            RootKeyLine::Destroyed(profile) => {
                destroyed.insert(profile.as_str().to_owned());
            }
        }
    }
    let mut keys = keys.into_iter();
    Ok(RootKeys {
        current: keys.next().ok_or(Sealed::NoKey)?,
        earlier: keys.collect(),
        destroyed,
    })
}
