//! Settings of the server and the databases with a vault in it.

use core::ffi::CStr;
use std::ffi::CString;
use std::time::Duration;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

use super::read::{seconds, text};
use crate::postgres::guc;

/// The longest word in an identifier or key.
const MAX_WORD_LENGTH: usize = 16;

/// In seconds.
const DAY: i32 = 24 * 60 * 60;

static DATABASES: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static CELL: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"12345"));
static ENVIRONMENT: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"dev"));
static VACUUM_AFTER: GucSetting<i32> = GucSetting::<i32>::new(10 * 60);
static AUDIT_RETENTION_MONTHS: GucSetting<i32> = GucSetting::<i32>::new(1200);

/// Defines the settings that are read when the server starts.
pub fn define_for_server_start() {
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

/// Defines the others.
pub fn define() {
    guc::define_checked::<Word>(
        c"vault.cell",
        c"First part of the identifiers of customers and payment methods.",
        c"It names the installation, so that two installations never have the same identifiers.",
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
        c"vault.audit_retention_months",
        c"Number of months before the present one whose rows stay in the audit log.",
        c"Earlier months are dropped. PCI DSS 10.5.1 requires at least twelve.",
        &AUDIT_RETENTION_MONTHS,
        12,
        1200,
        GucContext::Sighup,
        GucFlags::default(),
    );
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

/// For how many months rows stay in the audit log after the month in which they were written.
pub fn audit_retention_months() -> i32 {
    AUDIT_RETENTION_MONTHS.get()
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
