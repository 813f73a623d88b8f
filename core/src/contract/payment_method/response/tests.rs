use serde_json::{Value, json};

use super::*;
use crate::contract::json::from_slice;
use crate::contract::payment_method::{ConnectorTokenDetails, PaymentMethodCreate, Storage};
use crate::ids::Id;
use crate::time::YearMonth;

const TODAY: YearMonth = YearMonth {
    year: 2026,
    month: 4,
};

fn stored(payment_method_type: &str, data: Value) -> (PaymentMethod, Instrument) {
    let body = json!({
        "payment_method_type": payment_method_type,
        "payment_method_subtype": "ach",
        "customer_id": "12345_cus_1",
        "payment_method_data": data,
    });
    let create: PaymentMethodCreate = from_slice(body.to_string().as_bytes()).ok().unwrap();
    let new = create.into_valid(TODAY).ok().unwrap();
    let Storage::Persistent(customer_id) = new.storage else {
        panic!("not persistent");
    };
    let payment_method = PaymentMethod {
        id: PaymentMethodId::from_stored("12345_pm_1"),
        merchant_id: MerchantId::from_stored("merchant_1"),
        customer_id: Some(customer_id),
        payment_method_type: new.payment_method_type,
        payment_method_subtype: new.payment_method_subtype,
        storage_type: StorageType::Persistent,
        card_cvc_expires_at: None,
        created: Timestamp::parse("2026-04-23T09:48:05.617Z").unwrap(),
        last_used_at: Timestamp::parse("2026-04-23T09:48:05.617Z").unwrap(),
        summary: new.summary,
        connector_tokens: Vec::new(),
        network_token: None,
    };
    (payment_method, new.instrument)
}

fn card() -> (PaymentMethod, Instrument) {
    let card = json!({
        "card_number": "4111111111111111",
        "card_exp_month": "03",
        "card_exp_year": "2030",
        "card_holder_name": "joseph Doe",
        "card_cvc": "7379",
    });
    stored("card", json!({"card": card}))
}

fn ach() -> (PaymentMethod, Instrument) {
    let account = json!({
        "account_number": "000123456789",
        "routing_number": "110000000",
        "bank_type": "savings",
    });
    stored("bank_debit", json!({"bank_debit": {"ach": account}}))
}

const CARD: &str = concat!(
    r#"{"card":{"issuer_country":null,"last4_digits":"1111","expiry_month":"03","expiry_year":"2030","#,
    r#""card_holder_name":"joseph Doe","card_fingerprint":null,"nick_name":null,"card_network":null,"#,
    r#""card_isin":"411111","card_issuer":null,"card_type":null,"saved_to_locker":true}}"#
);

#[test]
fn a_response_is_written_in_the_contracts_order_with_nulls() {
    let expected = [
        r#"{"id":"12345_pm_1","merchant_id":"merchant_1","customer_id":"12345_cus_1","#,
        r#""payment_method_type":"card","payment_method_subtype":"ach","recurring_enabled":false,"#,
        r#""created":"2026-04-23T09:48:05.617Z","last_used_at":"2026-04-23T09:48:05.617Z","#,
        r#""payment_method_data":"#,
        CARD,
        r#","connector_tokens":null,"network_token":null,"storage_type":"persistent","#,
        r#""card_cvc_token_storage":{"is_stored":false,"expires_at":null},"network_transaction_id":null,"#,
        r#""raw_payment_method_data":null,"billing":null,"acknowledgement_status":null,"metadata":null}"#,
    ]
    .concat();
    let response = card().0.into_response();
    assert_eq!(serde_json::to_string(&response).unwrap(), expected);
}

#[test]
fn a_stored_cvc_is_told_with_its_end() {
    let (mut payment_method, _) = card();
    payment_method.card_cvc_expires_at = Timestamp::parse("2026-04-23T10:03:05.617Z");
    let response = serde_json::to_string(&payment_method.into_response()).unwrap();
    let expected =
        r#""card_cvc_token_storage":{"is_stored":true,"expires_at":"2026-04-23T10:03:05.617Z"},"#;
    assert!(response.contains(expected), "{response}");
}

#[test]
fn a_volatile_method_may_have_no_customer() {
    let (mut payment_method, _) = card();
    payment_method.storage_type = StorageType::Volatile;
    payment_method.customer_id = None;
    let response = serde_json::to_value(payment_method.into_response()).unwrap();
    assert_eq!(response["storage_type"], "volatile");
    assert_eq!(response["customer_id"], Value::Null);
}

#[test]
fn details_are_the_response_without_two_members() {
    let mut response = serde_json::to_value(card().0.into_response()).unwrap();
    let details = serde_json::to_value(card().0.into_details()).unwrap();
    let members = response.as_object_mut().unwrap();
    members.remove("card_cvc_token_storage").unwrap();
    members.remove("raw_payment_method_data").unwrap();
    assert_eq!(details, response);

    let text = serde_json::to_string(&card().0.into_details()).unwrap();
    let expected = r#""storage_type":"persistent","network_transaction_id":null,"billing":null"#;
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_list_item_is_written_in_the_contracts_order() {
    let expected = [
        r#"{"id":"12345_pm_1","customer_id":"12345_cus_1","payment_method_type":"card","#,
        r#""payment_method_subtype":"ach","recurring_enabled":false,"payment_method_data":"#,
        CARD,
        r#","created":"2026-04-23T09:48:05.617Z","requires_cvv":true,"#,
        r#""last_used_at":"2026-04-23T09:48:05.617Z","is_default":true,"billing":null,"#,
        r#""network_tokenization":null,"connector_tokens":null,"network_transaction_id":null}"#,
    ]
    .concat();
    let item = card().0.into_list_item(true);
    assert_eq!(serde_json::to_string(&item).unwrap(), expected);
}

#[test]
fn only_a_revealed_response_has_the_number_and_none_has_the_cvc() {
    let (payment_method, instrument) = card();
    let revealed = payment_method.into_revealed(instrument).ok().unwrap();
    let revealed = serde_json::to_string(&revealed).unwrap();
    assert!(revealed.contains(concat!(
        r#""raw_payment_method_data":{"card":{"card_number":"4111111111111111","card_exp_month":"03","#,
        r#""card_exp_year":"2030","card_holder_name":"joseph Doe","nick_name":null,"#,
        r#""card_issuing_country":null,"card_network":null,"card_issuer":null,"card_type":null,"#,
        r#""card_cvc":null}}"#
    )));
    let ordinary = [
        serde_json::to_string(&card().0.into_response()).unwrap(),
        serde_json::to_string(&card().0.into_details()).unwrap(),
        serde_json::to_string(&card().0.into_list_item(false)).unwrap(),
    ];
    for answer in &ordinary {
        assert!(!answer.contains("4111111111111111"));
    }
    for answer in ordinary.iter().chain([&revealed]) {
        assert!(!answer.contains("7379"));
    }
}

#[test]
fn a_revealed_bank_debit_has_the_members_of_its_create() {
    let (payment_method, instrument) = ach();
    let revealed = payment_method.into_revealed(instrument).ok().unwrap();
    let revealed = serde_json::to_string(&revealed).unwrap();
    assert!(revealed.contains(concat!(
        r#""raw_payment_method_data":{"bank_debit":{"ach":{"account_number":"000123456789","#,
        r#""routing_number":"110000000","bank_account_holder_name":null,"bank_type":"savings","#,
        r#""bank_holder_type":null,"bank_name":null}}}"#
    )));
}

#[test]
fn number_and_names_of_different_kinds_make_no_answer() {
    let revealed = card().0.into_revealed(ach().1);
    assert_eq!(revealed.err(), Some(Unstorable));
}

#[test]
fn a_method_is_recurring_when_a_token_is() {
    let with_token = |token_type: &str| {
        let (mut payment_method, _) = card();
        let request = json!({"token": "t", "token_type": token_type});
        let details: ConnectorTokenDetails = serde_json::from_str(&request.to_string()).unwrap();
        let placed = details.place(&[]).ok().unwrap();
        payment_method.connector_tokens.push(placed.token);
        serde_json::to_value(payment_method.into_response()).unwrap()
    };
    assert_eq!(with_token("multi_use")["recurring_enabled"], true);
    assert_eq!(with_token("single_use")["recurring_enabled"], false);
    assert_eq!(
        with_token("single_use")["connector_tokens"][0]["token"],
        "t"
    );
}
