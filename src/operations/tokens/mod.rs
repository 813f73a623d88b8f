//! Tokens that others make for a payment method: those of payment service providers and those of card networks.
//!
//! A create asks for a token by a job, which commits with the payment method ([`order`]). The worker takes the job, opens the card
//! for one call and sends it ([`send`]), and writes what came back ([`receive`]).

mod connector_customers;
mod jobs;
mod lifetime;
mod order;
mod receive;
mod send;
mod using;

pub use jobs::{delete_finished, make_sent_due, order_checks, retry};
pub use lifetime::token_expiry;
pub use order::{Order, cancel_and_retract, token_service};
pub use receive::{apply, receive};
pub use send::{Accounts, Sending, call_rules, customer_of, due, patience, put_off, send};
pub use using::use_token;
