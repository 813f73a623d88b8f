//! Empty texts, long ones, and names in capitals.

use serde_json::{Value, json};
use vault_tests::Card;
use vault_tests::card::{account, ach_for};
use vault_tests::tenant::customer;

use super::{Doors, card_with};

#[test]
fn document_details_are_taken_and_not_kept() {
    let mut doors = Doors::new();
    let document = json!({"document_type": "cpf", "document_number": "12345678909"});
    for value in [Value::Null, json!({}), document] {
        let mut request = customer();
        request["document_details"] = value.clone();
        let created = doors.create_customer(&request);
        let last = r#","tax_registration_id":null,"document_details":null}"#;
        assert!(created.http.text.ends_with(last), "{}", created.http.text);
        for created in created.ok() {
            assert_eq!(created["document_details"], Value::Null);
            let id = created["id"].as_str().unwrap();
            let update = json!({"document_details": value, "name": "Grace Hopper"});
            for updated in doors.update_customer(id, &update).ok() {
                assert_eq!(updated["document_details"], Value::Null);
                assert_eq!(updated["name"], "Grace Hopper");
            }
        }
    }
    let id = doors.tenant.customer();
    for value in [json!("x"), json!([]), json!(7), json!(true)] {
        let mut request = customer();
        request["document_details"] = value.clone();
        let form = "invalid type, expected an object";
        doors.create_customer(&request).refused_for_its_form(form);
        let update = json!({"document_details": value});
        doors
            .update_customer(&id, &update)
            .refused_for_its_form(form);
    }
}

#[test]
fn empty_texts_are_values_where_no_lower_limit_is_given() {
    let mut doors = Doors::new();
    let address = json!({
        "city": "", "country": null, "line1": "", "line2": "", "line3": "", "zip": "", "state": "",
        "first_name": "", "last_name": "", "origin_zip": "",
    });
    let request = json!({
        "name": "", "email": "ada@example.com", "phone": "", "phone_country_code": "",
        "default_billing_address": address, "default_shipping_address": address, "tax_registration_id": "",
    });
    for created in doors.create_customer(&request).ok() {
        for (member, value) in request.as_object().unwrap() {
            assert_eq!(&created[member], value, "{member}");
        }
    }

    let id = doors.tenant.customer();
    let names = json!({"card_holder_name": "", "nick_name": "", "card_issuer": ""});
    let mut request = card_with(&id, names.clone());
    request["billing"] = json!({
        "address": address, "phone": {"number": "", "country_code": ""}, "email": "",
    });
    for created in doors.create_method(&request).ok() {
        for (member, value) in names.as_object().unwrap() {
            assert_eq!(&created["payment_method_data"]["card"][member], value);
        }
        assert_eq!(created["billing"], request["billing"]);
    }

    let mut debit = ach_for(&id, &account());
    let ach = &mut debit["payment_method_data"]["bank_debit"]["ach"];
    ach["bank_account_holder_name"] = json!("");
    ach["bank_name"] = json!("");
    for created in doors.create_method(&debit).ok() {
        let shown = &created["payment_method_data"]["bank_debit"]["ach_bank_debit"];
        assert_eq!(shown["bank_account_holder_name"], "");
        assert_eq!(shown["bank_name"], "");
    }
}

#[test]
fn an_update_by_empty_texts_empties_what_was_there() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let method = doors
        .tenant
        .post(
            "/v2/payment-methods",
            &card_with(&id, json!({"nick_name": "Travel"})),
        )
        .id();
    let update = json!({
        "payment_method_data": {"card": {"card_holder_name": "", "nick_name": ""}},
        "network_transaction_id": "",
        "connector_token_details": {
            "token": "", "connector_token_request_reference_id": "", "connector_customer_id": "",
        },
    });
    for updated in doors.update_method(&method, &update).ok() {
        let card = &updated["payment_method_data"]["card"];
        assert_eq!(
            (&card["card_holder_name"], &card["nick_name"]),
            (&json!(""), &json!(""))
        );
        assert_eq!(updated["network_transaction_id"], "");
        let token = &updated["connector_tokens"][0];
        for member in update["connector_token_details"]
            .as_object()
            .unwrap()
            .keys()
        {
            assert_eq!(token[member], "", "{member}");
        }
    }
    for updated in doors
        .update_customer(&id, &json!({"phone": "", "name": ""}))
        .ok()
    {
        assert_eq!(
            (&updated["phone"], &updated["name"]),
            (&json!(""), &json!(""))
        );
    }
}

#[test]
fn empty_texts_are_refused_where_a_lower_limit_or_a_form_is_given() {
    let mut doors = Doors::new();
    let cases = [
        (
            "description",
            "`description` must be 1 to 255 characters long",
        ),
        ("email", "`email` must be 1 to 319 characters long"),
        (
            "merchant_reference_id",
            "`merchant_reference_id` must be 1 to 64 letters, digits, underscores or hyphens",
        ),
    ];
    for (member, message) in cases {
        let mut request = customer();
        request[member] = json!("");
        doors
            .create_customer(&request)
            .refused(400, "IR_06", "22023", message);
    }
    let mut request = customer();
    request["default_billing_address"] = json!({"country": ""});
    let message = "`default_billing_address.country` must be an ISO 3166-1 alpha-2 country code";
    doors
        .create_customer(&request)
        .refused(400, "IR_06", "22023", message);
}

#[test]
fn every_card_network_is_taken_by_its_name_and_in_capitals_and_answered_by_its_name() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    let names = [
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
        "Dinacard",
    ];
    let in_capitals = names.map(str::to_uppercase);
    let in_capitals = in_capitals.iter().map(String::as_str).zip(names);
    let cases = names
        .into_iter()
        .zip(names)
        .chain(in_capitals)
        .chain([("AMEX", "AmericanExpress")]);
    for (sent, answered) in cases {
        let request = card_with(&id, json!({"card_network": sent}));
        for created in doors.create_method(&request).ok() {
            let card = &created["payment_method_data"]["card"];
            assert_eq!(card["card_network"], answered, "{sent}");
        }
    }
    for unknown in ["visa", "Amex", "Solo", ""] {
        let request = card_with(&id, json!({"card_network": unknown}));
        doors
            .create_method(&request)
            .refused_for_its_form("unknown variant, expected one of `Visa`");
    }
}

#[test]
fn a_subtype_has_up_to_255_characters() {
    let mut doors = Doors::new();
    let mut request = Card::new().create_for(&doors.tenant.customer());
    request["payment_method_subtype"] = json!("a".repeat(255));
    for created in doors.create_method(&request).ok() {
        assert_eq!(
            created["payment_method_subtype"],
            request["payment_method_subtype"]
        );
    }
    let message =
        "`payment_method_subtype` must be 1 to 255 lower-case letters, digits or underscores";
    for subtype in ["a".repeat(256), String::new(), "Credit".into()] {
        request["payment_method_subtype"] = json!(subtype);
        doors
            .create_method(&request)
            .refused(400, "IR_06", "22023", message);
    }
}
