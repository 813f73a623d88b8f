//! `vault.encrypted_json`: a JSON value, sealed.

use pgrx::JsonB;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::Context;
use zeroize::Zeroizing;

use super::datum::{self, Form, encrypted_type};
use crate::error::Failure;

encrypted_type! {
    /// The envelope of a JSON value.
    EncryptedJson, "vault.encrypted_json", Form::Envelope,
    encrypted_json_in, encrypted_json_out, encrypted_json_recv, encrypted_json_send
}

const KIND: &str = "json";

#[pg_extern(volatile, parallel_restricted, name = "encrypt")]
fn encrypt_json(value: JsonB) -> Result<EncryptedJson, ErrorReport> {
    encrypt_json_in_context(value, "")
}

#[pg_extern(volatile, parallel_restricted, name = "encrypt")]
fn encrypt_json_in_context(value: JsonB, context: &str) -> Result<EncryptedJson, ErrorReport> {
    let plaintext = Zeroizing::new(serde_json::to_vec(&value.0).map_err(|_| Failure::Malformed)?);
    Ok(EncryptedJson(datum::encrypt(
        &Context::value(KIND, context),
        &plaintext,
    )?))
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_json(value: EncryptedJson) -> Result<JsonB, ErrorReport> {
    decrypt_json_in_context(value, "")
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_json_in_context(value: EncryptedJson, context: &str) -> Result<JsonB, ErrorReport> {
    let plaintext = datum::decrypt(&Context::value(KIND, context), &value.0)?;
    Ok(JsonB(
        serde_json::from_slice(&plaintext).map_err(|_| Failure::Malformed)?,
    ))
}
