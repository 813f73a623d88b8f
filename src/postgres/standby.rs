//! Whether this server only follows another one.

use pgrx::pg_sys;

/// Whether the server is a standby: then it writes nothing, and has no unlogged tables.
pub fn is_on_standby() -> bool {
    // SAFETY: reads shared state.
    unsafe { pg_sys::RecoveryInProgress() }
}
