//! The encrypted column types: datum plumbing only, one file per SQL type.
//!
//! A datum is an envelope. Output and send give its text form and its bytes, input and receive take nothing else: no path
//! into a column encrypts, and none out of it decrypts, but `vault.encrypt` and `vault.decrypt`.

mod datum;
pub mod encrypted_json;
pub mod encrypted_text;
pub mod jsonb;
