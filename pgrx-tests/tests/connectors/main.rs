//! What the vault says to others, against servers of these tests: real sockets, real TLS.
//!
//! The room is compiled here without PostgreSQL. So the compiler shows that its thread cannot call PostgreSQL.

#[expect(
    dead_code,
    unused_imports,
    reason = "the extension uses all of it, these tests a part"
)]
#[path = "../../../src/connectors/mod.rs"]
mod connectors;

mod addresses;
mod answers;
mod caller;
mod certificates;
mod examples;
mod http_template;
mod jwe;
mod provider;
mod sandboxes;
mod server;
mod stripe;
mod template_settings;
mod thread;
mod time_outs;
mod tls;
mod token_calls;
mod token_service;
