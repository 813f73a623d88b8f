//! Orders tokens when a payment method is stored, and cancels these orders when it is deleted.

use vault_core::contract::payment_method::{
    Instrument, NewPaymentMethod, PaymentMethod, Storage, TokenType,
};
use vault_core::contract::refusal::Refusal;
use vault_core::ids::PaymentMethodId;
use vault_core::time::Timestamp;
use zeroize::Zeroizing;

use super::jobs::{self, Action, Subject};
use crate::connectors::Kind;
use crate::error::Failure;
use crate::keys::row_macs::believed;
use crate::operations::connector_accounts;
use crate::operations::payment_methods::sealed::{open_network_token, open_token};
use crate::store;
use crate::store::connector_tokens::DeletedToken;
use crate::store::network_tokens::DeletedNetworkToken;
use crate::tenancy::Caller;

/// The tokens that a create asks for, of accounts that can make them.
pub struct Order {
    psp_token: Option<(String, TokenType)>,
    /// The account at the token service.
    network_token: Option<String>,
}

impl Order {
    /// Looks the accounts up before anything is written. If no network token can be made, none is ordered. That is no error.
    ///
    /// # Errors
    /// [`Refusal::ConnectorNotFound`] when the account that a provider's token is asked of does not serve the caller.
    pub fn of(caller: &Caller, new: &NewPaymentMethod) -> Result<Self, Failure> {
        let psp_token = match &new.psp_tokenization {
            Some(asked) => {
                check_provider(caller, &asked.connector_id)?;
                Some((asked.connector_id.clone(), asked.tokenization_type))
            }
            None => None,
        };
        let can_have_one = matches!(
            (&new.storage, &new.instrument),
            (Storage::Persistent(_), Instrument::Card(_))
        );
        let network_token = if new.network_tokenization && can_have_one {
            token_service(caller)?
        } else {
            None
        };
        Ok(Self {
            psp_token,
            network_token,
        })
    }

    /// Writes the jobs, except for tokens that the method already has.
    pub fn place(
        &self,
        caller: &Caller,
        method: &PaymentMethod,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let add = |connector_id: &str, action| {
            let profile_id = &caller.profile_id;
            jobs::add(profile_id, &method.id, connector_id, action, None, now)
        };
        if let Some((connector_id, token_type)) = &self.psp_token {
            let has_it = method.connector_tokens.iter().any(|token| {
                token.is_recurring() && token.connector_id() == Some(connector_id.as_str())
            });
            if *token_type == TokenType::SingleUse || !has_it {
                add(connector_id, Action::Tokenize(*token_type))?;
            }
        }
        if let Some(connector_id) = &self.network_token
            && !method
                .network_token
                .as_ref()
                .is_some_and(|token| token.state.is_of_use())
        {
            add(connector_id, Action::MakeNetworkToken)?;
        }
        Ok(())
    }
}

/// The token service that serves the caller's profile, if the profile has network tokens switched on.
pub fn token_service(caller: &Caller) -> Result<Option<String>, Failure> {
    let profile = believed(store::profiles::find(&caller.profile_id)?)?;
    if !profile.is_some_and(|profile| profile.network_tokenization_enabled) {
        return Ok(None);
    }
    let account = connector_accounts::token_service(&caller.merchant_id, &caller.profile_id)?;
    Ok(account.map(|account| account.connector_id))
}

/// For payment methods that are deleted: cancels the jobs that make tokens for them, removes their tokens, and writes jobs by which
/// the connectors delete these, too.
pub fn cancel_and_retract(
    caller: &Caller,
    payment_methods: &[PaymentMethodId],
    now: Timestamp,
) -> Result<(), Failure> {
    store::jobs::cancel_of(&caller.profile_id, payment_methods, now)?;
    for deleted in store::connector_tokens::delete_of(&caller.profile_id, payment_methods)? {
        retract(caller, &deleted, now)?;
    }
    for deleted in store::network_tokens::delete_of(&caller.profile_id, payment_methods)? {
        retract_network_token(caller, &deleted, now)?;
    }
    Ok(())
}

/// Refuses an account that does not serve the caller, or is at no payment service provider.
fn check_provider(caller: &Caller, connector_id: &str) -> Result<(), Failure> {
    let account =
        connector_accounts::in_service(connector_id, &caller.merchant_id, &caller.profile_id)?;
    let is_provider = account.is_some_and(|account| account.kind != Kind::TokenService.as_str());
    if is_provider {
        Ok(())
    } else {
        Err(Refusal::ConnectorNotFound.into())
    }
}

/// Writes the job that deletes a provider's token. A token that does not open does not prevent its deletion here. A token that the
/// merchant brought may belong to no account.
fn retract(caller: &Caller, deleted: &DeletedToken, now: Timestamp) -> Result<(), Failure> {
    let id = &deleted.payment_method_id;
    let Ok(token) = open_token(caller, id, deleted.token.position, &deleted.token.details) else {
        return Ok(());
    };
    let Some(connector_id) = token.connector_id() else {
        return Ok(());
    };
    let (merchant_id, profile_id) = (&caller.merchant_id, &caller.profile_id);
    if connector_accounts::in_service(connector_id, merchant_id, profile_id)?.is_none() {
        return Ok(());
    }
    let subject = Subject::Token {
        token: Zeroizing::new(token.token().to_owned()),
    };
    jobs::add(
        profile_id,
        id,
        connector_id,
        Action::DeleteToken,
        Some(&subject),
        now,
    )
}

/// The same for a network token.
fn retract_network_token(
    caller: &Caller,
    deleted: &DeletedNetworkToken,
    now: Timestamp,
) -> Result<(), Failure> {
    let id = &deleted.payment_method_id;
    let Ok(summary) = open_network_token(caller, id, &deleted.token.summary) else {
        return Ok(());
    };
    let Some(customer_id) = store::payment_methods::customer_of(&caller.profile_id, id)? else {
        return Ok(());
    };
    let subject = Subject::NetworkToken {
        customer_id,
        requestor_reference: summary.requestor_reference,
    };
    let action = Action::DeleteNetworkToken;
    let connector_id = &deleted.token.connector_id;
    jobs::add(
        &caller.profile_id,
        id,
        connector_id,
        action,
        Some(&subject),
        now,
    )
}
