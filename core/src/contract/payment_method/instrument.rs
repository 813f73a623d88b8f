//! The sensitive part of a payment method: the data by which money can be taken.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::card::{CardExpiry, CardNetwork, CardNumber};
use crate::contract::refusal::Refusal;
use crate::contract::stored::{self, Unstorable};
use crate::crypto::searchable::{IndexPart, index_part_of};
use crate::crypto::{BlindIndex, IndexKey, KeyId};

const FINGERPRINT: &str = "payment_method.fingerprint";
const DUPLICATE: &str = "payment_method.duplicate";

/// A card's number and expiry, or a bank account. Prints nothing, and has no serde of its own: only
/// [`Instrument::to_bytes`] writes it out, to be sealed.
pub enum Instrument {
    /// A payment card.
    Card(CardInstrument),
    /// A bank account of the United States, debited by ACH.
    AchBankDebit(AchInstrument),
}

impl Instrument {
    /// What the vault seals.
    ///
    /// # Errors
    /// Those of [`stored::to_bytes`].
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Unstorable> {
        stored::to_bytes(&match self {
            Self::Card(card) => StoredInstrument::Card {
                card_number: card.number.expose(),
                card_exp_month: card.expiry.month(),
                card_exp_year: card.expiry.year(),
            },
            Self::AchBankDebit(account) => StoredInstrument::AchBankDebit {
                account_number: &account.account_number,
                routing_number: &account.routing_number,
            },
        })
    }

    /// Reads what [`Instrument::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Unstorable`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unstorable> {
        let stored = serde_json::from_slice(bytes).map_err(|_| Unstorable)?;
        Ok(match stored {
            StoredInstrument::Card {
                card_number,
                card_exp_month,
                card_exp_year,
            } => Self::Card(CardInstrument {
                number: CardNumber::parse(card_number).map_err(|_| Unstorable)?,
                expiry: CardExpiry::parse_any(card_exp_month, card_exp_year)
                    .map_err(|_| Unstorable)?,
            }),
            StoredInstrument::AchBankDebit {
                account_number,
                routing_number,
            } => Self::AchBankDebit(
                AchInstrument::parse(account_number, routing_number).map_err(|_| Unstorable)?,
            ),
        })
    }

    /// The fingerprint. It is equal for equal cards or accounts of one profile, whatever the expiry.
    pub fn fingerprint(&self, key: &IndexKey) -> BlindIndex {
        match self {
            Self::Card(card) => {
                key.blind_index(FINGERPRINT, &[b"card", card.number.expose().as_bytes()])
            }
            Self::AchBankDebit(account) => account.blind_index(key, FINGERPRINT),
        }
    }

    /// The duplicate index. Under the same key, it is equal if one instrument is a duplicate of the other. Duplicate
    /// cards have the same number and expiry (`3/30` is `03/2030`).
    pub fn duplicate_index(&self, key_id: KeyId, key: &IndexKey) -> IndexPart {
        let index = match self {
            Self::Card(card) => {
                let expiry = card.expiry.year_month();
                key.blind_index(
                    DUPLICATE,
                    &[
                        b"card",
                        card.number.expose().as_bytes(),
                        &expiry.year.to_be_bytes(),
                        &[expiry.month],
                    ],
                )
            }
            Self::AchBankDebit(account) => account.blind_index(key, DUPLICATE),
        };
        index_part_of(key_id, &index)
    }

    /// The first six and eight digits of a card, to look its issuer up; none for a bank account.
    pub fn bins(&self) -> Option<[&str; 2]> {
        match self {
            Self::Card(card) => Some([card.number.bin(), card.number.long_bin()]),
            Self::AchBankDebit(_) => None,
        }
    }

    /// The card's network by the published ranges, if it is in one.
    pub fn network(&self) -> Option<CardNetwork> {
        match self {
            Self::Card(card) => CardNetwork::of(&card.number),
            Self::AchBankDebit(_) => None,
        }
    }
}

impl fmt::Debug for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instrument").finish_non_exhaustive()
    }
}

/// A card's number and expiry.
pub struct CardInstrument {
    /// The number.
    pub number: CardNumber,
    /// The expiry.
    pub expiry: CardExpiry,
}

/// A bank account of the United States. Wiped when dropped.
pub struct AchInstrument {
    account_number: Zeroizing<String>,
    routing_number: Zeroizing<String>,
}

impl AchInstrument {
    /// Reads an account.
    ///
    /// # Errors
    /// [`Refusal::Field`] for an account number of other than 1 to 17 digits, or a routing number of other than 9
    /// digits with the checksum of the American Bankers Association.
    pub fn parse(account_number: &str, routing_number: &str) -> Result<Self, Refusal> {
        if !is_digits(account_number) || account_number.len() > 17 {
            return Err(Refusal::field("account_number", "1 to 17 digits"));
        }
        if !is_digits(routing_number) || !passes_aba(routing_number) {
            return Err(Refusal::field(
                "routing_number",
                "9 digits with a valid checksum",
            ));
        }
        Ok(Self {
            account_number: Zeroizing::new(account_number.to_owned()),
            routing_number: Zeroizing::new(routing_number.to_owned()),
        })
    }

    /// The account's number, in clear.
    pub fn expose_account_number(&self) -> &str {
        &self.account_number
    }

    /// The bank's routing number, in clear.
    pub fn expose_routing_number(&self) -> &str {
        &self.routing_number
    }

    /// The last four digits of the account number, or all when it has fewer.
    pub fn account_number_last4(&self) -> &str {
        last4(&self.account_number)
    }

    /// The last four digits of the routing number.
    pub fn routing_number_last4(&self) -> &str {
        last4(&self.routing_number)
    }

    fn blind_index(&self, key: &IndexKey, domain: &str) -> BlindIndex {
        key.blind_index(
            domain,
            &[
                b"ach",
                self.routing_number.as_bytes(),
                self.account_number.as_bytes(),
            ],
        )
    }
}

/// The layout of what is sealed. It borrows its members, so that a value that is read is copied only once, into memory
/// that is wiped.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredInstrument<'a> {
    Card {
        card_number: &'a str,
        card_exp_month: &'a str,
        card_exp_year: &'a str,
    },
    AchBankDebit {
        account_number: &'a str,
        routing_number: &'a str,
    },
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Nine digits, weighted 3, 7, 1 in turn, whose sum is a multiple of ten.
fn passes_aba(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .zip([3, 7, 1].into_iter().cycle())
        .map(|(byte, weight)| u32::from(byte - b'0') * weight)
        .sum();
    digits.len() == 9 && sum.is_multiple_of(10)
}

fn last4(digits: &str) -> &str {
    let start = digits.len().saturating_sub(4);
    digits.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
