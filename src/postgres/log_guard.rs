//! The last line of defence against card data and API keys in the server's log. The guard masks them in statements and messages
//! before these are written. It does not replace bind parameters, and it does not reach `pg_stat_activity`.

use std::sync::OnceLock;

use pgrx::pg_sys;
use pgrx::prelude::*;
use vault_core::redaction::{mask_credentials, mask_digits, mask_secrets, may_hold_credentials};

use crate::error::is_unreadable_text;

type Hook = unsafe extern "C-unwind" fn(*mut pg_sys::ErrorData);

static PREVIOUS: OnceLock<Option<Hook>> = OnceLock::new();

/// Installs the guard in front of other hooks on the log.
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
                mask(text, mask_secrets);
            }
            for text in [
                error.message,
                error.detail,
                error.detail_log,
                error.context,
                error.internalquery,
            ] {
                mask(text, mask_credentials);
            }
            // PostgreSQL quotes a part of a text that it could not read, and may cut a number in two. A tree has constants,
            // and a plan made for parameters has these, as bytes in decimal.
            if is_unreadable_text(error.sqlerrcode) || is_tree(error) {
                mask(error.detail, mask_digits);
                mask(error.context, mask_digits);
            }
            error.hide_stmt |= shows_secrets(pg_sys::debug_query_string);
        }
        if let Some(Some(previous)) = PREVIOUS.get() {
            previous(error);
        }
    }
}

/// Whether it is what `debug_print_parse`, `debug_print_rewritten` or `debug_print_plan` asks for.
///
/// # Safety
/// The message is null or a NUL-terminated string.
unsafe fn is_tree(error: &pg_sys::ErrorData) -> bool {
    // SAFETY: promised by the caller.
    !error.message.is_null()
        && [c"parse tree:", c"rewritten parse tree:", c"plan:"]
            .contains(&unsafe { core::ffi::CStr::from_ptr(error.message) })
}

/// # Safety
/// `text` is null or a writable NUL-terminated string.
unsafe fn mask<R>(text: *mut core::ffi::c_char, masking: impl FnOnce(&mut [u8]) -> R) {
    if !text.is_null() {
        // SAFETY: promised by the caller; the mask keeps the length.
        let bytes = unsafe {
            let length = core::ffi::CStr::from_ptr(text).to_bytes().len();
            std::slice::from_raw_parts_mut(text.cast::<u8>(), length)
        };
        masking(bytes);
    }
}

/// # Safety
/// `text` is null or a NUL-terminated string.
unsafe fn shows_secrets(text: *const core::ffi::c_char) -> bool {
    if text.is_null() {
        return false;
    }
    // SAFETY: promised by the caller.
    let bytes = unsafe { core::ffi::CStr::from_ptr(text) }.to_bytes();
    may_hold_credentials(bytes) || mask_secrets(&mut zeroize::Zeroizing::new(bytes.to_vec()))
}
