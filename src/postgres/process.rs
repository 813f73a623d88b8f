//! Processes of the server.

use pgrx::pg_sys;

/// The id of this process.
pub fn own_id() -> i32 {
    // SAFETY: set when the process starts.
    unsafe { pg_sys::MyProcPid }
}

/// Whether a process of the server with this id is there.
pub fn is_alive(id: i32) -> bool {
    // SAFETY: a look-up in shared memory.
    unsafe { !pg_sys::BackendPidGetProc(id).is_null() }
}
