//! `vault.encrypted_json`: a JSON value, sealed.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::{ColumnType, Slot};

use super::datum::{self, encrypted_type};
use super::jsonb::Jsonb;
use crate::error::Failure;

encrypted_type! {
    /// The envelope of a JSON value.
    EncryptedJson, "vault.encrypted_json", ColumnType::Json,
    encrypted_json_in, encrypted_json_out, encrypted_json_recv, encrypted_json_send
}

#[pg_extern(volatile, parallel_restricted, name = "encrypt")]
fn encrypt_json(value: Jsonb) -> Result<EncryptedJson, ErrorReport> {
    encrypt_json_in_context(value, "")
}

#[pg_extern(volatile, parallel_restricted, name = "encrypt")]
fn encrypt_json_in_context(value: Jsonb, context: &str) -> Result<EncryptedJson, ErrorReport> {
    Ok(EncryptedJson(datum::encrypt(
        Slot::Json,
        context,
        value.as_bytes(),
    )?))
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_json(value: EncryptedJson) -> Result<Jsonb, ErrorReport> {
    decrypt_json_in_context(value, "")
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_json_in_context(value: EncryptedJson, context: &str) -> Result<Jsonb, ErrorReport> {
    let plaintext = datum::decrypt(Slot::Json, context, &value.0)?;
    let text = std::str::from_utf8(&plaintext).map_err(|_| Failure::DamagedPlaintext)?;
    Ok(Jsonb::from(text.to_owned()))
}
