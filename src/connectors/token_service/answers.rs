//! Checks the answers of a token service. An answer that cannot be right is an unexpected answer.

use vault_core::card::{CardExpiry, CardNumber};
use vault_core::contract::payment_method::NetworkTokenState;
use zeroize::Zeroizing;

use super::super::answer::{has_digits, is_id};
use super::super::fault::Fault;
use super::super::network_token::{FetchedNetworkToken, NetworkToken, NetworkTokenCheck};
use super::messages::{Fetched, Generated, State};

/// A new token. None of its texts may have the card's number in it.
///
/// # Errors
/// An unexpected answer, as for the others.
pub fn made(answer: Generated, card_number: &str) -> Result<NetworkToken, Fault> {
    let (exp_month, exp_year) = expiry(&answer.token_expiry_month, &answer.token_expiry_year)?;
    let token = NetworkToken {
        last_four: last_four(&answer.token, &answer.token_last_four)?,
        token: token_number(&answer.token)?,
        requestor_reference: text(answer.card_reference)?,
        exp_month,
        exp_year,
        isin: answer.token_isin.map(text).transpose()?,
        par: answer.par.map(text).transpose()?,
        card_brand: answer.card_brand.map(text).transpose()?,
        state: state_named(&answer.token_status)?,
    };
    let texts = [&token.isin, &token.par, &token.card_brand];
    let repeats_card = [&*token.token, &token.requestor_reference]
        .into_iter()
        .chain(texts.into_iter().flatten())
        .any(|text| has_digits(text, card_number));
    if repeats_card {
        return Err(Fault::unexpected());
    }
    Ok(token)
}

/// A token that was fetched.
///
/// # Errors
/// As above.
pub fn fetched(answer: Fetched) -> Result<FetchedNetworkToken, Fault> {
    let details = &answer.token_details;
    let (exp_month, exp_year) = expiry(&details.exp_month, &details.exp_year)?;
    let cryptogram = answer.authentication_details.cryptogram;
    if cryptogram.as_ref().is_some_and(|text| !is_id(text)) {
        return Err(Fault::unexpected());
    }
    Ok(FetchedNetworkToken {
        token: token_number(&answer.authentication_details.token)?,
        exp_month,
        exp_year,
        cryptogram,
        eci: answer.eci.map(text).transpose()?,
    })
}

/// The state of a token. Its expiry is read only if both month and year are there.
///
/// # Errors
/// As above.
pub fn check(answer: &State) -> Result<NetworkTokenCheck, Fault> {
    let expiry = match (&answer.token_expiry_month, &answer.token_expiry_year) {
        (Some(month), Some(year)) => Some(expiry(month, year)?),
        _ => None,
    };
    let (exp_month, exp_year) = expiry.unzip();
    Ok(NetworkTokenCheck {
        state: state_named(&answer.token_status)?,
        exp_month,
        exp_year,
    })
}

/// A network token has the form of a card number, with its check digit, so that it passes where one does.
fn token_number(token: &str) -> Result<Zeroizing<String>, Fault> {
    let number = CardNumber::parse(token).map_err(|_| Fault::unexpected())?;
    Ok(Zeroizing::new(number.expose().to_owned()))
}

fn last_four(token: &str, claimed: &str) -> Result<String, Fault> {
    if claimed.len() != 4 || !token.ends_with(claimed) {
        return Err(Fault::unexpected());
    }
    Ok(claimed.to_owned())
}

/// Month and year with two and four digits.
fn expiry(month: &str, year: &str) -> Result<(String, String), Fault> {
    let expiry = CardExpiry::parse_any(month, year).map_err(|_| Fault::unexpected())?;
    let good_through = expiry.year_month();
    Ok((
        format!("{:02}", good_through.month),
        format!("{:04}", good_through.year),
    ))
}

fn state_named(name: &str) -> Result<NetworkTokenState, Fault> {
    NetworkTokenState::from_name(&name.to_ascii_uppercase()).ok_or_else(Fault::unexpected)
}

fn text(text: String) -> Result<String, Fault> {
    Some(text)
        .filter(|text| is_id(text))
        .ok_or_else(Fault::unexpected)
}
