//! The calls about network tokens (contract, section 7). Each call asks the token service while the caller waits.

use vault_core::contract::payment_method::{
    CardSummary, Eligibility, EligibilityQuery, FullNetworkToken, NetworkTokenDetails,
    NetworkTokenRequest, NetworkTokenState, NetworkTokenStatus, NetworkTokenSummary, PaymentMethod,
    PaymentMethodSummary,
};
use vault_core::contract::refusal::Refusal;
use vault_core::ids::PaymentMethodId;

use super::payment_methods::active;
use super::payment_methods::sealed::{open, volatile_scope};
use super::{connector_accounts, outside_calls, tokens};
use crate::audit::{Event, before_reveal};
use crate::authentication::reveal;
use crate::connectors::{Answer, Call};
use crate::error::Failure;
use crate::store;
use crate::store::connector_accounts::ConnectorAccount;
use crate::tenancy::Caller;

/// The state of a payment method's network token.
pub fn status(caller: &Caller, id: &PaymentMethodId) -> Result<NetworkTokenStatus, Failure> {
    let found = find(caller, id)?.ok_or(Refusal::NoNetworkTokenToCheck)?;
    let call = Call::CheckNetworkToken {
        customer_id: tokens::customer_of(&found.method)?,
        requestor_reference: found.token.requestor_reference.clone(),
    };
    let Some(service) = found.service(caller)? else {
        return Ok(NetworkTokenStatus::failure());
    };
    Ok(match outside_calls::call(&service, call)? {
        Ok(Answer::NetworkTokenChecked(check)) => {
            let mut token = found.token;
            tokens::apply(&check, &mut token);
            let customer_id = found.method.customer_id.clone();
            NetworkTokenStatus::success(id.clone(), customer_id, &found.card, &token)
        }
        _ => NetworkTokenStatus::failure(),
    })
}

/// A payment method's network token, in full, with a cryptogram for one payment.
pub fn get(
    caller: &Caller,
    id: &PaymentMethodId,
    request: &NetworkTokenRequest,
) -> Result<NetworkTokenDetails, Failure> {
    reveal::check_right(caller, Event::NetworkTokenRevealed, id)?;
    request.validate()?;
    let found = find(caller, id)?;
    if tokens::token_service(caller)?.is_none() {
        return Err(Refusal::NetworkTokenizationDisabled.into());
    }
    let found = found
        .filter(|found| found.token.state != NetworkTokenState::Deleted)
        .ok_or(Refusal::NetworkTokenNotFound)?;
    let service = found.service(caller)?.ok_or(Refusal::TokenServiceFailed)?;
    before_reveal(caller, Event::NetworkTokenRevealed, id.as_str())?;
    let call = Call::FetchNetworkToken {
        customer_id: tokens::customer_of(&found.method)?,
        requestor_reference: found.token.requestor_reference.clone(),
    };
    match outside_calls::call(&service, call)? {
        Ok(Answer::NetworkTokenFetched(fetched)) => Ok(NetworkTokenDetails::new(
            id.clone(),
            &found.card,
            FullNetworkToken {
                token: fetched.token,
                expiry_month: fetched.exp_month,
                expiry_year: fetched.exp_year,
                cryptogram: fetched.cryptogram,
                eci: fetched.eci,
            },
        )),
        _ => Err(Refusal::TokenServiceFailed.into()),
    }
}

/// Whether cards with these first digits can have network tokens.
pub fn eligibility(caller: &Caller, query: EligibilityQuery) -> Result<Eligibility, Failure> {
    let service = tokens::token_service(caller)?.ok_or(Refusal::NetworkTokenEligibilityDisabled)?;
    let service = in_service(caller, &service)?.ok_or(Refusal::NetworkTokenEligibilityDisabled)?;
    let call = Call::CheckEligibility {
        card_bin: query.card_bin,
    };
    match outside_calls::call(&service, call)? {
        Ok(Answer::Eligibility(eligible)) => Ok(Eligibility {
            eligible_for_network_tokenization: eligible,
        }),
        _ => Err(Refusal::TokenServiceFailed.into()),
    }
}

/// A card with a network token.
struct Found {
    method: PaymentMethod,
    card: CardSummary,
    token: NetworkTokenSummary,
    /// The account at the token service.
    connector_id: String,
}

/// The payment method's card and network token. None if it has no network token.
fn find(caller: &Caller, id: &PaymentMethodId) -> Result<Option<Found>, Failure> {
    let stored = active(store::payment_methods::find(
        &caller.profile_id,
        id,
        volatile_scope()?,
    )?)?;
    let connector_id = match &stored.network_token {
        Some(token) => token.connector_id.clone(),
        None => return Ok(None),
    };
    let mut method = open(caller, stored)?;
    let token = method.network_token.take();
    Ok(match (&method.summary.payment_method_data, token) {
        (PaymentMethodSummary::Card(card), Some(token)) => Some(Found {
            card: card.clone(),
            method,
            token,
            connector_id,
        }),
        _ => None,
    })
}

impl Found {
    fn service(&self, caller: &Caller) -> Result<Option<ConnectorAccount>, Failure> {
        in_service(caller, &self.connector_id)
    }
}

fn in_service(caller: &Caller, connector_id: &str) -> Result<Option<ConnectorAccount>, Failure> {
    connector_accounts::in_service(connector_id, &caller.merchant_id, &caller.profile_id)
}
