//! `vault.encrypted_json`: a JSON value, sealed.

use core::ffi::CStr;
use std::ffi::CString;

use pgrx::datum::Internal;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::Context;

use super::datum::{self, encrypted_type};
use super::jsonb::Jsonb;
use crate::error::Failure;

encrypted_type! {
    /// The envelope of a JSON value.
    EncryptedJson, "vault.encrypted_json"
}

const KIND: &str = "json";

#[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
pub fn encrypted_json_in(text: &CStr) -> Result<EncryptedJson, ErrorReport> {
    Ok(EncryptedJson(datum::input(text)?))
}

#[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
pub fn encrypted_json_out(value: EncryptedJson) -> Result<CString, ErrorReport> {
    Ok(datum::output(&value.0)?)
}

#[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
pub fn encrypted_json_recv(message: Internal) -> Result<EncryptedJson, ErrorReport> {
    Ok(EncryptedJson(datum::receive(message)?))
}

#[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
pub fn encrypted_json_send(value: EncryptedJson) -> Vec<u8> {
    value.0
}

#[pg_extern(volatile, parallel_restricted, name = "encrypt")]
fn encrypt_json(value: Jsonb) -> Result<EncryptedJson, ErrorReport> {
    encrypt_json_in_context(value, "")
}

#[pg_extern(volatile, parallel_restricted, name = "encrypt")]
fn encrypt_json_in_context(value: Jsonb, context: &str) -> Result<EncryptedJson, ErrorReport> {
    let context = Context::value(KIND, context);
    Ok(EncryptedJson(datum::encrypt(&context, value.as_bytes())?))
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_json(value: EncryptedJson) -> Result<Jsonb, ErrorReport> {
    decrypt_json_in_context(value, "")
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_json_in_context(value: EncryptedJson, context: &str) -> Result<Jsonb, ErrorReport> {
    let plaintext = datum::decrypt(&Context::value(KIND, context), &value.0)?;
    let text = std::str::from_utf8(&plaintext).map_err(|_| Failure::Malformed)?;
    Ok(Jsonb::from(text.to_owned()))
}
