#[path = "../../../src/connectors/mod.rs"]
mod connectors;

mod jwe;
mod sandboxes;
mod token_calls;
mod token_service;
