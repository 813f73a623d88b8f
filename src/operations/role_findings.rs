//! What is wrong with the vault's own roles.

use crate::audit::{self, Event};
use crate::error::Failure;
use crate::store;

/// Tells the log and the auditors of everything that lets somebody else be one of the vault's own roles.
pub fn report() -> Result<(), Failure> {
    for found in store::as_operator(store::roles::findings)? {
        let (role, finding) = (found.role_name, found.finding);
        pgrx::warning!("the role {role} {finding}; to fix it: {}", found.remedy);
        let object = format!("{role} {finding}");
        audit::note(Event::RoleUnsafe, "", "vault worker", None, &object);
    }
    Ok(())
}
