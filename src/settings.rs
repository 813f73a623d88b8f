//! Every setting of the vault. A setting names a key command; none ever holds a key, and none names a profile.

use std::ffi::{CStr, CString};
use std::path::PathBuf;
use std::time::Duration;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

use crate::connectors::AllowList;
use crate::postgres::guc;

/// The longest word in an identifier or key.
const MAX_WORD_LENGTH: usize = 16;

/// In seconds.
const DAY: i32 = 24 * 60 * 60;

static ROOT_KEY_COMMAND: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static KEY_DESTRUCTION_COMMAND: GucSetting<Option<CString>> =
    GucSetting::<Option<CString>>::new(None);
static DATA_KEY_PERIOD: GucSetting<i32> = GucSetting::<i32>::new(365 * DAY);
static ROOT_KEY_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(10);
static DATABASES: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static CELL: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"12345"));
static ENVIRONMENT: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"dev"));
static VACUUM_AFTER: GucSetting<i32> = GucSetting::<i32>::new(10 * 60);
static LOCKOUT_FAILURES: GucSetting<i32> = GucSetting::<i32>::new(10);
static LOCKOUT_FAILURES_TOTAL: GucSetting<i32> = GucSetting::<i32>::new(100);
static LOCKOUT_DURATION: GucSetting<i32> = GucSetting::<i32>::new(30 * 60);
static TABLE_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(60);
static CARD_NUMBERS_PER_MINUTE: GucSetting<i32> = GucSetting::<i32>::new(1000);
static CONNECTOR_HOSTS: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static CONNECTOR_CA_FILE: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static CONNECTOR_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(10_000);
static TOKEN_JOB_ATTEMPTS: GucSetting<i32> = GucSetting::<i32>::new(8);
static TOKEN_JOB_BACKOFF: GucSetting<i32> = GucSetting::<i32>::new(1_000);
static NETWORK_TOKEN_CHECK_PERIOD: GucSetting<i32> = GucSetting::<i32>::new(DAY);

/// Registers the settings, and keeps the prefix `vault.` from anything else. Those that are read when the server starts
/// exist only where the server loads the library at its start.
pub fn register(preloading: bool) {
    if preloading {
        register_for_server_start();
    }
    register_for_reload();
    register_connectors();
    guc::reserve_prefix(c"vault");
}

fn register_for_server_start() {
    GucRegistry::define_string_guc(
        c"vault.root_key_command",
        c"Shell command that prints the root key.",
        c"Run once, when the server starts. Prints 64 hexadecimal digits per line: the current root key first, \
          earlier ones after it. A line 'destroyed <profile id>' ends a profile's keys.",
        &ROOT_KEY_COMMAND,
        GucContext::Postmaster,
        GucFlags::SUPERUSER_ONLY,
    );
    GucRegistry::define_int_guc(
        c"vault.root_key_timeout",
        c"Time that the root key command may take, and the key destruction command.",
        c"After it the command is ended: the vault starts sealed, nothing is destroyed.",
        &ROOT_KEY_TIMEOUT,
        1,
        600,
        GucContext::Postmaster,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_string_guc(
        c"vault.databases",
        c"Databases with a vault, separated by commas.",
        c"Each gets a background worker, a process that vacuums, and one that carries out the jobs at connectors. In any other \
          database nothing is revealed, refusals are not recorded, and no token is made.",
        &DATABASES,
        GucContext::Postmaster,
        GucFlags::default(),
    );
}

fn register_for_reload() {
    GucRegistry::define_int_guc(
        c"vault.table_timeout",
        c"Time that one step of key management may spend on an application's table.",
        c"A step is a batch of vault.reencrypt, the count of a table's values, or all of a table in a rotation of an index key. \
          Code that the table's owner attached to it runs in that time, too. 0 is no limit.",
        &TABLE_TIMEOUT,
        0,
        DAY,
        GucContext::Sighup,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_string_guc(
        c"vault.key_destruction_command",
        c"Shell command that has the source of the root key remember destroyed keys.",
        c"Run when a transaction commits that called vault.destroy_profile_keys, with a line 'destroyed <profile id>' \
          for each profile as its input, which vault.root_key_command prints from then on.",
        &KEY_DESTRUCTION_COMMAND,
        GucContext::Sighup,
        GucFlags::SUPERUSER_ONLY,
    );
    GucRegistry::define_int_guc(
        c"vault.data_key_period",
        c"Time after which a data key should be rotated.",
        c"Sets rotate_after of new keys in vault.keys, which is shown and not acted upon (PCI DSS 3.7.4).",
        &DATA_KEY_PERIOD,
        DAY,
        i32::MAX,
        GucContext::Sighup,
        GucFlags::UNIT_S,
    );
    guc::define_checked::<Word>(
        c"vault.cell",
        c"First part of the identifiers of customers and payment methods.",
        c"Names the installation, so that identifiers of two never meet.",
        &CELL,
    );
    guc::define_checked::<Word>(
        c"vault.environment",
        c"First part of API keys: dev, snd or prd.",
        c"",
        &ENVIRONMENT,
    );
    GucRegistry::define_int_guc(
        c"vault.vacuum_after",
        c"Time after which deleted and replaced ciphertext is vacuumed out of the vault's tables.",
        c"0 leaves it to autovacuum.",
        &VACUUM_AFTER,
        0,
        DAY,
        GucContext::Sighup,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_int_guc(
        c"vault.lockout_failures",
        c"Failed authentications in a row that lock an API key prefix for one client address or role.",
        c"PCI DSS 8.3.4 allows ten at most.",
        &LOCKOUT_FAILURES,
        1,
        10,
        GucContext::Sighup,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"vault.lockout_failures_total",
        c"Failed authentications within vault.lockout_duration that lock an API key prefix from anywhere, or a client address \
          or role with any key.",
        c"By SQL and over HTTP they are counted apart.",
        &LOCKOUT_FAILURES_TOTAL,
        10,
        10_000,
        GucContext::Sighup,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"vault.lockout_duration",
        c"Time that a lock lasts.",
        c"PCI DSS 8.3.4 asks for thirty minutes at least.",
        &LOCKOUT_DURATION,
        30 * 60,
        24 * 60 * 60,
        GucContext::Sighup,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_int_guc(
        c"vault.card_numbers_per_minute",
        c"Card numbers of which a role or an API key may have the blind index or fingerprint computed in a minute.",
        c"Whoever may see full card numbers has no limit, nor have members of vault_bulk. 0 is no limit for anybody.",
        &CARD_NUMBERS_PER_MINUTE,
        0,
        i32::MAX,
        GucContext::Sighup,
        GucFlags::default(),
    );
}

fn register_connectors() {
    guc::define_checked::<Hosts>(
            c"vault.connector_hosts",
            c"Hosts that connector accounts may call, separated by commas.",
            c"Names (api.stripe.com, *.example.com), addresses and networks (127.0.0.1, 10.1.0.0/16), each with a port or without. \
              An address of this machine or of a private network must be named as such. Empty: no account can be called.",
            &CONNECTOR_HOSTS,
    );
    GucRegistry::define_string_guc(
        c"vault.connector_ca_file",
        c"File of certificates (PEM) that vouch for the servers of connectors, beside the system's.",
        c"",
        &CONNECTOR_CA_FILE,
        GucContext::Sighup,
        GucFlags::SUPERUSER_ONLY,
    );
    GucRegistry::define_int_guc(
        c"vault.connector_timeout",
        c"Time that a connector has to take a connection, to begin its answer, and to end it, each.",
        c"",
        &CONNECTOR_TIMEOUT,
        100,
        60_000,
        GucContext::Sighup,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"vault.token_job_attempts",
        c"How often a job is tried at a connector before it fails.",
        c"vault.retry_token_job has a failed job tried again.",
        &TOKEN_JOB_ATTEMPTS,
        1,
        100,
        GucContext::Sighup,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"vault.token_job_backoff",
        c"Time before the second try of a job at a connector.",
        c"Before each further try it is four times as long, an hour at most.",
        &TOKEN_JOB_BACKOFF,
        10,
        3_600_000,
        GucContext::Sighup,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"vault.network_token_check_period",
        c"Time after which the worker asks the token service again whether a network token is still good.",
        c"",
        &NETWORK_TOKEN_CHECK_PERIOD,
        1,
        30 * DAY,
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

/// The databases that a worker looks after, each once.
pub fn databases() -> Vec<String> {
    let databases = text(&DATABASES).unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for name in databases.split(',').map(str::trim) {
        if !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// First part of new identifiers.
pub fn cell() -> String {
    text(&CELL).unwrap_or_default()
}

/// First part of new API keys.
pub fn environment() -> String {
    text(&ENVIRONMENT).unwrap_or_default()
}

/// How long deleted ciphertext may stay; none when nobody asks.
pub fn vacuum_after() -> Option<Duration> {
    Some(seconds(&VACUUM_AFTER)).filter(|time| !time.is_zero())
}

/// Failures after which a key prefix is locked for one address or role.
pub fn lockout_failures() -> u32 {
    u32::try_from(LOCKOUT_FAILURES.get()).unwrap_or(1)
}

/// How long one step of key management may spend on an application's table; zero is no limit.
pub fn table_timeout() -> Duration {
    seconds(&TABLE_TIMEOUT)
}

/// Failures after which a key prefix is locked from anywhere, or an address or role with any key.
pub fn lockout_failures_total() -> u32 {
    u32::try_from(LOCKOUT_FAILURES_TOTAL.get()).unwrap_or(1)
}

/// How long a lock lasts.
pub fn lockout_duration() -> Duration {
    seconds(&LOCKOUT_DURATION)
}

/// Card numbers that a role or an API key may have indexed in a minute, if there is a limit.
pub fn card_numbers_per_minute() -> Option<u32> {
    let limit = u32::try_from(CARD_NUMBERS_PER_MINUTE.get()).unwrap_or_default();
    (limit > 0).then_some(limit)
}

/// The hosts and addresses that connector accounts may call.
pub fn connector_hosts() -> AllowList {
    // The setting takes no other text; one that cannot be read would allow nothing.
    AllowList::parse(&text(&CONNECTOR_HOSTS).unwrap_or_default()).unwrap_or_default()
}

/// Further certificates that vouch for the servers of connectors.
pub fn connector_ca_file() -> Option<PathBuf> {
    text(&CONNECTOR_CA_FILE)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// How long a connector has for each part of a call.
pub fn connector_timeout() -> Duration {
    milliseconds(&CONNECTOR_TIMEOUT)
}

/// How often a job is tried before it fails.
pub fn token_job_attempts() -> i32 {
    TOKEN_JOB_ATTEMPTS.get()
}

/// How long a job waits for its second try.
pub fn token_job_backoff() -> Duration {
    milliseconds(&TOKEN_JOB_BACKOFF)
}

/// After what time the state of a network token is asked for again.
pub fn network_token_check_period() -> Duration {
    seconds(&NETWORK_TOKEN_CHECK_PERIOD)
}

/// A word stands in identifiers and keys, where an underscore ends it.
struct Word;

impl guc::Rule for Word {
    fn allows(value: Option<&CStr>) -> bool {
        value.map(CStr::to_bytes).is_some_and(|value| {
            (1..=MAX_WORD_LENGTH).contains(&value.len())
                && value.iter().all(u8::is_ascii_alphanumeric)
        })
    }
}

/// What cannot be read is refused, so that a typing error does not shut everything out unnoticed.
struct Hosts;

impl guc::Rule for Hosts {
    fn allows(value: Option<&CStr>) -> bool {
        value.is_none_or(|value| {
            let value = value.to_str();
            value.is_ok_and(|value| AllowList::parse(value).is_ok())
        })
    }
}

fn text(setting: &'static GucSetting<Option<CString>>) -> Option<String> {
    setting.get().and_then(|value| value.into_string().ok())
}

fn seconds(setting: &'static GucSetting<i32>) -> Duration {
    Duration::from_secs(u64::try_from(setting.get()).unwrap_or_default())
}

fn milliseconds(setting: &'static GucSetting<i32>) -> Duration {
    Duration::from_millis(u64::try_from(setting.get()).unwrap_or_default())
}
