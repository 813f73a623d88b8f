//! Card and bank account data to give to the vault, each value new and written into the ledger.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::ledger::{self, Kind};
use crate::random;

/// A card that no other test uses and that does not expire soon.
#[derive(Clone, Debug)]
pub struct Card {
    pub number: String,
    pub month: String,
    pub year: String,
    pub cvc: String,
}

impl Card {
    /// A Visa of 16 digits.
    pub fn new() -> Card {
        Card::starting_with("4", 16)
    }

    /// A card whose number begins with `prefix` and has `length` digits with the check digit.
    pub fn starting_with(prefix: &str, length: usize) -> Card {
        Card {
            number: number(prefix, length),
            month: "10".to_owned(),
            year: (this_year() + 3).to_string(),
            cvc: cvc(3),
        }
    }

    /// The same card with another expiry year.
    pub fn expiring_in(&self, year: impl ToString) -> Card {
        Card {
            year: year.to_string(),
            ..self.clone()
        }
    }

    /// `payment_method_data` with the members that are required and the CVC.
    pub fn data(&self) -> Value {
        json!({"card": {
            "card_number": self.number,
            "card_exp_month": self.month,
            "card_exp_year": self.year,
            "card_cvc": self.cvc,
        }})
    }

    /// A request to store the card for a customer, with nothing that could be left out.
    pub fn create_for(&self, customer: &str) -> Value {
        json!({
            "customer_id": customer,
            "payment_method_type": "card",
            "payment_method_data": self.data(),
        })
    }

    pub fn first_six(&self) -> &str {
        &self.number[..6]
    }

    pub fn last_four(&self) -> &str {
        &self.number[self.number.len() - 4..]
    }
}

impl Default for Card {
    fn default() -> Self {
        Card::new()
    }
}

/// A request to store a bank account for a customer.
pub fn ach_for(customer: &str, account: &str) -> Value {
    json!({
        "customer_id": customer,
        "payment_method_type": "bank_debit",
        "payment_method_subtype": "ach",
        "payment_method_data": {"bank_debit": {"ach": {
            "account_number": account,
            "routing_number": "110000000",
        }}},
    })
}

/// A number of `length` digits that passes the Luhn check.
///
/// Numbers under twelve digits are not written down: any data directory holds so few digits by chance.
pub fn number(prefix: &str, length: usize) -> String {
    let body = format!("{prefix}{}", random::digits(length - prefix.len() - 1));
    let number = format!("{body}{}", luhn_digit(&body));
    if length < 12 {
        number
    } else {
        ledger::record(Kind::Pan, number)
    }
}

/// The same number with a wrong check digit.
pub fn misread(number: &str) -> String {
    let (body, check) = number.split_at(number.len() - 1);
    let check: u8 = check.parse().expect("a digit");
    ledger::record(Kind::Pan, format!("{body}{}", (check + 1) % 10))
}

/// A card verification code of `length` digits.
pub fn cvc(length: usize) -> String {
    ledger::record(Kind::Cvc, random::digits(length))
}

/// A bank account number of twelve digits.
pub fn account() -> String {
    ledger::record(Kind::Account, random::digits(12))
}

/// The year it is, give or take the hours around New Year.
pub fn this_year() -> u64 {
    const SECONDS_PER_YEAR: u64 = 31_556_952;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    1970 + now.as_secs() / SECONDS_PER_YEAR
}

/// Whether a number of ASCII digits ends in its check digit.
pub fn passes_luhn(number: &str) -> bool {
    let digits = number.chars().all(|c| c.is_ascii_digit());
    match number.split_at_checked(number.len().saturating_sub(1)) {
        Some((body, check)) if digits => check == luhn_digit(body).to_string(),
        _ => false,
    }
}

/// `body` with its check digit.
pub fn with_check_digit(body: &str) -> String {
    format!("{body}{}", luhn_digit(body))
}

/// The check digit of ISO/IEC 7812-1, annex B, for digits that lack it.
fn luhn_digit(body: &str) -> u32 {
    let sum: u32 = body
        .chars()
        .rev()
        .map(|c| c.to_digit(10).expect("a digit"))
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit) {
            (0, 5..) => digit * 2 - 9,
            (0, _) => digit * 2,
            _ => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::luhn_digit;

    #[test]
    fn the_check_digit_is_that_of_published_test_cards() {
        assert_eq!(luhn_digit("411111111111111"), 1);
        assert_eq!(luhn_digit("37828224631000"), 5);
        assert_eq!(luhn_digit("555555555555444"), 4);
    }
}
