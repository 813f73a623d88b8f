//! The part of a card number that is kept in clear beside its ciphertext.

use super::network::CardNetwork;
use super::number::CardNumber;

/// The length of the text form of [`ShownDigits`], in bytes.
pub const SHOWN_LENGTH: usize = BIN_LENGTH + LAST_LENGTH + NETWORK_LENGTH;

const BIN_LENGTH: usize = 6;
const LAST_LENGTH: usize = 4;
const NETWORK_LENGTH: usize = 2;

/// In the place of a BIN that is not shown.
const NO_BIN: &str = "******";

/// The first six and the last four digits, which may be shown (PCI DSS 4.0.1, requirement 3.4.1), and the network.
///
/// Text form: BIN or six asterisks, last four, and two digits for the network, `00` for none: `411111114201`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownDigits<'a> {
    bin: Option<&'a str>,
    last4: &'a str,
    network: Option<CardNetwork>,
}

impl<'a> ShownDigits<'a> {
    /// What the number shows.
    pub fn of(number: &'a CardNumber) -> Self {
        Self {
            bin: number.shown_bin(),
            last4: number.last4(),
            network: CardNetwork::of(number),
        }
    }

    /// Reads the text form. None for anything else.
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() != SHOWN_LENGTH {
            return None;
        }
        let (bin, rest) = text.split_at_checked(BIN_LENGTH)?;
        let (last4, network) = rest.split_at_checked(LAST_LENGTH)?;
        Some(Self {
            bin: match bin {
                NO_BIN => None,
                bin => Some(digits(bin)?),
            },
            last4: digits(last4)?,
            network: match digits(network)?.parse().ok()? {
                0 => None,
                code => Some(CardNetwork::from_code(code)?),
            },
        })
    }

    /// The last four digits.
    pub fn last4(&self) -> &'a str {
        self.last4
    }

    /// The network, where the number's first digits tell it.
    pub fn network(&self) -> Option<CardNetwork> {
        self.network
    }

    /// The number with an asterisk for each hidden digit. `length` is the number of its digits.
    pub fn mask(&self, length: usize) -> String {
        let bin = self.bin.unwrap_or_default();
        let hidden = length.saturating_sub(bin.len() + self.last4.len());
        format!("{bin}{}{}", "*".repeat(hidden), self.last4)
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        let network = self.network.map_or(0, CardNetwork::code);
        format!("{}{}{network:02}", self.bin.unwrap_or(NO_BIN), self.last4)
    }
}

fn digits(text: &str) -> Option<&str> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(number: &str) -> String {
        ShownDigits::of(&CardNumber::parse(number).unwrap()).to_text()
    }

    fn mask_of(number: &str) -> String {
        ShownDigits::of(&CardNumber::parse(number).unwrap()).mask(number.len())
    }

    #[test]
    fn a_number_shows_its_bin_last_four_and_network() {
        assert_eq!(text_of("4111111145551142"), "411111114201");
        assert_eq!(text_of("378282246310005"), "378282000503");
        assert_eq!(text_of("9999990000000006"), "999999000600");
    }

    #[test]
    fn a_mask_has_the_length_of_the_number() {
        assert_eq!(mask_of("4111111145551142"), "411111******1142");
        assert_eq!(mask_of("378282246310005"), "378282*****0005");
        assert_eq!(mask_of("3056930009020004"), "305693******0004");
    }

    #[test]
    fn a_number_that_would_hide_fewer_than_four_digits_shows_no_bin() {
        assert_eq!(mask_of("30569309025904"), "305693****5904");
        assert_eq!(mask_of("4222222222222"), "*********2222");
        assert_eq!(mask_of("40000002"), "****0002");
        assert_eq!(text_of("4222222222222"), "******222201");
    }

    #[test]
    fn the_text_form_comes_back() {
        for number in ["4111111145551142", "9999990000000006", "4222222222222"] {
            let number = CardNumber::parse(number).unwrap();
            let shown = ShownDigits::of(&number);
            assert_eq!(ShownDigits::parse(&shown.to_text()), Some(shown));
        }
    }

    #[test]
    fn nothing_else_is_read() {
        for text in [
            "",
            "41111111420",
            "4111111142011",
            "411111114299",
            "4111111142+1",
            "41111*114201",
            "411111114*01",
            "4111111142**",
            "*******14201",
            "é1111111420",
        ] {
            assert_eq!(ShownDigits::parse(text), None, "{text}");
        }
    }
}
