//! Security codes.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::contract::refusal::Refusal;

/// How long a code is kept, unless it is used before: contract, section 4.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The security code of a card: 3 or 4 digits. Wiped when dropped; prints nothing.
pub struct CardCvc(Zeroizing<String>);

impl CardCvc {
    /// Reads a code.
    ///
    /// # Errors
    /// [`Refusal::Field`] for anything but 3 or 4 digits.
    pub fn parse(code: Zeroizing<String>) -> Result<Self, Refusal> {
        if (3..=4).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self(code));
        }
        Err(Refusal::field("card_cvc", "3 or 4 digits"))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(code: &str) -> Result<CardCvc, Refusal> {
        CardCvc::parse(code.to_owned().into())
    }

    #[test]
    fn a_code_has_3_or_4_digits() {
        for code in ["000", "737", "1234"] {
            assert_eq!(parse(code).unwrap().expose(), code);
        }
        for code in ["", "12", "12345", "12a", " 123", "1.2", "１２３"] {
            let refusal = parse(code).unwrap_err();
            assert_eq!(refusal.to_string(), "`card_cvc` must be 3 or 4 digits");
        }
    }

    #[test]
    fn a_code_prints_nothing() {
        assert_eq!(format!("{:?}", parse("737").unwrap()), "CardCvc { .. }");
    }
}
