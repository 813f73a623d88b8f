//! Settings of calls to connectors.

use core::ffi::CStr;
use std::ffi::CString;
use std::path::PathBuf;
use std::time::Duration;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

use super::read::{milliseconds, seconds, text};
use crate::connectors::AllowList;
use crate::postgres::guc;

/// In seconds.
const DAY: i32 = 24 * 60 * 60;

static CONNECTOR_HOSTS: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static CONNECTOR_CA_FILE: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static CONNECTOR_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(10_000);
static TOKEN_JOB_ATTEMPTS: GucSetting<i32> = GucSetting::<i32>::new(8);
static TOKEN_JOB_BACKOFF: GucSetting<i32> = GucSetting::<i32>::new(1_000);
static NETWORK_TOKEN_CHECK_PERIOD: GucSetting<i32> = GucSetting::<i32>::new(DAY);

/// Defines the settings of a call.
pub fn define() {
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
        c"Time that a connector has for each of three steps: to take a connection, to begin its answer and to end it.",
        c"",
        &CONNECTOR_TIMEOUT,
        100,
        60_000,
        GucContext::Sighup,
        GucFlags::UNIT_MS,
    );
    define_jobs();
}

fn define_jobs() {
    GucRegistry::define_int_guc(
        c"vault.token_job_attempts",
        c"How often a job is tried at a connector before it fails.",
        c"vault.retry_token_job tries a failed job again.",
        &TOKEN_JOB_ATTEMPTS,
        1,
        100,
        GucContext::Sighup,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"vault.token_job_backoff",
        c"Time before the second try of a job at a connector.",
        c"It is four times as long before each further try, and at most an hour.",
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
