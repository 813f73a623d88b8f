//! The ids of the keys that a value is under. The text form of the value shows them, too.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::{ColumnType, KeyId};

use super::card_number::CardNumber;
use super::encrypted_json::EncryptedJson;
use super::encrypted_text::EncryptedText;
use super::searchable_text::SearchableText;
use crate::error::Failure;

#[pg_extern(immutable, parallel_safe, name = "key_ids")]
pub fn key_ids_of_encrypted_text(value: EncryptedText) -> Result<Vec<i32>, ErrorReport> {
    Ok(key_ids(ColumnType::Text, &value.0)?)
}

#[pg_extern(immutable, parallel_safe, name = "key_ids")]
pub fn key_ids_of_encrypted_json(value: EncryptedJson) -> Result<Vec<i32>, ErrorReport> {
    Ok(key_ids(ColumnType::Json, &value.0)?)
}

#[pg_extern(immutable, parallel_safe, name = "key_ids")]
pub fn key_ids_of_searchable_text(value: SearchableText) -> Result<Vec<i32>, ErrorReport> {
    Ok(key_ids(ColumnType::Searchable, &value.0)?)
}

#[pg_extern(immutable, parallel_safe, name = "key_ids")]
pub fn key_ids_of_card_number(value: CardNumber) -> Result<Vec<i32>, ErrorReport> {
    Ok(key_ids(ColumnType::CardNumber, &value.0)?)
}

fn key_ids(column_type: ColumnType, value: &[u8]) -> Result<Vec<i32>, Failure> {
    let (data_key, index_key) = column_type.parse(value)?.key_ids();
    std::iter::once(data_key)
        .chain(index_key)
        .map(number)
        .collect()
}

fn number(KeyId(key_id): KeyId) -> Result<i32, Failure> {
    i32::try_from(key_id).map_err(|_| Failure::UnknownKey)
}
