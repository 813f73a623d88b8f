//! Customers: contract, section 3.

mod details;
mod query;
mod request;
mod response;

pub use details::{CustomerChanges, CustomerDetails};
pub use query::{ListCustomers, ListCustomersWithCount};
pub use request::{CustomerCreate, CustomerUpdate, NewCustomer};
pub use response::{CustomerDeleted, CustomerPage, CustomerResponse, PaymentMethodCount};
