//! The parts of a payment card: each is parsed once, and trusted from then on.

pub mod cvc;
pub mod expiry;
pub mod network;
pub mod number;
pub mod shown;

pub use cvc::{CardCvc, CvcError};
pub use expiry::{CardExpiry, ExpiryError};
pub use network::CardNetwork;
pub use number::{CardNumber, CardNumberError};
pub use shown::ShownDigits;
