//! Gives out a connector's token for a payment.

use vault_core::contract::payment_method::{ConnectorToken, TokenType};
use vault_core::contract::refusal::Refusal;
use vault_core::ids::PaymentMethodId;

use crate::audit::{Event, record};
use crate::error::Failure;
use crate::operations::payment_methods::active;
use crate::operations::payment_methods::sealed::{open_token, volatile_scope};
use crate::store;
use crate::tenancy::Caller;

/// The token that a connector has made for a payment method. A token for one use is given to one caller and then deleted.
pub fn use_token(
    caller: &Caller,
    id: &PaymentMethodId,
    connector_id: &str,
) -> Result<ConnectorToken, Failure> {
    let stored = active(store::payment_methods::lock(
        &caller.profile_id,
        id,
        volatile_scope()?,
    )?)?;
    let mut tokens = Vec::new();
    for token in &stored.tokens {
        let opened = open_token(caller, id, token.position, &token.details)?;
        if opened.connector_id() == Some(connector_id) && opened.is_active() {
            tokens.push((token.position, opened));
        }
    }
    // A token for one use is preferred.
    tokens.sort_by_key(|(_, token)| token.token_type() == TokenType::MultiUse);
    let (position, token) = tokens
        .into_iter()
        .next()
        .ok_or(Refusal::ConnectorTokenNotFound)?;
    if token.token_type() == TokenType::SingleUse
        && !store::connector_tokens::take(&caller.profile_id, id, position)?
    {
        return Err(Refusal::ConnectorTokenNotFound.into());
    }
    record(caller, Event::ConnectorTokenUsed, id.as_str())?;
    Ok(token)
}
