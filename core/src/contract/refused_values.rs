//! The refusals that a client gets for values which [`ids`](crate::ids) and [`card`](crate::card) did not take.

use super::refusal::Refusal;
use crate::card::{CardNumberError, CvcError, ExpiryError};
use crate::ids::InvalidProfileId;

impl From<InvalidProfileId> for Refusal {
    fn from(_: InvalidProfileId) -> Self {
        Self::InvalidProfileHeader
    }
}

impl From<CardNumberError> for Refusal {
    fn from(error: CardNumberError) -> Self {
        match error {
            CardNumberError::Character => Self::CardNumberCharacter,
            CardNumberError::Length => Self::CardNumberLength,
            CardNumberError::Checksum => Self::CardNumberChecksum,
        }
    }
}

impl From<ExpiryError> for Refusal {
    fn from(error: ExpiryError) -> Self {
        match error {
            ExpiryError::MonthNotANumber => Self::NotANumber {
                field: "card_exp_month",
            },
            ExpiryError::Month => Self::ExpiryMonth,
            ExpiryError::YearNotANumber => Self::NotANumber {
                field: "card_exp_year",
            },
            ExpiryError::Year => Self::ExpiryYear,
            ExpiryError::Expired => Self::CardExpired,
        }
    }
}

impl From<CvcError> for Refusal {
    fn from(_: CvcError) -> Self {
        Self::field("card_cvc", "3 or 4 digits")
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::card::{CardCvc, CardExpiry, CardNumber};
    use crate::ids::ProfileId;
    use crate::time::YearMonth;

    #[test]
    fn a_card_number_is_refused_for_what_is_wrong_with_it() {
        for (text, refusal) in [
            ("4111-1111-1111-1111", Refusal::CardNumberCharacter),
            ("4111", Refusal::CardNumberLength),
            ("4111111111111112", Refusal::CardNumberChecksum),
        ] {
            let error = CardNumber::parse(text).unwrap_err();
            assert_eq!(Refusal::from(error), refusal);
        }
    }

    #[test]
    fn an_expiry_is_refused_for_what_is_wrong_with_it() {
        let today = YearMonth {
            year: 2026,
            month: 4,
        };
        let not_a_number = |field| Refusal::NotANumber { field };
        for (month, year, refusal) in [
            ("x", "x", not_a_number("card_exp_month")),
            ("13", "x", Refusal::ExpiryMonth),
            ("03", "x", not_a_number("card_exp_year")),
            ("03", "030", Refusal::ExpiryYear),
            ("12", "25", Refusal::ExpiryYear),
            ("03", "26", Refusal::CardExpired),
        ] {
            let error = CardExpiry::parse(month, year, today).unwrap_err();
            assert_eq!(Refusal::from(error), refusal, "{month}/{year}");
        }
    }

    #[test]
    fn a_cvc_is_refused_with_its_rule() {
        let error = CardCvc::parse(Zeroizing::new("12".to_owned())).unwrap_err();
        let refusal = Refusal::from(error);
        assert_eq!(refusal.to_string(), "`card_cvc` must be 3 or 4 digits");
    }

    #[test]
    fn a_malformed_profile_header_is_refused_as_such() {
        let error = ProfileId::parse("pro a").unwrap_err();
        assert_eq!(Refusal::from(error), Refusal::InvalidProfileHeader);
    }
}
