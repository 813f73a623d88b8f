//! Who is calling: role bindings, and the profile of this transaction.

pub mod bindings;
mod caller;
pub mod session;
mod tenant;

pub use caller::{Caller, Origin, outer_role_may_index_in_bulk, outer_role_may_reveal};
pub use tenant::Tenant;
