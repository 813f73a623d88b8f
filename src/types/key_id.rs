//! The data key that sealed a value, which its text form shows, too.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::searchable::Kind;
use vault_core::crypto::{Envelope, KeyId, Searchable};

use super::card_number::CardNumber;
use super::encrypted_json::EncryptedJson;
use super::encrypted_text::EncryptedText;
use super::searchable_text::SearchableText;
use crate::error::Failure;

#[pg_extern(immutable, parallel_safe, name = "key_id")]
pub fn key_id_of_encrypted_text(value: EncryptedText) -> Result<i32, ErrorReport> {
    Ok(of_envelope(&value.0)?)
}

#[pg_extern(immutable, parallel_safe, name = "key_id")]
pub fn key_id_of_encrypted_json(value: EncryptedJson) -> Result<i32, ErrorReport> {
    Ok(of_envelope(&value.0)?)
}

#[pg_extern(immutable, parallel_safe, name = "key_id")]
pub fn key_id_of_searchable_text(value: SearchableText) -> Result<i32, ErrorReport> {
    Ok(of_searchable(Kind::Text, &value.0)?)
}

#[pg_extern(immutable, parallel_safe, name = "key_id")]
pub fn key_id_of_card_number(value: CardNumber) -> Result<i32, ErrorReport> {
    Ok(of_searchable(Kind::CardNumber, &value.0)?)
}

fn of_searchable(kind: Kind, value: &[u8]) -> Result<i32, Failure> {
    of_envelope(Searchable::parse(kind, value)?.sealed())
}

fn of_envelope(envelope: &[u8]) -> Result<i32, Failure> {
    let KeyId(key_id) = Envelope::parse(envelope)?.key_id();
    i32::try_from(key_id).map_err(|_| Failure::Malformed)
}
