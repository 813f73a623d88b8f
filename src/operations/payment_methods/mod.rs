//! Payment methods: contract, section 4.

mod change;
mod create;
mod create_many;
mod cvc;
mod import;
mod read;
pub(super) mod sealed;

pub use change::{delete, set_default, update};
pub use create::{Stored, create};
pub use create_many::{Outcome, create_many, one_for_all};
pub use cvc::use_cvc;
pub use import::Import;
pub use read::{count, list, retrieve, retrieve_details, retrieve_many};

pub(super) use change::delete_all_of_customer;
pub(super) use read::{active, active_of};
