//! Payment methods: contract, section 4.

mod change;
mod code;
mod create;
mod read;
pub(super) mod sealed;

pub use change::{delete, set_default, update};
pub use code::use_cvc;
pub use create::create;
pub use read::{count, list, retrieve, retrieve_details};

pub(super) use change::delete_all_of_customer;
pub(super) use read::{active, active_of};
