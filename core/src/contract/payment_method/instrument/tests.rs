use super::*;
use crate::crypto::KeyMaterial;

const ROUTING: &str = "110000000";

fn key() -> IndexKey {
    IndexKey::from(&KeyMaterial::from(&[1; 32]))
}

fn card(number: &str, month: &str, year: &str) -> Instrument {
    Instrument::Card(CardInstrument {
        number: CardNumber::parse(number).unwrap(),
        expiry: CardExpiry::parse_any(month, year).unwrap(),
    })
}

fn ach(account: &str, routing: &str) -> Instrument {
    Instrument::AchBankDebit(AchInstrument::parse(account, routing).ok().unwrap())
}

fn refusal(account: &str, routing: &str) -> String {
    AchInstrument::parse(account, routing)
        .err()
        .unwrap()
        .to_string()
}

#[test]
fn a_stored_instrument_comes_back() {
    for instrument in [card("4111111111111111", "3", "30"), ach("00123", ROUTING)] {
        let bytes = instrument.to_bytes().unwrap();
        let read = Instrument::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes().unwrap(), bytes);
    }
    let bytes = card("4111111111111111", "3", "30").to_bytes().unwrap();
    assert_eq!(
        std::str::from_utf8(&bytes).unwrap(),
        r#"{"card":{"card_number":"4111111111111111","card_exp_month":"3","card_exp_year":"30"}}"#
    );
}

#[test]
fn other_bytes_are_no_instrument_and_are_not_shown() {
    for bytes in [
        "",
        "{}",
        r#"{"card":{"card_number":"4111111111111112","card_exp_month":"3","card_exp_year":"30"}}"#,
    ] {
        let error = Instrument::from_bytes(bytes.as_bytes()).unwrap_err();
        assert_eq!(error, Unstorable);
    }
}

#[test]
fn a_fingerprint_is_of_the_number_alone() {
    let fingerprint = |instrument: Instrument| instrument.fingerprint(&key());
    let original = fingerprint(card("4111111111111111", "03", "2030"));
    assert_eq!(original, fingerprint(card("4111111111111111", "04", "31")));
    assert_ne!(
        original,
        fingerprint(card("4242424242424242", "03", "2030"))
    );
    assert_ne!(
        fingerprint(ach("1", ROUTING)),
        fingerprint(ach("2", ROUTING))
    );
}

#[test]
fn a_duplicate_has_the_same_number_and_expiry_however_written() {
    let index = |instrument: Instrument| instrument.duplicate_index(KeyId(1), &key());
    let original = index(card("4111111111111111", "03", "2030"));
    assert_eq!(original, index(card("4111 1111 1111 1111", "3", "30")));
    assert_ne!(original, index(card("4111111111111111", "04", "2030")));
    assert_ne!(original, index(card("4111111111111111", "03", "2031")));
    assert_ne!(original, index(card("4242424242424242", "03", "2030")));
    assert_ne!(index(ach("1", ROUTING)), index(ach("1", "021000021")));
}

#[test]
fn fingerprints_and_duplicate_indexes_do_not_meet() {
    let account = ach("1", ROUTING);
    let duplicate = account.duplicate_index(KeyId(1), &key());
    assert_eq!(duplicate[..4], [0, 0, 0, 1]);
    assert_ne!(account.fingerprint(&key()), duplicate[4..]);
}

#[test]
fn an_account_number_has_1_to_17_digits() {
    for account in ["1", &"9".repeat(17)] {
        assert!(AchInstrument::parse(account, ROUTING).is_ok());
    }
    for account in ["", &"9".repeat(18), "12a", " 12"] {
        assert_eq!(
            refusal(account, ROUTING),
            "`account_number` must be 1 to 17 digits"
        );
    }
}

#[test]
fn a_routing_number_has_9_digits_and_its_checksum() {
    for routing in ["110000000", "021000021", "011401533"] {
        assert!(AchInstrument::parse("1", routing).is_ok(), "{routing}");
    }
    for routing in [
        "",
        "11000000",
        "1100000000",
        "110000001",
        "11000000a",
        "021000012",
    ] {
        assert_eq!(
            refusal("1", routing),
            "`routing_number` must be 9 digits with a valid checksum"
        );
    }
}

#[test]
fn the_last_four_digits_are_all_of_a_shorter_number() {
    let account = AchInstrument::parse("12", ROUTING).ok().unwrap();
    assert_eq!(account.account_number_last4(), "12");
    assert_eq!(account.routing_number_last4(), "0000");
}

#[test]
fn only_cards_have_bins() {
    assert_eq!(
        card("4111111111111111", "3", "30").bins(),
        Some(["411111", "41111111"])
    );
    assert_eq!(ach("1", ROUTING).bins(), None);
}

#[test]
fn an_instrument_prints_nothing_of_itself() {
    let printed = format!("{:?}", card("4111111111111111", "3", "30"));
    assert_eq!(printed, "Instrument { .. }");
}
