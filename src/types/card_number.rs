//! `vault.card_number`: a card number, sealed, behind its blind index and the digits that may be shown.

use core::ffi::CStr;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::card::{CardNumber as Number, ShownDigits};
use vault_core::contract::refusal::Refusal;
use vault_core::crypto::searchable::Kind;
use vault_core::crypto::{ColumnType, EnvelopeError, Searchable};

use super::datum::{self, encrypted_type};
use super::searchable;
use crate::authentication::reveal;
use crate::error::Failure;

encrypted_type! {
    /// A card number behind its blind index and shown digits.
    CardNumber, "vault.card_number", ColumnType::CardNumber,
    card_number_in, card_number_out, card_number_recv, card_number_send
}

#[pg_extern(stable, parallel_restricted, name = "card_number")]
fn card_number_of_text(number: &str) -> Result<CardNumber, ErrorReport> {
    card_number_in_context(number, "")
}

/// Takes a literal without a type. sql/types.sql says why that needs a function of its own.
#[pg_extern(sql = false)]
fn card_number_of_literal(number: &CStr) -> Result<CardNumber, ErrorReport> {
    card_number_in_context(&number.to_string_lossy(), "")
}

#[pg_extern(stable, parallel_restricted, name = "card_number")]
fn card_number_in_context(number: &str, context: &str) -> Result<CardNumber, ErrorReport> {
    let number = Number::parse(number).map_err(|error| Failure::from(Refusal::from(error)))?;
    Ok(CardNumber(searchable::seal(
        ColumnType::CardNumber,
        &ShownDigits::of(&number).to_text(),
        number.expose().as_bytes(),
        context,
    )?))
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_card_number(value: CardNumber) -> Result<String, ErrorReport> {
    decrypt_card_number_in_context(value, "")
}

#[pg_extern(stable, parallel_restricted, name = "decrypt")]
fn decrypt_card_number_in_context(value: CardNumber, context: &str) -> Result<String, ErrorReport> {
    let keys = datum::profile_keys()?;
    Ok(reveal::card_number(keys.profile_id(), || {
        searchable::open(ColumnType::CardNumber, &value.0, context)
    })?)
}

#[pg_extern(immutable, parallel_safe)]
fn mask(value: CardNumber) -> Result<String, ErrorReport> {
    shown(&value, |digits, length| digits.mask(length))
}

#[pg_extern(immutable, parallel_safe)]
fn last4(value: CardNumber) -> Result<String, ErrorReport> {
    shown(&value, |digits, _| digits.last4().to_owned())
}

#[pg_extern(immutable, parallel_safe)]
fn network(value: CardNumber) -> Result<Option<String>, ErrorReport> {
    shown(&value, |digits, _| {
        digits.network().map(|network| network.as_str().to_owned())
    })
}

/// Reads the digits that are shown of a number. `read` also gets the count of all its digits.
fn shown<T>(
    value: &CardNumber,
    read: impl FnOnce(ShownDigits<'_>, usize) -> T,
) -> Result<T, ErrorReport> {
    let value = Searchable::parse(Kind::CardNumber, &value.0).map_err(Failure::from)?;
    let digits = value
        .shown_digits()
        .ok_or(Failure::from(EnvelopeError::Damaged))?;
    Ok(read(digits, value.number_length()))
}
