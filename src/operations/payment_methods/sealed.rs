//! What the rows of a payment method hold, sealed and opened.

use vault_core::contract::payment_method::{ConnectorToken, Instrument, PaymentMethod, Summary};
use vault_core::contract::stored::{self, Unstorable};
use vault_core::crypto::Context;

use crate::error::Failure;
use crate::keys;
use crate::store::payment_methods::StoredPaymentMethod;
use crate::tenancy::Caller;

const TABLE: &str = "payment_methods";

pub fn seal_instrument(
    caller: &Caller,
    id: &str,
    instrument: &Instrument,
) -> Result<Vec<u8>, Failure> {
    let plaintext = instrument.to_bytes().map_err(malformed)?;
    keys::of_profile(&caller.profile_id)?.seal(&Context::row(TABLE, "instrument", id), &plaintext)
}

pub fn open_instrument(caller: &Caller, id: &str, envelope: &[u8]) -> Result<Instrument, Failure> {
    let context = Context::row(TABLE, "instrument", id);
    let plaintext = keys::of_profile(&caller.profile_id)?.open(&context, envelope)?;
    Instrument::from_bytes(&plaintext).map_err(malformed)
}

pub fn seal_summary(caller: &Caller, id: &str, summary: &Summary) -> Result<Vec<u8>, Failure> {
    let plaintext = stored::to_bytes(summary).map_err(malformed)?;
    keys::of_profile(&caller.profile_id)?.seal(&Context::row(TABLE, "summary", id), &plaintext)
}

pub fn seal_token(
    caller: &Caller,
    id: &str,
    position: i32,
    token: &ConnectorToken,
) -> Result<Vec<u8>, Failure> {
    let plaintext = stored::to_bytes(token).map_err(malformed)?;
    let row = token_row(id, position);
    keys::of_profile(&caller.profile_id)?.seal(
        &Context::row("connector_tokens", "details", &row),
        &plaintext,
    )
}

/// The payment method that a row stands for. The row must not be redacted.
pub fn open(caller: &Caller, stored: StoredPaymentMethod) -> Result<PaymentMethod, Failure> {
    let id = &stored.payment_method_id;
    let summary = stored.summary.as_deref().ok_or(Failure::Malformed)?;
    let tokens = stored
        .tokens
        .iter()
        .map(|token| open_token(caller, id, token.position, &token.details));
    Ok(PaymentMethod {
        summary: open_summary(caller, id, summary)?,
        connector_tokens: tokens.collect::<Result<_, _>>()?,
        id: stored.payment_method_id.into(),
        merchant_id: caller.merchant_id.as_str().into(),
        customer_id: stored.customer_id.into(),
        payment_method_type: stored.payment_method_type,
        payment_method_subtype: stored.payment_method_subtype,
        created: stored.created_at,
        last_used_at: stored.last_used_at,
    })
}

fn open_summary(caller: &Caller, id: &str, envelope: &[u8]) -> Result<Summary, Failure> {
    let context = Context::row(TABLE, "summary", id);
    let plaintext = keys::of_profile(&caller.profile_id)?.open(&context, envelope)?;
    stored::from_bytes(&plaintext).map_err(malformed)
}

fn open_token(
    caller: &Caller,
    id: &str,
    position: i32,
    envelope: &[u8],
) -> Result<ConnectorToken, Failure> {
    let row = token_row(id, position);
    let context = Context::row("connector_tokens", "details", &row);
    let plaintext = keys::of_profile(&caller.profile_id)?.open(&context, envelope)?;
    stored::from_bytes(&plaintext).map_err(malformed)
}

fn token_row(id: &str, position: i32) -> String {
    format!("{id}/{position}")
}

fn malformed(_: Unstorable) -> Failure {
    Failure::Malformed
}
