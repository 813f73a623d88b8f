//! The client of this session.

use pgrx::pg_sys;

/// The client's address. None for a client on a local socket.
pub fn address() -> Option<String> {
    // SAFETY: the function takes no arguments and answers NULL where the client has no address.
    let address: Option<pgrx::Inet> =
        unsafe { pgrx::direct_function_call(pg_sys::inet_client_addr, &[]) };
    address.map(|address| address.0)
}
