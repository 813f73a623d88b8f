//! `vault.encrypted_text`: a text, sealed.

use core::ffi::CStr;
use std::ffi::CString;

use pgrx::datum::Internal;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::Context;

use super::datum::{self, encrypted_type};
use crate::error::Failure;

encrypted_type! {
    /// The envelope of a text.
    EncryptedText, "vault.encrypted_text"
}

const KIND: &str = "text";

#[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
pub fn encrypted_text_in(text: &CStr) -> Result<EncryptedText, ErrorReport> {
    Ok(EncryptedText(datum::input(text)?))
}

#[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
pub fn encrypted_text_out(value: EncryptedText) -> Result<CString, ErrorReport> {
    Ok(datum::output(&value.0)?)
}

#[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
pub fn encrypted_text_recv(message: Internal) -> Result<EncryptedText, ErrorReport> {
    Ok(EncryptedText(datum::receive(message)?))
}

#[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
pub fn encrypted_text_send(value: EncryptedText) -> Vec<u8> {
    value.0
}

#[pg_extern(volatile, parallel_restricted, name = "encrypt")]
fn encrypt_text(value: &str) -> Result<EncryptedText, ErrorReport> {
    encrypt_text_in_context(value, "")
}

#[pg_extern(volatile, parallel_restricted, name = "encrypt")]
fn encrypt_text_in_context(value: &str, context: &str) -> Result<EncryptedText, ErrorReport> {
    Ok(EncryptedText(datum::encrypt(
        &Context::value(KIND, context),
        value.as_bytes(),
    )?))
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_text(value: EncryptedText) -> Result<String, ErrorReport> {
    decrypt_text_in_context(value, "")
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_text_in_context(value: EncryptedText, context: &str) -> Result<String, ErrorReport> {
    let plaintext = datum::decrypt(&Context::value(KIND, context), &value.0)?;
    let text = std::str::from_utf8(&plaintext).map_err(|_| Failure::Malformed)?;
    Ok(text.to_owned())
}
