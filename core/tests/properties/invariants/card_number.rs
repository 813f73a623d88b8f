//! Of card numbers, CVCs and expiry dates.

use vault_core::card::{CardCvc, CardExpiry, CardNetwork, CardNumber, ShownDigits};
use zeroize::Zeroizing;

/// A number is its digits and no more, shows at most ten of them, and is read the same again.
pub fn hold(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(number) = CardNumber::parse(text) {
        let digits: String = text.split_whitespace().collect();
        assert_eq!(number.expose(), digits);
        assert!(CardNumber::parse(&digits).is_ok());
        shown(&number);
    }
    if let Some(shown) = ShownDigits::parse(text) {
        assert_eq!(shown.to_text(), text);
    }
    if let Ok(cvc) = CardCvc::parse(Zeroizing::new(text.to_owned())) {
        assert_eq!(cvc.expose(), text);
        assert!((3..=4).contains(&text.len()));
    }
    if let Some((month, year)) = text.split_once('/')
        && let Ok(expiry) = CardExpiry::parse_any(month, year)
    {
        assert_eq!((expiry.month(), expiry.year()), (month, year));
        assert!((1..=12).contains(&expiry.year_month().month));
    }
}

fn shown(number: &CardNumber) {
    let length = number.expose().len();
    let shown = ShownDigits::of(number);
    assert_eq!(ShownDigits::parse(&shown.to_text()), Some(shown));
    assert_eq!(shown.network(), CardNetwork::of(number));
    let mask = shown.mask(length);
    assert_eq!(mask.len(), length);
    assert!(mask.bytes().filter(|byte| *byte == b'*').count() >= 4);
    for (shown, actual) in mask.chars().zip(number.expose().chars()) {
        assert!(shown == '*' || shown == actual);
    }
}
