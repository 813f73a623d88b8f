use serde_json::{Value, json};

use super::*;
use crate::contract::json::from_slice;
use crate::contract::payment_method::{PaymentMethodCreate, PaymentMethodUpdate};
use crate::contract::stored;
use crate::time::YearMonth;

const TODAY: YearMonth = YearMonth {
    year: 2026,
    month: 4,
};

fn created(payment_method_type: &str, data: Value, others: Value) -> Summary {
    let mut body = json!({
        "payment_method_type": payment_method_type,
        "payment_method_subtype": "ach",
        "customer_id": "12345_cus_1",
        "payment_method_data": data,
    });
    let members = others.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    let create: PaymentMethodCreate = from_slice(body.to_string().as_bytes()).ok().unwrap();
    create.into_valid(TODAY).ok().unwrap().summary
}

fn card(names: Value, others: Value) -> Summary {
    let mut card = json!({
        "card_number": "4111111111111111",
        "card_exp_month": "03",
        "card_exp_year": "2030",
    });
    let names = names.as_object().unwrap().clone();
    card.as_object_mut().unwrap().extend(names);
    created("card", json!({"card": card}), others)
}

fn ach() -> Summary {
    let account = json!({"account_number": "1", "routing_number": "110000000"});
    created(
        "bank_debit",
        json!({"bank_debit": {"ach": account}}),
        json!({}),
    )
}

fn changes(body: Value) -> PaymentMethodChanges {
    let update: PaymentMethodUpdate = from_slice(body.to_string().as_bytes()).ok().unwrap();
    update.into_valid().ok().unwrap()
}

fn shown(summary: &Summary) -> Value {
    serde_json::to_value(summary).unwrap()
}

#[test]
fn a_stored_summary_comes_back() {
    let metadata = json!({"metadata": {"z": 1.50, "a": []}, "billing": {"email": "a"}});
    for summary in [card(json!({}), metadata), ach()] {
        let bytes = stored::to_bytes(&summary).unwrap();
        let read: Summary = stored::from_bytes(&bytes).ok().unwrap();
        assert_eq!(stored::to_bytes(&read).unwrap(), bytes);
    }
}

#[test]
fn a_fingerprint_is_shown_for_a_card_alone() {
    let mut summary = card(json!({}), json!({}));
    summary.set_fingerprint(&[0xab; 32]);
    assert_eq!(
        shown(&summary)["payment_method_data"]["card"]["card_fingerprint"],
        "ab".repeat(32)
    );
    let mut summary = ach();
    summary.set_fingerprint(&[0xab; 32]);
    assert!(!shown(&summary).to_string().contains("abab"));
}

#[test]
fn the_callers_values_stand_before_the_bin_table_and_the_table_before_the_ranges() {
    let bin = BinRecord {
        card_network: Some("CartesBancaires".into()),
        card_issuer: Some("Banque".into()),
        card_type: Some("debit".into()),
        issuing_country: Some("FR".into()),
    };
    let filled = |names: Value, bin: Option<&BinRecord>| {
        let mut summary = card(names, json!({}));
        summary.fill_from_bin(bin, Some(CardNetwork::Visa));
        let card = &shown(&summary)["payment_method_data"]["card"];
        ["card_network", "card_issuer", "card_type", "issuer_country"]
            .map(|member| card[member].clone())
    };
    let named = json!({
        "card_network": "Mastercard",
        "card_issuer": "Bank",
        "card_type": "credit",
        "card_issuing_country": "US",
    });
    assert_eq!(
        filled(named, Some(&bin)),
        ["Mastercard", "Bank", "credit", "US"].map(Value::from)
    );
    assert_eq!(
        filled(json!({}), Some(&bin)),
        ["CartesBancaires", "Banque", "debit", "FR"].map(Value::from)
    );
    let ranges = [json!("Visa"), json!(null), json!(null), json!(null)];
    assert_eq!(filled(json!({}), None), ranges);
    let unknown = BinRecord {
        card_network: Some("visa?".into()),
        card_type: Some("prepaid".into()),
        ..BinRecord::default()
    };
    assert_eq!(filled(json!({}), Some(&unknown)), ranges);
}

#[test]
fn a_duplicate_refreshes_what_it_names() {
    let mut summary = card(
        json!({"card_holder_name": "John", "nick_name": "work", "card_issuer": "Bank"}),
        json!({"billing": {"email": "old"}, "metadata": {"a": 1}}),
    );
    summary.refresh(card(
        json!({"card_holder_name": "Jane", "card_issuer": "Other"}),
        json!({"billing": {"email": "new"}}),
    ));
    let shown = shown(&summary);
    let card = &shown["payment_method_data"]["card"];
    assert_eq!(card["card_holder_name"], "Jane");
    assert_eq!(card["nick_name"], "work");
    assert_eq!(card["card_issuer"], "Bank");
    assert_eq!(shown["billing"]["email"], "new");
    assert_eq!(shown["metadata"], json!({"a": 1}));
}

#[test]
fn a_duplicate_replaces_metadata_and_an_empty_name_is_a_name() {
    let mut summary = card(json!({"nick_name": "work"}), json!({"metadata": {"a": 1}}));
    summary.refresh(card(
        json!({"nick_name": ""}),
        json!({"metadata": {"b": 2}}),
    ));
    let shown = shown(&summary);
    assert_eq!(shown["metadata"], json!({"b": 2}));
    assert_eq!(shown["payment_method_data"]["card"]["nick_name"], "");
}

#[test]
fn a_duplicate_tells_what_was_not_known_and_changes_nothing_that_was() {
    let members = ["card_network", "card_issuer", "card_type", "issuer_country"];
    let told = |summary: &Summary| {
        let card = shown(summary)["payment_method_data"]["card"].clone();
        members.map(|member| card[member].clone())
    };
    let first = json!({
        "card_network": "VISA",
        "card_issuer": "Bank",
        "card_type": "debit",
        "card_issuing_country": "FR",
    });
    let second = json!({
        "card_network": "Star",
        "card_issuer": "Other",
        "card_type": "credit",
        "card_issuing_country": "US",
    });
    let mut summary = card(json!({}), json!({}));
    assert_eq!(told(&summary), members.map(|_| Value::Null));
    for later in [json!({}), first, second, json!({})] {
        let is_first = later != json!({});
        summary.refresh(card(later, json!({})));
        if is_first {
            let expected = ["Visa", "Bank", "debit", "FR"].map(Value::from);
            assert_eq!(told(&summary), expected);
        }
    }
}

#[test]
fn a_duplicate_of_a_bank_account_tells_what_was_not_known() {
    let account = |others: Value| {
        let mut account = json!({"account_number": "1", "routing_number": "110000000"});
        let others = others.as_object().unwrap().clone();
        account.as_object_mut().unwrap().extend(others);
        created(
            "bank_debit",
            json!({"bank_debit": {"ach": account}}),
            json!({}),
        )
    };
    let mut summary = account(json!({"bank_type": "savings"}));
    summary.refresh(account(json!({
        "bank_type": "checking",
        "bank_holder_type": "business",
        "bank_name": "Bank",
        "bank_account_holder_name": "Jane",
    })));
    let shown = &shown(&summary)["payment_method_data"]["bank_debit"]["ach_bank_debit"];
    assert_eq!(shown["bank_type"], "savings");
    assert_eq!(shown["bank_holder_type"], "business");
    assert_eq!(shown["bank_name"], "Bank");
    assert_eq!(shown["bank_account_holder_name"], "Jane");
}

#[test]
fn the_bin_table_tells_a_subtype_by_the_cards_type() {
    let subtype = |card_type: Option<&str>| {
        let bin = BinRecord {
            card_type: card_type.map(str::to_owned),
            ..BinRecord::default()
        };
        bin.subtype()
    };
    assert_eq!(subtype(Some("credit")), Some("credit"));
    assert_eq!(subtype(Some("debit")), Some("debit"));
    assert_eq!(subtype(Some("prepaid")), None);
    assert_eq!(subtype(None), None);
}

#[test]
fn a_duplicate_of_a_failed_method_is_failed_no_more() {
    for (status, expected) in [
        ("failed", json!(null)),
        ("authenticated", json!("authenticated")),
    ] {
        let mut summary = card(json!({}), json!({}));
        let update = changes(json!({"acknowledgement_status": status}));
        assert_eq!(summary.apply(&update), Ok(()));
        summary.refresh(card(json!({}), json!({})));
        assert_eq!(shown(&summary)["acknowledgement_status"], expected);
    }
}

#[test]
fn an_update_changes_what_it_names_and_leaves_the_rest() {
    let mut summary = card(
        json!({"card_holder_name": "John", "nick_name": "work"}),
        json!({}),
    );
    let update = changes(json!({
        "payment_method_data": {"card": {"card_holder_name": "Jane", "nick_name": null}},
        "network_transaction_id": "123",
        "acknowledgement_status": "authenticated",
    }));
    assert_eq!(summary.apply(&update), Ok(()));
    assert_eq!(summary.apply(&changes(json!({}))), Ok(()));
    let shown = shown(&summary);
    let card = &shown["payment_method_data"]["card"];
    assert_eq!(card["card_holder_name"], "Jane");
    assert_eq!(card["nick_name"], "work");
    assert_eq!(shown["network_transaction_id"], "123");
    assert_eq!(shown["acknowledgement_status"], "authenticated");
}

#[test]
fn an_update_changes_the_holder_of_a_bank_account() {
    let mut summary = ach();
    let names = json!({"bank_account_holder_name": "Jane"});
    let update = json!({"payment_method_data": {"bank_debit": {"ach": names}}});
    assert_eq!(summary.apply(&changes(update)), Ok(()));
    let account = &shown(&summary)["payment_method_data"]["bank_debit"]["ach_bank_debit"];
    assert_eq!(account["bank_account_holder_name"], "Jane");
}

#[test]
fn an_update_of_another_kind_is_refused_and_changes_nothing() {
    let of_ach = json!({
        "payment_method_data": {"bank_debit": {"ach": {"bank_account_holder_name": "Jane"}}},
        "network_transaction_id": "123",
    });
    let of_card = json!({"payment_method_data": {"card": {}}, "network_transaction_id": "123"});
    for (mut summary, update) in [(card(json!({}), json!({})), of_ach), (ach(), of_card)] {
        let before = shown(&summary);
        assert_eq!(
            summary.apply(&changes(update)),
            Err(Refusal::UnsupportedUpdate)
        );
        assert_eq!(shown(&summary), before);
    }
}
