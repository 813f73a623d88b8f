//! Settings of keys.

use std::ffi::CString;
use std::time::Duration;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

use super::read::{seconds, text};

/// In seconds.
const DAY: i32 = 24 * 60 * 60;

static ROOT_KEY_COMMAND: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static ROOT_KEY_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(10);
static KEY_DESTRUCTION_COMMAND: GucSetting<Option<CString>> =
    GucSetting::<Option<CString>>::new(None);
static DATA_KEY_PERIOD: GucSetting<i32> = GucSetting::<i32>::new(365 * DAY);
static TABLE_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(60);

/// Defines the settings that are read when the server starts.
pub fn define_for_server_start() {
    GucRegistry::define_string_guc(
        c"vault.root_key_command",
        c"Shell command that prints the root key.",
        c"It runs once, when the server starts. It prints 64 hexadecimal digits per line: the current root key first, \
          earlier ones after it. A line 'destroyed <profile id>' ends a profile's keys.",
        &ROOT_KEY_COMMAND,
        GucContext::Postmaster,
        GucFlags::SUPERUSER_ONLY,
    );
    GucRegistry::define_int_guc(
        c"vault.root_key_timeout",
        c"Time that the root key command and the key destruction command may each take.",
        c"When the time is over, the command is ended. The vault then starts sealed, or no key is destroyed.",
        &ROOT_KEY_TIMEOUT,
        1,
        600,
        GucContext::Postmaster,
        GucFlags::UNIT_S,
    );
}

/// Defines the others.
pub fn define() {
    GucRegistry::define_int_guc(
        c"vault.table_timeout",
        c"Time that one step of key management may spend on an application's table.",
        c"A step is a batch of vault.reencrypt, the count of a table's values, or all of a table in a rotation of an index key. \
          Code that the table's owner attached to it runs within that time, too. 0 means no limit.",
        &TABLE_TIMEOUT,
        0,
        DAY,
        GucContext::Sighup,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_string_guc(
        c"vault.key_destruction_command",
        c"Shell command that tells the source of the root key which keys are destroyed.",
        c"It runs when a transaction that called vault.destroy_profile_keys commits. Its input has a line 'destroyed <profile id>' \
          for each profile. vault.root_key_command must print these lines from then on.",
        &KEY_DESTRUCTION_COMMAND,
        GucContext::Sighup,
        GucFlags::SUPERUSER_ONLY,
    );
    GucRegistry::define_int_guc(
        c"vault.data_key_period",
        c"Time after which a data key should be rotated.",
        c"Sets rotate_after of new keys in vault.keys, which is only shown (PCI DSS 3.7.4).",
        &DATA_KEY_PERIOD,
        DAY,
        i32::MAX,
        GucContext::Sighup,
        GucFlags::UNIT_S,
    );
}

/// The shell command that prints the root key, if one is set.
pub fn root_key_command() -> Option<String> {
    text(&ROOT_KEY_COMMAND).filter(|command| !command.trim().is_empty())
}

/// The shell command that is told whose keys are destroyed, if one is set.
pub fn key_destruction_command() -> Option<String> {
    text(&KEY_DESTRUCTION_COMMAND).filter(|command| !command.trim().is_empty())
}

/// The cryptoperiod of a data key.
pub fn data_key_period() -> Duration {
    seconds(&DATA_KEY_PERIOD)
}

/// How long the root key command may run, and the key destruction command.
pub fn root_key_timeout() -> Duration {
    seconds(&ROOT_KEY_TIMEOUT)
}

/// How long one step of key management may spend on an application's table; zero is no limit.
pub fn table_timeout() -> Duration {
    seconds(&TABLE_TIMEOUT)
}
