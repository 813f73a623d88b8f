//! Security codes.

use crate::contract::refusal::Refusal;

/// Checks that the code has 3 or 4 digits. The vault keeps nothing of it.
///
/// # Errors
/// [`Refusal::Field`] for anything else.
pub fn check(code: &str) -> Result<(), Refusal> {
    if (3..=4).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(Refusal::field("card_cvc", "3 or 4 digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_3_or_4_digits() {
        for code in ["000", "737", "1234"] {
            assert_eq!(check(code), Ok(()), "{code}");
        }
        for code in ["", "12", "12345", "12a", " 123", "1.2", "１２３"] {
            let refusal = check(code).unwrap_err();
            assert_eq!(refusal.to_string(), "`card_cvc` must be 3 or 4 digits");
        }
    }
}
