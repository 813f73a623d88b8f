//! The encrypted column types: datum plumbing only, one file per SQL type.
//!
//! A datum is an envelope; of a searchable type, an envelope behind its label. Output and send give its text form and its
//! bytes, input and receive take nothing else: no path into a column encrypts, and none out of it decrypts, but the
//! functions that are named for it.
//!
//! `vault.encrypt` is VOLATILE, for no two of its results are the same. `vault.searchable` and `vault.card_number` are
//! STABLE: two of their results for one value differ in the envelope alone, so within a statement they are equal, by the
//! `=` of their types, as STABLE promises. That lets `WHERE email = vault.searchable(…)` use an index, and costs nothing:
//! one result in two places of a statement tells no more than two with the same index.

mod comparison;
mod datum;
mod searchable;

pub mod card_number;
pub mod encrypted_json;
pub mod encrypted_text;
pub mod jsonb;
pub mod key_ids;
pub mod searchable_text;
