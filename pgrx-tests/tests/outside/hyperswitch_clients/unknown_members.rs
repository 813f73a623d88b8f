//! Members of later versions.

use serde_json::{Value, json};
use vault_tests::Card;
use vault_tests::card::{account, ach_for};
use vault_tests::tenant::customer;

use super::{Doors, card_with};

/// Puts a member that nobody knows into the object at the pointer.
fn with_a_stranger(mut body: Value, pointer: &str) -> Value {
    body.pointer_mut(pointer).unwrap()["since_a_later_version"] = json!({"a": [1, null]});
    body
}

#[test]
fn unknown_members_are_ignored_in_nested_objects_of_customers() {
    let mut doors = Doors::new();
    let mut request = customer();
    for member in ["default_billing_address", "default_shipping_address"] {
        request[member] = json!({"city": "Turin"});
    }
    for pointer in ["/default_billing_address", "/default_shipping_address"] {
        for created in doors
            .create_customer(&with_a_stranger(request.clone(), pointer))
            .ok()
        {
            assert_eq!(created.pointer(pointer).unwrap()["city"], "Turin");
            assert!(!created.to_string().contains("later_version"), "{created}");
        }
    }
    let unknown = "unknown field, expected one of `name`";
    doors
        .create_customer(&with_a_stranger(request.clone(), ""))
        .refused_for_its_form(unknown);
    let id = doors.tenant.customer();
    doors
        .update_customer(&id, &with_a_stranger(json!({}), ""))
        .refused_for_its_form(unknown);
}

#[test]
fn unknown_members_are_ignored_in_nested_objects_of_payment_methods() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let mut card = card_with(&id, json!({"nick_name": "Travel"}));
    card["billing"] = json!({"address": {"city": "Turin"}, "phone": {"number": "1"}});
    card["network_tokenization"] = json!({"enable": "Skip"});
    let debit = ach_for(&id, &account());
    let data = "/payment_method_data";
    let cases = [
        (&card, data.to_owned()),
        (&card, format!("{data}/card")),
        (&card, "/billing".to_owned()),
        (&card, "/billing/address".to_owned()),
        (&card, "/billing/phone".to_owned()),
        (&card, "/network_tokenization".to_owned()),
        (&debit, format!("{data}/bank_debit")),
        (&debit, format!("{data}/bank_debit/ach")),
    ];
    for (request, pointer) in cases {
        for created in doors
            .create_method(&with_a_stranger(request.clone(), &pointer))
            .ok()
        {
            assert!(!created.to_string().contains("later_version"), "{created}");
            if request == &card {
                assert_eq!(
                    created["payment_method_data"]["card"]["nick_name"],
                    "Travel"
                );
                assert_eq!(created["billing"]["phone"]["number"], "1");
            }
        }
    }
    doors
        .create_method(&with_a_stranger(card, ""))
        .refused_for_its_form("unknown field, expected one of `payment_method_type`");
}

#[test]
fn unknown_members_are_ignored_in_nested_objects_of_updates() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let method = doors.tenant.store(&Card::new(), &id);
    let update = json!({
        "payment_method_data": {"card": {"nick_name": "Travel"}},
        "connector_token_details": {"token": "pm_1"},
    });
    for pointer in [
        "/payment_method_data",
        "/payment_method_data/card",
        "/connector_token_details",
    ] {
        for updated in doors
            .update_method(&method, &with_a_stranger(update.clone(), pointer))
            .ok()
        {
            assert_eq!(
                updated["payment_method_data"]["card"]["nick_name"],
                "Travel"
            );
            assert_eq!(updated["connector_tokens"][0]["token"], "pm_1");
            assert!(!updated.to_string().contains("later_version"), "{updated}");
        }
    }
    doors
        .update_method(&method, &with_a_stranger(update, ""))
        .refused_for_its_form("unknown field, expected one of `payment_method_data`");
}

#[test]
fn number_and_expiry_in_an_update_are_refused_and_not_ignored() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let method = doors.tenant.store(&Card::new(), &id);
    let other = Card::new();
    for (member, value) in [
        ("card_number", &other.number),
        ("card_exp_month", &other.month),
        ("card_exp_year", &other.year),
    ] {
        let update =
            json!({"payment_method_data": {"card": {"nick_name": "Changed", member: value}}});
        let message = format!("`{member}` must be left out: it cannot change");
        doors
            .update_method(&method, &update)
            .refused(400, "IR_06", "22023", &message);
    }
    let debit = doors
        .tenant
        .post("/v2/payment-methods", &ach_for(&id, &account()))
        .id();
    for member in ["account_number", "routing_number"] {
        let update = json!({"payment_method_data": {"bank_debit": {"ach": {member: account()}}}});
        let message = format!("`{member}` must be left out: it cannot change");
        doors
            .update_method(&debit, &update)
            .refused(400, "IR_06", "22023", &message);
    }
}
