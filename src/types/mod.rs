//! The encrypted column types, one file for each SQL type.
//!
//! A datum is an envelope. A datum of a searchable type is a label followed by an envelope. Output gives the text form, and
//! send gives the bytes. Input and receive take nothing else. Only the functions that are named for it encrypt and decrypt.
//!
//! `vault.encrypt` is VOLATILE, because no two of its results are the same. `vault.searchable` and `vault.card_number` are
//! STABLE. Two of their results for one value differ in the envelope alone, so they are equal by the `=` of their types, as
//! STABLE promises. Therefore `WHERE email = vault.searchable(…)` can use an index. PostgreSQL may use one result in two
//! places of a statement, which reveals no more than two results with the same blind index.

mod comparison;
mod datum;
mod searchable;

pub mod card_number;
pub mod encrypted_json;
pub mod encrypted_text;
pub mod jsonb;
pub mod key_ids;
pub mod searchable_text;
