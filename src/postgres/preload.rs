//! Whether the library was loaded when the server started. Only then are there shared memory and a root key.

use std::sync::OnceLock;

use pgrx::pg_sys;

use crate::error::Sealed;

/// Set by the postmaster, inherited by every backend.
static PRELOADED: OnceLock<()> = OnceLock::new();

/// Remembers, for this process and its children, whether the postmaster is loading the library now, and tells it. Called when
/// the library is loaded.
pub fn remember() -> bool {
    // SAFETY: set by the postmaster before it loads the libraries.
    let preloading = unsafe { pg_sys::process_shared_preload_libraries_in_progress };
    if preloading {
        PRELOADED.get_or_init(|| ());
    }
    preloading
}

/// Whether the library was loaded when the server started.
pub fn is_preloaded() -> bool {
    PRELOADED.get().is_some()
}

/// Fails where there is no shared memory.
///
/// # Errors
/// [`Sealed::NotPreloaded`].
pub fn check_preloaded() -> Result<(), Sealed> {
    if is_preloaded() {
        Ok(())
    } else {
        Err(Sealed::NotPreloaded)
    }
}
