//! What the vault says to others: payment service providers, which make tokens of cards, and token services, which get
//! network tokens. One file per kind of account, behind one trait for each of the two.
//!
//! The calls are made by a thread of their own ([`outside`]), which must never call PostgreSQL. Nothing in this room can: it
//! uses neither pgrx nor any other room of the extension, and `pgrx-tests/tests/connectors` compiles it without PostgreSQL.

#![forbid(unsafe_code)]

mod account;
pub mod allow_list;
mod answer;
mod call_rules;
mod connection;
mod fault;
mod http;
mod http_template;
mod network_token;
pub mod outside;
mod provider;
mod settings;
mod stripe;
mod template;
mod token_service;

pub use account::{Account, Kind};
pub use allow_list::AllowList;
pub use call_rules::CallRules;
pub use fault::{Fault, FaultKind};
pub use network_token::{NetworkToken, NetworkTokenCheck, NetworkTokenOrder};
pub use outside::{Answer, Call, Outside, Work};
pub use provider::{CardDetails, MadeToken, TokenOrder, TokenUse};
pub use settings::SettingsError;
