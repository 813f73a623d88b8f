//! Card networks, told by the first digits of a number.

use super::number::CardNumber;
use crate::names::names;

names! {
    /// A card network, by the name that the contract has for it. Hyperswitch's clients also write it in capitals.
    pub enum CardNetwork {
        /// Visa.
        Visa = "Visa" | "VISA",
        /// Mastercard.
        Mastercard = "Mastercard" | "MASTERCARD",
        /// American Express.
        AmericanExpress = "AmericanExpress" | "AMERICANEXPRESS" | "AMEX",
        /// JCB.
        Jcb = "JCB",
        /// Diners Club.
        DinersClub = "DinersClub" | "DINERSCLUB",
        /// Discover.
        Discover = "Discover" | "DISCOVER",
        /// Cartes Bancaires: co-badged, so no range tells it.
        CartesBancaires = "CartesBancaires" | "CARTESBANCAIRES",
        /// UnionPay.
        UnionPay = "UnionPay" | "UNIONPAY",
        /// Interac: publishes no ranges.
        Interac = "Interac" | "INTERAC",
        /// RuPay.
        RuPay = "RuPay" | "RUPAY",
        /// Maestro.
        Maestro = "Maestro" | "MAESTRO",
        /// STAR: publishes no ranges.
        Star = "Star" | "STAR",
        /// Pulse: publishes no ranges.
        Pulse = "Pulse" | "PULSE",
        /// Accel: publishes no ranges.
        Accel = "Accel" | "ACCEL",
        /// NYCE: publishes no ranges.
        Nyce = "Nyce" | "NYCE",
        /// A proprietary network, which publishes no ranges.
        Prop = "Prop" | "PROP",
        /// A private label: a merchant's own card.
        PrivateLabel = "PrivateLabel" | "PRIVATELABEL",
        /// DinaCard: co-badged, so no range tells it.
        Dinacard = "Dinacard" | "DINACARD",
    }
}

impl CardNetwork {
    /// The network in whose published ranges the number lies.
    pub fn of(number: &CardNumber) -> Option<Self> {
        Self::of_bin(number.bin())
    }

    /// The network in whose published ranges these first six digits lie.
    pub fn of_bin(bin: &str) -> Option<Self> {
        let bin: u32 = bin.parse().ok()?;
        RANGES
            .iter()
            .find(|(first, last, _)| (*first..=*last).contains(&bin))
            .map(|(_, _, network)| *network)
    }

    /// The network's number in stored values: from 1, in the order of the definition. A new network comes last.
    pub fn code(self) -> u8 {
        self as u8 + 1
    }

    /// The network of this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }
}

/// First and last six digits of each range. Narrow ranges stand before the wider ones that they lie in.
const RANGES: &[(u32, u32, CardNetwork)] = &[
    (222_100, 272_099, CardNetwork::Mastercard),
    (300_000, 305_999, CardNetwork::DinersClub),
    (309_500, 309_599, CardNetwork::DinersClub),
    (340_000, 349_999, CardNetwork::AmericanExpress),
    (352_800, 358_999, CardNetwork::Jcb),
    (360_000, 369_999, CardNetwork::DinersClub),
    (370_000, 379_999, CardNetwork::AmericanExpress),
    (380_000, 399_999, CardNetwork::DinersClub),
    (400_000, 499_999, CardNetwork::Visa),
    (501_800, 501_899, CardNetwork::Maestro),
    (502_000, 502_099, CardNetwork::Maestro),
    (503_800, 503_899, CardNetwork::Maestro),
    (508_500, 508_999, CardNetwork::RuPay),
    (510_000, 559_999, CardNetwork::Mastercard),
    (589_300, 589_399, CardNetwork::Maestro),
    (601_100, 601_199, CardNetwork::Discover),
    (606_985, 607_984, CardNetwork::RuPay),
    (608_001, 608_500, CardNetwork::RuPay),
    (620_000, 629_999, CardNetwork::UnionPay),
    (630_400, 630_499, CardNetwork::Maestro),
    (644_000, 649_999, CardNetwork::Discover),
    (652_150, 653_149, CardNetwork::RuPay),
    (650_000, 659_999, CardNetwork::Discover),
    (675_900, 675_999, CardNetwork::Maestro),
    (676_100, 676_399, CardNetwork::Maestro),
    (810_000, 817_199, CardNetwork::UnionPay),
    (817_200, 820_199, CardNetwork::RuPay),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn network(bin: u32) -> Option<CardNetwork> {
        let number = (0..10)
            .find_map(|check| CardNumber::parse(&format!("{bin:06}000000000{check}")).ok())
            .unwrap();
        CardNetwork::of(&number)
    }

    #[test]
    fn each_range_begins_and_ends_where_it_is_published() {
        use CardNetwork::*;
        let edges = [
            (222_099, None),
            (222_100, Some(Mastercard)),
            (272_099, Some(Mastercard)),
            (272_100, None),
            (300_000, Some(DinersClub)),
            (305_999, Some(DinersClub)),
            (306_000, None),
            (309_500, Some(DinersClub)),
            (340_000, Some(AmericanExpress)),
            (352_799, None),
            (352_800, Some(Jcb)),
            (358_999, Some(Jcb)),
            (359_000, None),
            (379_999, Some(AmericanExpress)),
            (380_000, Some(DinersClub)),
            (400_000, Some(Visa)),
            (499_999, Some(Visa)),
            (500_000, None),
            (501_800, Some(Maestro)),
            (508_500, Some(RuPay)),
            (509_999, None),
            (510_000, Some(Mastercard)),
            (559_999, Some(Mastercard)),
            (560_000, None),
            (589_300, Some(Maestro)),
            (601_100, Some(Discover)),
            (601_200, None),
            (620_000, Some(UnionPay)),
            (629_999, Some(UnionPay)),
            (643_999, None),
            (644_000, Some(Discover)),
            (652_149, Some(Discover)),
            (652_150, Some(RuPay)),
            (653_149, Some(RuPay)),
            (653_150, Some(Discover)),
            (660_000, None),
            (676_300, Some(Maestro)),
            (817_199, Some(UnionPay)),
            (817_200, Some(RuPay)),
            (999_999, None),
            (0, None),
        ];
        for (bin, expected) in edges {
            assert_eq!(network(bin), expected, "{bin:06}");
        }
    }

    #[test]
    fn codes_of_stored_values_keep_their_meaning() {
        assert_eq!(CardNetwork::Visa.code(), 1);
        assert_eq!(CardNetwork::Nyce.code(), 15);
        for network in CardNetwork::ALL {
            assert_eq!(CardNetwork::from_code(network.code()), Some(*network));
        }
        assert_eq!(CardNetwork::from_code(0), None);
        assert_eq!(CardNetwork::Dinacard.code(), 18);
        assert_eq!(CardNetwork::from_code(19), None);
    }

    #[test]
    fn names_are_those_of_the_contract() {
        let names: Vec<&str> = CardNetwork::ALL
            .iter()
            .map(|network| network.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "Visa",
                "Mastercard",
                "AmericanExpress",
                "JCB",
                "DinersClub",
                "Discover",
                "CartesBancaires",
                "UnionPay",
                "Interac",
                "RuPay",
                "Maestro",
                "Star",
                "Pulse",
                "Accel",
                "Nyce",
                "Prop",
                "PrivateLabel",
                "Dinacard"
            ]
        );
    }

    #[test]
    fn a_name_in_capitals_is_read_as_the_contracts() {
        for network in CardNetwork::ALL {
            let capitals = network.as_str().to_uppercase();
            assert_eq!(CardNetwork::from_name(&capitals), Some(*network));
        }
        assert_eq!(
            CardNetwork::from_name("AMEX"),
            Some(CardNetwork::AmericanExpress)
        );
        for other in ["visa", "Amex", "amex", "AMERICAN_EXPRESS", "Jcb", ""] {
            assert_eq!(CardNetwork::from_name(other), None, "{other:?}");
        }
    }
}
