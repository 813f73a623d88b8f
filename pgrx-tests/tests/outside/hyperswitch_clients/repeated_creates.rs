//! A create of what is stored already.

use serde_json::{Value, json};
use vault_tests::Card;

use super::{Doors, acknowledged, update_path};

/// What the answer tells of a card beside number and names.
fn told(method: &Value) -> Value {
    let card = &method["payment_method_data"]["card"];
    json!([
        method["payment_method_subtype"],
        card["card_network"],
        card["card_issuer"],
        card["card_type"],
        card["issuer_country"]
    ])
}

/// The same card again, with more told of it.
fn again(request: &Value, subtype: Value, members: Value) -> Value {
    let mut request = request.clone();
    request["payment_method_subtype"] = subtype;
    for (name, value) in members.as_object().unwrap() {
        request["payment_method_data"]["card"][name] = value.clone();
    }
    request
}

#[test]
fn a_repeated_create_tells_what_was_unknown_and_leaves_what_was_known() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let first = Card::new().create_for(&id);
    let known = doors.create_method(&first).ok();
    for created in &known {
        assert_eq!(told(created), json!([null, "Visa", null, null, null]));
    }
    let more =
        json!({"card_issuer": "First Bank", "card_type": "debit", "card_issuing_country": "FR"});
    let other =
        json!({"card_issuer": "Other Bank", "card_type": "credit", "card_issuing_country": "US"});
    let requests = [
        again(&first, json!("debit"), more),
        again(&first, json!("credit"), other),
        first.clone(),
    ];
    for request in &requests {
        let expected = json!(["debit", "Visa", "First Bank", "debit", "FR"]);
        for repeated in doors.create_method(request).ok() {
            assert_eq!(repeated["id"], known[0]["id"]);
            assert_eq!(told(&repeated), expected);
        }
        let path = format!("/v2/payment-methods/{}", known[0]["id"].as_str().unwrap());
        assert_eq!(told(&doors.tenant.get(&path).ok()), expected);
    }
}

#[test]
fn a_repeated_create_refreshes_billing_and_metadata() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let mut request = Card::new().create_for(&id);
    doors.tenant.post("/v2/payment-methods", &request).ok();
    for order in ["1", "2"] {
        request["metadata"] = json!({"order": order});
        request["billing"] = json!({"email": format!("{order}@example.com")});
        for refreshed in doors.create_method(&request).ok() {
            assert_eq!(refreshed["metadata"], json!({"order": order}));
            assert_eq!(refreshed["billing"]["email"], request["billing"]["email"]);
        }
    }
    request["metadata"] = Value::Null;
    for refreshed in doors.create_method(&request).ok() {
        assert_eq!(refreshed["metadata"], json!({"order": "2"}));
    }
}

#[test]
fn the_bin_table_fills_what_nobody_told_at_once_or_when_the_card_comes_again() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let mut admin = doors.tenant.admin();
    let mut load = |card: &Card| {
        let row =
            "insert into vault.card_bins values ($1, 'CARTESBANCAIRES', 'Banque', 'debit', 'FR')";
        admin.execute(row, &[&&card.number[..8]]).unwrap();
    };
    let (early, late) = (Card::new(), Card::new());
    load(&early);
    for created in doors.create_method(&early.create_for(&id)).ok() {
        let expected = json!(["debit", "CartesBancaires", "Banque", "debit", "FR"]);
        assert_eq!(told(&created), expected);
    }
    let named = again(
        &early.expiring_in(2040).create_for(&id),
        json!("credit"),
        json!({"card_network": "VISA", "card_issuer": "Mine", "card_type": "credit", "card_issuing_country": "US"}),
    );
    for created in doors.create_method(&named).ok() {
        assert_eq!(
            told(&created),
            json!(["credit", "Visa", "Mine", "credit", "US"])
        );
    }

    let request = late.create_for(&id);
    for created in doors.create_method(&request).ok() {
        assert_eq!(told(&created), json!([null, "Visa", null, null, null]));
    }
    load(&late);
    for repeated in doors.create_method(&request).ok() {
        assert_eq!(
            told(&repeated),
            json!(["debit", "Visa", "Banque", "debit", "FR"])
        );
    }
}

#[test]
fn a_repeated_create_makes_an_inactive_method_active_again() {
    let mut doors = Doors::new();
    let customer = doors.tenant.customer();
    let request = Card::new().create_for(&customer);
    let id = doors.tenant.post("/v2/payment-methods", &request).id();
    for _ in 0..2 {
        doors
            .tenant
            .put(&update_path(&id), &acknowledged("failed"))
            .ok();
        for created in doors.create_method(&request).ok() {
            assert_eq!(created["id"], id);
            assert_eq!(created["acknowledgement_status"], Value::Null);
        }
        doors.tenant.get(&format!("/v2/payment-methods/{id}")).ok();
    }
}
