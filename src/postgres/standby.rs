//! Whether this server is a standby.

use pgrx::pg_sys;

/// Whether the server is a standby. A standby writes nothing and has no unlogged tables.
pub fn is_on_standby() -> bool {
    // SAFETY: reads shared state.
    unsafe { pg_sys::RecoveryInProgress() }
}
