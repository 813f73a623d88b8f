//! What is wrong with the vault's own roles.

use crate::audit::{self, Event};
use crate::error::Failure;
use crate::store;

/// Reports in the server's log and the audit log everything that lets somebody else act as one of the vault's own roles.
pub fn report() -> Result<(), Failure> {
    for found in store::as_operator(store::roles::findings)? {
        let (role, finding) = (found.role_name, found.finding);
        pgrx::warning!("the role {role} {finding}; to fix it: {}", found.remedy);
        let object = format!("{role} {finding}");
        audit::note(Event::RoleUnsafe, None, "vault worker", None, &object);
    }
    Ok(())
}
