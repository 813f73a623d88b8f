//! docs/openapi.json against a running vault. That every answer of all other tests is one that it describes, `Client::send` sees
//! to.

mod clients;
mod examples;
mod reference;
mod schemathesis;
