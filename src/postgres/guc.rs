//! PostgreSQL's settings.

use core::ffi::{CStr, c_char, c_void};
use std::ffi::CString;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};
use pgrx::pg_sys;
use pgrx::prelude::*;
use zeroize::Zeroizing;

use crate::error::{Defect, Failure};

/// Which texts a setting takes.
pub trait Rule {
    /// Whether the setting takes this text. None stands for a setting without a value.
    fn allows(value: Option<&CStr>) -> bool;
}

/// Defines a text setting that is read with the configuration and takes the texts that the rule allows.
pub fn define_checked<R: Rule>(
    name: &'static CStr,
    short_description: &'static CStr,
    long_description: &'static CStr,
    setting: &'static GucSetting<Option<CString>>,
) {
    // SAFETY: the hook is guarded, and lives as long as the library.
    unsafe {
        GucRegistry::define_string_guc_with_hooks(
            name,
            short_description,
            long_description,
            setting,
            GucContext::Sighup,
            GucFlags::default(),
            Some(check::<R>),
            None,
            None,
        );
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn check<R: Rule>(
    new_value: *mut *mut c_char,
    _extra: *mut *mut c_void,
    _source: pg_sys::GucSource::Type,
) -> bool {
    // SAFETY: PostgreSQL passes the new value, NUL-terminated, or NULL where the setting has none.
    let value = unsafe { (!(*new_value).is_null()).then(|| CStr::from_ptr(*new_value)) };
    R::allows(value)
}

/// Refuses settings with this prefix that nobody has defined. Called when the library is loaded.
pub fn reserve_prefix(prefix: &CStr) {
    // SAFETY: NUL-terminated, and copied by the callee.
    unsafe { pg_sys::MarkGUCPrefixReserved(prefix.as_ptr()) };
}

/// A copy of a setting's value, wiped when dropped. None if the setting is unset or empty. A setting that an earlier
/// transaction has set with SET LOCAL reads as empty.
pub fn value(name: &CStr) -> Option<Zeroizing<Vec<u8>>> {
    // SAFETY: the value stays until the setting changes, which nothing does while it is copied.
    let value = unsafe {
        let value = pg_sys::GetConfigOption(name.as_ptr(), true, false);
        (!value.is_null()).then(|| Zeroizing::new(CStr::from_ptr(value).to_bytes().to_vec()))
    };
    value.filter(|value| !value.is_empty())
}

/// Sets a setting for this transaction, with the rights of its user.
///
/// # Errors
/// When the value has a zero byte.
pub fn set_for_transaction(name: &CStr, value: &str) -> Result<(), Failure> {
    let value = CString::new(value).map_err(|_| Defect::ZeroByte)?;
    // SAFETY: both strings are NUL-terminated and copied by the callee.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_LOCAL,
            true,
            0,
            false,
        );
    }
    Ok(())
}

/// Sets a setting for the life of this process, whatever the configuration says. Called outside of any transaction.
pub fn set_for_process(name: &CStr, value: &CStr) {
    // SAFETY: both strings are NUL-terminated and copied by the callee.
    unsafe {
        pg_sys::SetConfigOption(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_SUSET,
            pg_sys::GucSource::PGC_S_OVERRIDE,
        );
    }
}
