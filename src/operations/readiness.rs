//! Whether this server can store something.

use crate::error::Failure;
use crate::keys;
use crate::postgres::random::random_bytes;
use crate::postgres::standby::is_on_standby;

/// How much randomness one sealed value takes.
type Nonce = [u8; 24];

/// Returns when a value can be sealed and stored: there is a root key, it is this database's, there is randomness, and the server
/// is no standby. It looks at no profile, because a profile whose keys are destroyed says nothing about the others.
///
/// # Errors
/// Says why not.
pub fn check() -> Result<(), Failure> {
    keys::check_usable()?;
    let _: Nonce = random_bytes()?;
    if is_on_standby() {
        return Err(Failure::Standby);
    }
    Ok(())
}
