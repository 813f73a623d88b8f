//! `vault.encrypted_text`: a text, sealed.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::{ColumnType, Slot};

use super::datum::{self, encrypted_type};
use crate::error::Failure;

encrypted_type! {
    /// The envelope of a text.
    EncryptedText, "vault.encrypted_text", ColumnType::Text,
    encrypted_text_in, encrypted_text_out, encrypted_text_recv, encrypted_text_send
}

#[pg_extern(volatile, parallel_restricted, name = "encrypt")]
fn encrypt_text(value: &str) -> Result<EncryptedText, ErrorReport> {
    encrypt_text_in_context(value, "")
}

#[pg_extern(volatile, parallel_restricted, name = "encrypt")]
fn encrypt_text_in_context(value: &str, context: &str) -> Result<EncryptedText, ErrorReport> {
    Ok(EncryptedText(datum::encrypt(
        Slot::Text,
        context,
        value.as_bytes(),
    )?))
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_text(value: EncryptedText) -> Result<String, ErrorReport> {
    decrypt_text_in_context(value, "")
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_text_in_context(value: EncryptedText, context: &str) -> Result<String, ErrorReport> {
    let plaintext = datum::decrypt(Slot::Text, context, &value.0)?;
    let text = std::str::from_utf8(&plaintext).map_err(|_| Failure::DamagedPlaintext)?;
    Ok(text.to_owned())
}
