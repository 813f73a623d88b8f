#[path = "../../../src/connectors/mod.rs"]
mod connectors;
