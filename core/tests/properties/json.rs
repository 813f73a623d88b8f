//! Bodies of requests.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};
use vault_core::contract::Refusal;
use vault_core::contract::json::from_slice;
use vault_core::contract::payment_method::{Instrument, PaymentMethodCreate};
use vault_core::contract::stored;

use crate::inputs::{bytes, common_card_number, text};
use crate::invariants::json::TODAY;
use crate::{config, invariants};

/// Names that one call or the other knows, and some that none knows.
const NAMES: &[&str] = &[
    "name",
    "email",
    "merchant_reference_id",
    "metadata",
    "default_billing_address",
    "city",
    "country",
    "payment_method_type",
    "payment_method_data",
    "customer_id",
    "storage_type",
    "card",
    "card_number",
    "card_exp_month",
    "card_exp_year",
    "card_cvc",
    "bank_debit",
    "ach",
    "account_number",
    "routing_number",
    "connector_token_details",
    "token",
    "token_type",
    "network_tokenization",
    "document_details",
    "connector_customer_id",
    "billing",
    "card_network",
    "wallet",
    "x",
];

const WORDS: &[&str] = &[
    "card",
    "bank_debit",
    "4111111145551142",
    "03",
    "2030",
    "737",
    "021000021",
    "guest@example.com",
    "persistent",
    "volatile",
    "multi_use",
    "network_token",
    "wallet",
    "AMEX",
    "US",
    "",
];

/// What is easily mistyped, or means something.
const PIECES: &[&str] = &[
    "",
    "\"",
    "{",
    "}",
    "[",
    ",",
    ":",
    "\\u0000",
    "\\ud800",
    "null",
    "1e999",
    "-0",
    "\"x\":1,",
    "41111111455511424111",
];

/// JSON that has something of a request.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        select(WORDS).prop_map(Value::from),
        text().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((select(NAMES), inner), 0..6).prop_map(object),
        ]
    })
}

fn object(members: Vec<(&str, Value)>) -> Value {
    let members = members.into_iter();
    Value::Object(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<Map<_, _>>(),
    )
}

/// Requests that are taken, with a text and an object that are the client's own.
fn requests() -> impl Strategy<Value = Value> {
    let name = text().prop_filter("a text has no NUL", |text| !text.contains('\0'));
    let metadata = vec((select(NAMES), tree()), 0..4).prop_map(object);
    (name, metadata, common_card_number(), 0..4_u8).prop_map(|(name, metadata, number, which)| {
        match which {
            0 => json!({"name": name, "email": "guest@example.com", "metadata": metadata,
                "default_billing_address": {"country": "US", "city": name}}),
            1 => json!({"payment_method_type": "card", "customer_id": "c", "metadata": metadata,
                "payment_method_data": {"card": {"card_number": number, "card_exp_month": "3",
                    "card_exp_year": "30", "card_cvc": "737", "card_holder_name": name}}}),
            2 => json!({"payment_method_type": "bank_debit", "payment_method_subtype": "ach",
                "storage_type": "volatile", "metadata": metadata,
                "payment_method_data": {"bank_debit": {"ach": {"account_number": "000123456789",
                    "routing_number": "110000000", "bank_name": name}}}}),
            _ => json!({"connector_token_details": {"token": name, "metadata": metadata}}),
        }
    })
}

/// What becomes of a body that is cut, doubled or mistyped at any place.
#[derive(Debug, Clone)]
struct Edit {
    from: Index,
    length: usize,
    insert: Vec<u8>,
}

impl Edit {
    fn of(&self, body: &str) -> Vec<u8> {
        let mut bytes = body.as_bytes().to_vec();
        let from = self.from.index(bytes.len());
        let to = (from + self.length).min(bytes.len());
        bytes.splice(from..to, self.insert.iter().copied());
        bytes
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let insert = prop_oneof![
        select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        vec(any::<u8>(), 0..4),
    ];
    (any::<Index>(), 0..3_usize, insert).prop_map(|(from, length, insert)| Edit {
        from,
        length,
        insert,
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in bytes(), text in text()) {
        invariants::json::hold(&bytes);
        invariants::json::hold(text.as_bytes());
    }

    #[test]
    fn any_json_is_read_or_refused(tree in tree()) {
        invariants::json::hold(tree.to_string().as_bytes());
    }

    #[test]
    fn a_request_that_is_taken_comes_back_from_where_it_is_stored(request in requests()) {
        invariants::json::hold(request.to_string().as_bytes());
    }

    #[test]
    fn an_edited_request_is_read_or_refused(request in requests(), edit in edit()) {
        invariants::json::hold(&edit.of(&request.to_string()));
    }

    #[test]
    fn another_type_is_refused_for_its_type_whatever_its_data(data in tree(), data_first in any::<bool>()) {
        let data = format!("\"payment_method_data\":{data}");
        let kind = r#""payment_method_type":"wallet""#;
        let members = if data_first { [&data, kind] } else { [kind, &data] };
        let body = format!("{{{}}}", members.join(","));
        let refusal = from_slice::<PaymentMethodCreate>(body.as_bytes())
            .and_then(|create| create.into_valid(TODAY))
            .err();
        // A text with NUL is no JSON of ours, and refused as such.
        if body.contains("\\u0000") {
            prop_assert!(refusal.is_some());
        } else {
            prop_assert_eq!(refusal, Some(Refusal::InvalidPaymentMethodType));
        }
    }

    #[test]
    fn the_number_of_a_card_goes_into_its_instrument_alone(
        number in common_card_number(),
        holder in "[^0-9\\x00]{1,40}",
    ) {
        let body = json!({"payment_method_type": "card", "storage_type": "volatile",
            "payment_method_data": {"card": {"card_number": number, "card_exp_month": "03",
                "card_exp_year": "2030", "card_holder_name": holder}}});
        let create: PaymentMethodCreate = from_slice(body.to_string().as_bytes()).unwrap();
        let method = create.into_valid(TODAY).unwrap();
        let Instrument::Card(card) = &method.instrument else {
            return Err(TestCaseError::fail("a card was expected"));
        };
        prop_assert_eq!(card.number.expose(), number.as_str());
        let summary = stored::to_bytes(&method.summary).unwrap();
        let summary = std::str::from_utf8(&summary).unwrap();
        prop_assert!(!summary.contains(&number));
    }
}
