//! Card verification codes (CVC, CVV, CID): the digits that a card shows to prove its possession.

use std::fmt;
use std::time::Duration;

use thiserror::Error;
use zeroize::Zeroizing;

/// How long the vault keeps a CVC that is not used: 15 minutes (section 4 of the contract).
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The CVC of a card: 3 or 4 digits. Wiped when dropped; prints nothing.
pub struct CardCvc(Zeroizing<String>);

impl CardCvc {
    /// Reads a CVC.
    ///
    /// # Errors
    /// [`CvcError`] for anything but 3 or 4 digits.
    pub fn parse(cvc: Zeroizing<String>) -> Result<Self, CvcError> {
        if (3..=4).contains(&cvc.len()) && cvc.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self(cvc));
        }
        Err(CvcError)
    }

    /// The digits, to be sealed or to be handed to whoever may use them.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CardCvc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardCvc").finish_non_exhaustive()
    }
}

/// The text is not a CVC. Shows nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a CVC must be 3 or 4 digits")]
pub struct CvcError;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(cvc: &str) -> Result<CardCvc, CvcError> {
        CardCvc::parse(cvc.to_owned().into())
    }

    #[test]
    fn a_cvc_has_3_or_4_digits() {
        for cvc in ["000", "737", "1234"] {
            assert_eq!(parse(cvc).unwrap().expose(), cvc);
        }
        for cvc in ["", "12", "12345", "12a", " 123", "1.2", "１２３"] {
            assert_eq!(parse(cvc).unwrap_err(), CvcError, "{cvc}");
        }
    }

    #[test]
    fn a_cvc_prints_nothing() {
        assert_eq!(format!("{:?}", parse("737").unwrap()), "CardCvc { .. }");
    }
}
