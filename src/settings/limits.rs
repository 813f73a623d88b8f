//! Settings of what is counted and limited.

use std::time::Duration;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

use super::read::seconds;

static LOCKOUT_FAILURES: GucSetting<i32> = GucSetting::<i32>::new(10);
static LOCKOUT_FAILURES_TOTAL: GucSetting<i32> = GucSetting::<i32>::new(100);
static LOCKOUT_DURATION: GucSetting<i32> = GucSetting::<i32>::new(30 * 60);
static CARD_NUMBERS_PER_MINUTE: GucSetting<i32> = GucSetting::<i32>::new(1000);

/// Defines the settings.
pub fn define() {
    GucRegistry::define_int_guc(
        c"vault.lockout_failures",
        c"Failed authentications in a row that lock an API key prefix for one client address or role.",
        c"PCI DSS 8.3.4 allows at most ten.",
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
        c"Failures by SQL and over HTTP are counted separately.",
        &LOCKOUT_FAILURES_TOTAL,
        10,
        10_000,
        GucContext::Sighup,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"vault.lockout_duration",
        c"Time that a lock lasts.",
        c"PCI DSS 8.3.4 requires at least thirty minutes.",
        &LOCKOUT_DURATION,
        30 * 60,
        24 * 60 * 60,
        GucContext::Sighup,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_int_guc(
        c"vault.card_numbers_per_minute",
        c"Card numbers whose blind index or fingerprint a role or an API key may have computed in a minute.",
        c"Roles and keys that may see full card numbers have no limit, nor do members of vault_bulk. 0 means no limit at all.",
        &CARD_NUMBERS_PER_MINUTE,
        0,
        i32::MAX,
        GucContext::Sighup,
        GucFlags::default(),
    );
}

/// Failures after which a key prefix is locked for one address or role.
pub fn lockout_failures() -> u32 {
    u32::try_from(LOCKOUT_FAILURES.get()).unwrap_or(1)
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
