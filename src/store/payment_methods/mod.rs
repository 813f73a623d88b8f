//! Table `vault.payment_methods`.

mod change;
mod count;
mod create;
mod find;
pub(super) mod stored;

pub use change::{redact, redact_all_of_customer, update};
pub use count::{add_up, count_active};
pub use create::{Inserted, NewRow, Refresh, find_duplicate, insert, insert_all, refresh};
pub use find::{customer_of, find, find_all, find_with_instrument, list, lock, lock_if_free};
pub use stored::{Status, StoredPaymentMethod};
