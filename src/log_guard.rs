//! The last line of defence against card data in the server's log: statements and messages that show some are masked
//! before they are written. It does not replace bind parameters, and it does not reach `pg_stat_activity`.

use std::sync::OnceLock;

use pgrx::pg_sys;
use pgrx::prelude::*;
use vault_core::redaction::mask_card_data;

type Hook = unsafe extern "C-unwind" fn(*mut pg_sys::ErrorData);

static PREVIOUS: OnceLock<Option<Hook>> = OnceLock::new();

/// Puts the guard in front of whoever else watches the log.
pub fn install() {
    // SAFETY: the hook is set once, by the postmaster, before it has any other thread or process.
    unsafe {
        if PREVIOUS.set(pg_sys::emit_log_hook).is_ok() {
            pg_sys::emit_log_hook = Some(guard);
        }
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn guard(error: *mut pg_sys::ErrorData) {
    // SAFETY: PostgreSQL calls the hook with the error it is about to write; its texts are NUL-terminated, its own, and
    // writable.
    unsafe {
        if let Some(error) = error.as_mut() {
            for text in [
                error.message,
                error.detail,
                error.detail_log,
                error.hint,
                error.context,
                error.internalquery,
            ] {
                mask(text);
            }
            error.hide_stmt |= shows_card_data(pg_sys::debug_query_string);
        }
        if let Some(Some(previous)) = PREVIOUS.get() {
            previous(error);
        }
    }
}

/// # Safety
/// `text` is null or a writable NUL-terminated string.
unsafe fn mask(text: *mut core::ffi::c_char) {
    if !text.is_null() {
        // SAFETY: promised by the caller; the mask keeps the length.
        let bytes = unsafe {
            let length = core::ffi::CStr::from_ptr(text).to_bytes().len();
            std::slice::from_raw_parts_mut(text.cast::<u8>(), length)
        };
        mask_card_data(bytes);
    }
}

/// # Safety
/// `text` is null or a NUL-terminated string.
unsafe fn shows_card_data(text: *const core::ffi::c_char) -> bool {
    if text.is_null() {
        return false;
    }
    // SAFETY: promised by the caller.
    let bytes = unsafe { core::ffi::CStr::from_ptr(text) }.to_bytes();
    mask_card_data(&mut zeroize::Zeroizing::new(bytes.to_vec()))
}
