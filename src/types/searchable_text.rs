//! `vault.searchable_text`: a text, sealed, behind its blind index. Texts are compared byte by byte. To find `A@B.c` by
//! `a@b.c`, an application makes both lower case first.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::ColumnType;

use super::datum::{self, encrypted_type};
use super::searchable;

encrypted_type! {
    /// A text behind its blind index.
    SearchableText, "vault.searchable_text", ColumnType::Searchable,
    searchable_text_in, searchable_text_out, searchable_text_recv, searchable_text_send
}

#[pg_extern(stable, parallel_restricted, name = "searchable")]
fn searchable_text(value: &str) -> Result<SearchableText, ErrorReport> {
    searchable_text_in_context(value, "")
}

#[pg_extern(stable, parallel_restricted, name = "searchable")]
fn searchable_text_in_context(value: &str, context: &str) -> Result<SearchableText, ErrorReport> {
    Ok(SearchableText(searchable::seal(
        ColumnType::Searchable,
        "",
        value.as_bytes(),
        context,
    )?))
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_searchable_text(value: SearchableText) -> Result<String, ErrorReport> {
    decrypt_searchable_text_in_context(value, "")
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_searchable_text_in_context(
    value: SearchableText,
    context: &str,
) -> Result<String, ErrorReport> {
    Ok(searchable::open(ColumnType::Searchable, &value.0, context)?)
}
