//! What settings hold, as Rust has it.

use std::ffi::CString;
use std::time::Duration;

use pgrx::guc::GucSetting;

/// The text; none where it is no UTF-8.
pub fn text(setting: &'static GucSetting<Option<CString>>) -> Option<String> {
    setting.get().and_then(|value| value.into_string().ok())
}

/// A number of seconds.
pub fn seconds(setting: &'static GucSetting<i32>) -> Duration {
    Duration::from_secs(u64::try_from(setting.get()).unwrap_or_default())
}

/// A number of milliseconds.
pub fn milliseconds(setting: &'static GucSetting<i32>) -> Duration {
    Duration::from_millis(u64::try_from(setting.get()).unwrap_or_default())
}
