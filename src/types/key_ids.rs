//! The keys that a value is under, which its text form shows, too.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::searchable::Kind;
use vault_core::crypto::{Envelope, KeyId, Searchable};

use super::card_number::CardNumber;
use super::encrypted_json::EncryptedJson;
use super::encrypted_text::EncryptedText;
use super::searchable_text::SearchableText;
use crate::error::Failure;

#[pg_extern(immutable, parallel_safe, name = "key_ids")]
pub fn key_ids_of_encrypted_text(value: EncryptedText) -> Result<Vec<i32>, ErrorReport> {
    Ok(vec![of_envelope(&value.0)?])
}

#[pg_extern(immutable, parallel_safe, name = "key_ids")]
pub fn key_ids_of_encrypted_json(value: EncryptedJson) -> Result<Vec<i32>, ErrorReport> {
    Ok(vec![of_envelope(&value.0)?])
}

#[pg_extern(immutable, parallel_safe, name = "key_ids")]
pub fn key_ids_of_searchable_text(value: SearchableText) -> Result<Vec<i32>, ErrorReport> {
    Ok(of_searchable(Kind::Text, &value.0)?)
}

#[pg_extern(immutable, parallel_safe, name = "key_ids")]
pub fn key_ids_of_card_number(value: CardNumber) -> Result<Vec<i32>, ErrorReport> {
    Ok(of_searchable(Kind::CardNumber, &value.0)?)
}

fn of_envelope(envelope: &[u8]) -> Result<i32, Failure> {
    number(Envelope::parse(envelope)?.key_id())
}

fn of_searchable(kind: Kind, value: &[u8]) -> Result<Vec<i32>, Failure> {
    let value = Searchable::parse(kind, value)?;
    Ok(vec![
        number(value.data_key_id())?,
        number(value.index_key_id())?,
    ])
}

fn number(KeyId(key_id): KeyId) -> Result<i32, Failure> {
    i32::try_from(key_id).map_err(|_| Failure::Malformed)
}
