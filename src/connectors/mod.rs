//! What the vault says to others: to payment service providers, which make tokens of cards, and to token services, which get
//! network tokens. Each kind of account has a file or a folder. There is one trait for providers and one for token services.
//!
//! A thread of its own makes the calls ([`outside`]). It must never call PostgreSQL. Nothing in this room can, because the room
//! uses neither pgrx nor any other room of the extension. `pgrx-tests/tests/connectors` compiles it without PostgreSQL.

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
