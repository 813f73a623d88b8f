//! Who is calling: API keys, role bindings, and the profile of this transaction.

pub mod audit;
mod authentication;
pub mod bindings;
mod caller;
pub mod kept;
pub mod lockout;
pub mod session;

pub use authentication::{Credentials, authenticate, refuse_without_key};
pub use caller::{Caller, Origin, outer_role_may_reveal};
