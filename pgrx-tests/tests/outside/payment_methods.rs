//! Payment methods: contract, section 4.

use serde_json::{Value, json};
use vault_tests::card::{account, ach_for};
use vault_tests::{Card, Tenant};

use crate::support::{NO_PAYMENT_METHOD, PAYMENT_METHOD_ID, TIME, has_form, row, sealed};

fn billing() -> Value {
    json!({
        "address": {
            "city": "New York", "country": "AF", "line1": "123, King Street", "line2": "Powelson Avenue",
            "line3": "Bridgewater", "zip": "08807", "state": "New York", "first_name": "John",
            "last_name": "Doe", "origin_zip": null,
        },
        "phone": {"number": "9123456789", "country_code": "+1"},
        "email": "abc@gmail.com",
    })
}

/// A request with every member that a card may have.
fn full_request(card: &Card, customer: &str) -> Value {
    json!({
        "customer_id": customer,
        "payment_method_type": "card",
        "payment_method_subtype": "credit",
        "payment_method_data": {"card": {
            "card_number": card.number, "card_exp_month": card.month, "card_exp_year": card.year,
            "card_holder_name": "John Doe", "nick_name": "Johnny", "card_issuing_country": "AF",
            "card_network": "Visa", "card_issuer": "First Bank", "card_type": "credit", "card_cvc": card.cvc,
        }},
        "billing": billing(),
        "metadata": {"order": "7"},
        "storage_type": "persistent",
        "network_tokenization": {"enable": "Skip"},
    })
}

fn path(id: &str) -> String {
    format!("/v2/payment-methods/{id}")
}

fn update_path(id: &str) -> String {
    format!("/v2/payment-methods/{id}/update-saved-payment-method")
}

/// The members of `value` but for `dropped`.
fn without(value: &Value, dropped: &[&str]) -> Value {
    let members = value.as_object().unwrap().iter();
    members
        .filter(|(name, _)| !dropped.contains(&name.as_str()))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect()
}

#[test]
fn a_stored_card_is_answered_with_every_member_in_order() {
    let tenant = Tenant::new();
    let card = Card::new();
    let customer = tenant.customer();

    let answer = tenant.post("/v2/payment-methods", &full_request(&card, &customer));

    let body = answer.ok();
    let data = &body["payment_method_data"]["card"];
    has_form(&body["id"], PAYMENT_METHOD_ID);
    has_form(&body["created"], TIME);
    has_form(&body["last_used_at"], TIME);
    has_form(&body["card_cvc_token_storage"]["expires_at"], TIME);
    has_form(&data["card_fingerprint"], r"\S{16,}");
    let expected = json!({
        "id": body["id"],
        "merchant_id": tenant.merchant,
        "customer_id": customer,
        "payment_method_type": "card",
        "payment_method_subtype": "credit",
        "recurring_enabled": false,
        "created": body["created"],
        "last_used_at": body["last_used_at"],
        "payment_method_data": {"card": {
            "issuer_country": "AF",
            "last4_digits": card.last_four(),
            "expiry_month": card.month,
            "expiry_year": card.year,
            "card_holder_name": "John Doe",
            "card_fingerprint": data["card_fingerprint"],
            "nick_name": "Johnny",
            "card_network": "Visa",
            "card_isin": card.first_six(),
            "card_issuer": "First Bank",
            "card_type": "credit",
            "saved_to_locker": true,
        }},
        "connector_tokens": null,
        "network_token": null,
        "storage_type": "persistent",
        "card_cvc_token_storage": {"is_stored": true, "expires_at": body["card_cvc_token_storage"]["expires_at"]},
        "network_transaction_id": null,
        "raw_payment_method_data": null,
        "billing": billing(),
        "acknowledgement_status": null,
        "metadata": {"order": "7"},
    });
    assert_eq!(answer.text, expected.to_string());
}

#[test]
fn a_card_with_nothing_optional_gets_its_network_from_the_number_and_nulls_for_the_rest() {
    let tenant = Tenant::new();
    let card = Card::new();
    let customer = tenant.customer();

    let body = tenant
        .post("/v2/payment-methods", &card.create_for(&customer))
        .ok();

    let data = &body["payment_method_data"]["card"];
    let expected = json!({
        "issuer_country": null, "last4_digits": card.last_four(), "expiry_month": card.month,
        "expiry_year": card.year, "card_holder_name": null, "card_fingerprint": data["card_fingerprint"],
        "nick_name": null, "card_network": "Visa", "card_isin": card.first_six(), "card_issuer": null,
        "card_type": null, "saved_to_locker": true,
    });
    assert_eq!(data.to_string(), expected.to_string());
    assert_eq!(body["payment_method_subtype"], Value::Null);
    assert_eq!(body["storage_type"], "persistent");
    assert_eq!(
        (&body["billing"], &body["metadata"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn the_network_follows_the_published_ranges() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let ranges = [
        ("4", 16, "Visa"),
        ("4", 13, "Visa"),
        ("4", 19, "Visa"),
        ("51", 16, "Mastercard"),
        ("55", 16, "Mastercard"),
        ("2221", 16, "Mastercard"),
        ("2720", 16, "Mastercard"),
        ("34", 15, "AmericanExpress"),
        ("37", 15, "AmericanExpress"),
        ("3528", 16, "JCB"),
        ("3589", 16, "JCB"),
        ("36", 14, "DinersClub"),
        ("6011", 16, "Discover"),
        ("62", 16, "UnionPay"),
    ];
    for (prefix, length, network) in ranges {
        let mut card = Card::starting_with(prefix, length);
        if network == "AmericanExpress" {
            card.cvc = vault_tests::card::cvc(4);
        }
        let body = tenant
            .post("/v2/payment-methods", &card.create_for(&customer))
            .ok();
        assert_eq!(
            body["payment_method_data"]["card"]["card_network"], network,
            "{prefix}… of {length} digits"
        );
    }
}

#[test]
fn the_callers_network_stands() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let networks = [
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
    for network in networks {
        let mut request = Card::new().create_for(&customer);
        request["payment_method_data"]["card"]["card_network"] = json!(network);
        let body = tenant.post("/v2/payment-methods", &request).ok();
        assert_eq!(body["payment_method_data"]["card"]["card_network"], network);
    }
}

#[test]
fn white_space_in_the_number_is_no_part_of_it() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let card = Card::new();
    let id = tenant.store(&card, &customer);

    let (start, end) = card.number.split_at(4);
    let spaced = Card {
        number: format!(" {start} {end}\t"),
        ..card.clone()
    };
    let body = tenant
        .post("/v2/payment-methods", &spaced.create_for(&customer))
        .ok();

    assert_eq!(body["id"], id);
    assert_eq!(
        body["payment_method_data"]["card"]["last4_digits"],
        card.last_four()
    );
}

#[test]
fn numbers_of_8_to_19_digits_are_taken() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    for length in [8, 12, 13, 19] {
        let card = Card::starting_with("6", length);
        let body = tenant
            .post("/v2/payment-methods", &card.create_for(&customer))
            .ok();
        assert_eq!(
            body["payment_method_data"]["card"]["last4_digits"],
            card.last_four(),
            "{length} digits"
        );
    }
}

#[test]
fn the_expiry_is_answered_as_it_was_sent() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    for (month, year) in [("3", "2040"), ("03", "40"), ("12", "2040")] {
        let card = Card {
            month: month.into(),
            year: year.into(),
            ..Card::new()
        };
        let body = tenant
            .post("/v2/payment-methods", &card.create_for(&customer))
            .ok();
        let data = &body["payment_method_data"]["card"];
        assert_eq!(
            (&data["expiry_month"], &data["expiry_year"]),
            (&json!(month), &json!(year))
        );
    }
}

#[test]
fn a_card_is_good_until_the_end_of_its_month() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let now: Vec<String> = superuser
        .value(
            "select string_to_array(to_char(now() at time zone 'UTC', 'MM YYYY'), ' ')",
            &[],
        )
        .unwrap();
    let card = Card {
        month: now[0].clone(),
        year: now[1].clone(),
        ..Card::new()
    };

    tenant
        .post("/v2/payment-methods", &card.create_for(&tenant.customer()))
        .ok();
}

#[test]
fn the_cvc_is_in_no_answer_and_in_no_row() {
    let tenant = Tenant::new();
    let card = Card {
        cvc: vault_tests::card::cvc(4),
        ..Card::new()
    };
    let answer = tenant.post("/v2/payment-methods", &card.create_for(&tenant.customer()));
    let id = answer.id();

    let storage = &answer.json()["card_cvc_token_storage"];
    assert_eq!(storage["is_stored"], true);
    let revealed = tenant
        .send(&tenant.revealing("GET", &format!("{}?fetch_raw_detail=true", path(&id))))
        .ok();
    let raw = revealed["raw_payment_method_data"]["card"].as_object();
    assert_eq!(raw.unwrap().get("card_cvc"), Some(&Value::Null));
    assert!(!row(&mut tenant.stack.superuser(), "payment_methods", &id).contains("cvc"));
}

#[test]
fn a_method_is_retrieved_as_it_was_created_by_get_by_post_and_by_sql() {
    let tenant = Tenant::new();
    let created = tenant.post(
        "/v2/payment-methods",
        &full_request(&Card::new(), &tenant.customer()),
    );
    let id = created.id();

    assert_eq!(tenant.get(&path(&id)).text, created.text);
    assert_eq!(
        tenant.send(&tenant.request("POST", path(&id))).text,
        created.text
    );
    assert_eq!(
        tenant
            .get(&format!("{}?fetch_raw_detail=false", path(&id)))
            .text,
        created.text
    );
    assert_eq!(
        tenant
            .sql()
            .call("retrieve_payment_method($1)", &[&id])
            .unwrap(),
        created.json()
    );
}

#[test]
fn a_method_stored_by_sql_is_the_same_over_http() {
    let tenant = Tenant::new();
    let request = full_request(&Card::new(), &tenant.customer());
    let created = tenant
        .sql()
        .call("create_payment_method($1)", &[&request])
        .unwrap();

    assert_eq!(
        tenant.get(&path(created["id"].as_str().unwrap())).ok(),
        created
    );
}

#[test]
fn the_details_leave_out_the_raw_data_and_the_cvc() {
    let tenant = Tenant::new();
    let created = tenant
        .post(
            "/v2/payment-methods",
            &full_request(&Card::new(), &tenant.customer()),
        )
        .ok();

    let answer = tenant.get(&format!(
        "{}/details",
        path(created["id"].as_str().unwrap())
    ));

    let expected = without(
        &created,
        &["card_cvc_token_storage", "raw_payment_method_data"],
    );
    assert_eq!((answer.status, answer.text), (200, expected.to_string()));
}

#[test]
fn the_full_number_comes_back_to_a_key_with_the_reveal_scope_that_asks_for_it() {
    let tenant = Tenant::new();
    let card = Card::new();
    let created = tenant
        .post(
            "/v2/payment-methods",
            &full_request(&card, &tenant.customer()),
        )
        .ok();
    let id = created["id"].as_str().unwrap();

    let answer =
        tenant.send(&tenant.revealing("GET", &format!("{}?fetch_raw_detail=true", path(id))));

    let body = answer.ok();
    let raw = &body["raw_payment_method_data"]["card"];
    assert_eq!(raw["card_number"], card.number);
    assert_eq!(
        (&raw["card_exp_month"], &raw["card_exp_year"]),
        (&json!(card.month), &json!(card.year))
    );
    let mut masked = body.clone();
    masked["raw_payment_method_data"] = Value::Null;
    assert_eq!(masked.to_string(), created.to_string());
    let unasked = tenant.send(&tenant.revealing("GET", &path(id)));
    assert_eq!(unasked.text, created.to_string());
}

#[test]
fn the_full_number_is_refused_to_a_key_without_the_scope_and_to_a_role_without_membership() {
    let tenant = Tenant::new();
    let card = Card::new();
    let id = tenant.store(&card, &tenant.customer());
    let message = "The API key does not carry the `reveal` scope";

    for verb in ["GET", "POST"] {
        tenant
            .send(&tenant.request(verb, format!("{}?fetch_raw_detail=true", path(&id))))
            .refuses(403, "IR_19", message);
    }
    let refused = tenant
        .sql()
        .call("retrieve_payment_method($1, true)", &[&id])
        .unwrap_err();
    assert_eq!(refused.sqlstate, "42501");
    let revealed = tenant
        .revealing_sql()
        .call("retrieve_payment_method($1, true)", &[&id])
        .unwrap();
    assert_eq!(
        revealed["raw_payment_method_data"]["card"]["card_number"],
        card.number
    );
}

#[test]
fn fetch_raw_detail_is_true_or_false_and_nothing_else() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    for value in ["yes", "1", "TRUE", ""] {
        let answer = tenant
            .send(&tenant.revealing("GET", &format!("{}?fetch_raw_detail={value}", path(&id))));
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{value:?}: {}",
            answer.text
        );
    }
}

#[test]
fn the_same_card_for_the_same_customer_is_one_method_with_its_names_refreshed() {
    let tenant = Tenant::new();
    let card = Card {
        month: "03".into(),
        year: "2040".into(),
        ..Card::new()
    };
    let customer = tenant.customer();
    let created = tenant
        .post("/v2/payment-methods", &full_request(&card, &customer))
        .ok();

    let mut request = full_request(
        &Card {
            month: "3".into(),
            year: "40".into(),
            ..card
        },
        &customer,
    );
    request["payment_method_data"]["card"]["card_holder_name"] = json!("Jane Doe");
    request["payment_method_data"]["card"]["nick_name"] = json!("Jane");
    request["billing"] = json!({"email": "jane@example.com"});
    let again = tenant.post("/v2/payment-methods", &request).ok();

    assert_eq!(again["id"], created["id"]);
    assert_eq!(again["created"], created["created"]);
    for body in [
        &again,
        &tenant.get(&path(again["id"].as_str().unwrap())).ok(),
    ] {
        let data = &body["payment_method_data"]["card"];
        assert_eq!(
            (&data["card_holder_name"], &data["nick_name"]),
            (&json!("Jane Doe"), &json!("Jane"))
        );
        assert_eq!(
            data["card_fingerprint"],
            created["payment_method_data"]["card"]["card_fingerprint"]
        );
        assert_eq!(body["billing"]["email"], "jane@example.com");
    }
    assert_eq!(list(&tenant, &customer).len(), 1);
}

#[test]
fn another_expiry_or_another_customer_makes_another_method() {
    let tenant = Tenant::new();
    let card = Card::new();
    let customer = tenant.customer();
    let first = tenant.store(&card, &customer);

    let later = tenant.store(&card.expiring_in(2040), &customer);
    let other_month = tenant.store(
        &Card {
            month: "11".into(),
            ..card.clone()
        },
        &customer,
    );
    let others = tenant.store(&card, &tenant.customer());

    let mut ids = vec![first, later, other_month, others];
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[test]
fn the_fingerprint_is_that_of_the_card_within_its_profile() {
    let tenant = Tenant::new();
    let card = Card::new();
    let fingerprint = |tenant: &Tenant, card: &Card| {
        let body = tenant
            .post("/v2/payment-methods", &card.create_for(&tenant.customer()))
            .ok();
        body["payment_method_data"]["card"]["card_fingerprint"].clone()
    };

    let first = fingerprint(&tenant, &card);
    assert_eq!(fingerprint(&tenant, &card), first, "another customer");
    assert_eq!(
        fingerprint(&tenant, &card.expiring_in(2040)),
        first,
        "another expiry"
    );
    assert_ne!(fingerprint(&tenant, &Card::new()), first, "another card");
    assert_ne!(
        fingerprint(&tenant.sibling(), &card),
        first,
        "another profile"
    );
}

#[test]
fn a_subtype_of_a_bank_debit_on_a_card_is_echoed() {
    let tenant = Tenant::new();
    let mut request = Card::new().create_for(&tenant.customer());
    request["payment_method_subtype"] = json!("ach");

    assert_eq!(
        tenant.post("/v2/payment-methods", &request).ok()["payment_method_subtype"],
        "ach"
    );
}

#[test]
fn a_network_token_that_is_asked_for_is_null_while_the_profile_has_none() {
    let tenant = Tenant::new();
    for enable in ["Enable", "Skip"] {
        let mut request = Card::new().create_for(&tenant.customer());
        request["network_tokenization"] = json!({"enable": enable});
        assert_eq!(
            tenant.post("/v2/payment-methods", &request).ok()["network_token"],
            Value::Null
        );
    }
}

#[test]
fn a_bank_account_is_answered_with_its_last_digits_only() {
    let tenant = Tenant::new();
    let account = account();
    let customer = tenant.customer();
    let mut request = ach_for(&customer, &account);
    let ach = &mut request["payment_method_data"]["bank_debit"]["ach"];
    ach["bank_account_holder_name"] = json!("John Doe");
    ach["bank_type"] = json!("checking");
    ach["bank_holder_type"] = json!("personal");
    ach["bank_name"] = json!("chase");

    let answer = tenant.post("/v2/payment-methods", &request);

    let body = answer.ok();
    let expected = json!({"bank_debit": {"ach_bank_debit": {
        "account_number_last4_digits": account[8..],
        "routing_number_last4_digits": "0000",
        "bank_account_holder_name": "John Doe",
        "bank_name": "chase",
        "bank_type": "checking",
        "bank_holder_type": "personal",
    }}});
    assert_eq!(
        body["payment_method_data"].to_string(),
        expected.to_string()
    );
    assert_eq!(
        (
            &body["payment_method_type"],
            &body["payment_method_subtype"]
        ),
        (&json!("bank_debit"), &json!("ach"))
    );
    assert!(!answer.text.contains(&account));
    let id = answer.id();
    let revealed = tenant
        .send(&tenant.revealing("GET", &format!("{}?fetch_raw_detail=true", path(&id))))
        .ok();
    assert!(
        revealed["raw_payment_method_data"]["bank_debit"]
            .to_string()
            .contains(&account),
        "{revealed}"
    );
}

#[test]
fn the_holder_of_a_bank_account_can_be_changed() {
    let tenant = Tenant::new();
    let id = tenant
        .post(
            "/v2/payment-methods",
            &ach_for(&tenant.customer(), &account()),
        )
        .id();

    let update = json!({"payment_method_data": {"bank_debit": {"ach": {"bank_account_holder_name": "Jane Doe"}}}});
    tenant.put(&update_path(&id), &update).ok();

    let data = &tenant.get(&path(&id)).ok()["payment_method_data"]["bank_debit"]["ach_bank_debit"];
    assert_eq!(data["bank_account_holder_name"], "Jane Doe");
    assert_eq!(data["routing_number_last4_digits"], "0000");
}

#[test]
fn an_update_changes_what_it_names_and_leaves_the_rest() {
    let tenant = Tenant::new();
    let created = tenant
        .post(
            "/v2/payment-methods",
            &full_request(&Card::new(), &tenant.customer()),
        )
        .ok();
    let id = created["id"].as_str().unwrap();

    for (verb, name) in [("PUT", "One"), ("PATCH", "Two")] {
        let update = json!({"payment_method_data": {"card": {"nick_name": name, "card_cvc": vault_tests::card::cvc(3)}}});
        let answer = tenant.send(&tenant.request(verb, update_path(id)).json(&update));
        let answer = answer.ok();
        let mut expected = created.clone();
        expected["payment_method_data"]["card"]["nick_name"] = json!(name);
        expected["card_cvc_token_storage"] = answer["card_cvc_token_storage"].clone();
        let settle = |body: Value| without(&body, &["last_used_at"]).to_string();
        assert_eq!(settle(answer), settle(expected.clone()), "{verb}");
        assert_eq!(
            settle(tenant.get(&path(id)).ok()),
            settle(expected),
            "{verb}"
        );
    }
}

#[test]
fn an_update_of_nothing_changes_nothing() {
    let tenant = Tenant::new();
    let created = tenant.post(
        "/v2/payment-methods",
        &full_request(&Card::new(), &tenant.customer()),
    );

    let answer = tenant.put(&update_path(&created.id()), &json!({}));

    assert_eq!((answer.status, answer.text), (200, created.text));
}

#[test]
fn a_network_transaction_id_is_kept() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());

    tenant
        .put(
            &update_path(&id),
            &json!({"network_transaction_id": "MCC123456789"}),
        )
        .ok();

    assert_eq!(
        tenant.get(&path(&id)).ok()["network_transaction_id"],
        "MCC123456789"
    );
}

#[test]
fn an_update_cannot_change_number_or_expiry() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    let before = tenant.get(&path(&id)).text;
    let other = Card::new();

    for (member, value) in [
        ("card_number", &other.number),
        ("card_exp_month", &other.month),
        ("card_exp_year", &other.year),
    ] {
        let mut update = json!({"payment_method_data": {"card": {"nick_name": "Changed"}}});
        update["payment_method_data"]["card"][member] = json!(value);
        let answer = tenant.put(&update_path(&id), &update);
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_06"),
            "{member}: {}",
            answer.text
        );
    }
    assert_eq!(tenant.get(&path(&id)).text, before);
}

#[test]
fn a_failed_acknowledgement_hides_a_method_until_it_is_authenticated() {
    let tenant = Tenant::new();
    let mut sql = tenant.sql();
    let customer = tenant.customer();
    let id = tenant.store(&Card::new(), &customer);

    tenant
        .put(
            &update_path(&id),
            &json!({"acknowledgement_status": "failed"}),
        )
        .ok();
    tenant
        .get(&path(&id))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
    tenant
        .get(&format!("{}/details", path(&id)))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
    assert_eq!(
        sql.call("retrieve_payment_method($1)", &[&id])
            .unwrap_err()
            .pair(),
        ("P0002", NO_PAYMENT_METHOD)
    );
    assert!(list(&tenant, &customer).is_empty());
    let all = tenant.get(&format!(
        "/v2/customers/{customer}/saved-payment-methods?include_new=true"
    ));
    assert_eq!(all.text, r#"{"customer_payment_methods":[]}"#);

    tenant
        .put(
            &update_path(&id),
            &json!({"acknowledgement_status": "authenticated"}),
        )
        .ok();
    let body = tenant.get(&path(&id)).ok();
    assert_eq!(
        (&body["id"], &body["acknowledgement_status"]),
        (&json!(id), &json!("authenticated"))
    );
    assert_eq!(list(&tenant, &customer).len(), 1);
}

fn tokens(tenant: &Tenant, id: &str, details: Value) -> vault_tests::Answer {
    tenant.put(
        &update_path(id),
        &json!({"connector_token_details": details}),
    )
}

#[test]
fn a_connector_token_in_short_form_makes_an_entry_and_then_replaces_it() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());

    let first = tokens(
        &tenant,
        &id,
        json!({"token": "pm_9UhM", "connector_token_request_reference_id": "ref 1"}),
    )
    .ok();

    let entry = |token: &str, reference: &str| {
        json!([{
            "connector_id": null, "token_type": "multi_use", "status": "active", "token": token,
            "connector_token_request_reference_id": reference, "original_payment_authorized_amount": null,
            "original_payment_authorized_currency": null, "metadata": null, "connector_customer_id": null,
        }])
    };
    assert_eq!(
        first["connector_tokens"].to_string(),
        entry("pm_9UhM", "ref 1").to_string()
    );
    tokens(
        &tenant,
        &id,
        json!({"token": "pm_new", "connector_token_request_reference_id": "ref 2"}),
    )
    .ok();
    assert_eq!(
        tenant.get(&path(&id)).ok()["connector_tokens"].to_string(),
        entry("pm_new", "ref 2").to_string()
    );
}

/// A connector token with every member.
fn full_token(connector: &str, token: &str) -> Value {
    json!({
        "connector_id": connector, "token_type": "multi_use", "status": "active", "token": token,
        "connector_token_request_reference_id": "ref", "original_payment_authorized_amount": 1200,
        "original_payment_authorized_currency": "EUR", "metadata": {"k": "v"},
        "connector_customer_id": "cus_1",
    })
}

#[test]
fn a_connector_token_in_full_form_is_added_or_replaced_by_its_connector() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    let (one, two) = ("mca_aaaaaaaaaaaaaaaaaaaa", "mca_bbbbbbbbbbbbbbbbbbbb");

    let body = tokens(&tenant, &id, full_token(one, "token one")).ok();
    assert_eq!(
        body["connector_tokens"].to_string(),
        json!([full_token(one, "token one")]).to_string()
    );
    tokens(&tenant, &id, full_token(two, "token two")).ok();
    tokens(&tenant, &id, full_token(one, "token three")).ok();

    let mut entries = tenant.get(&path(&id)).ok()["connector_tokens"]
        .as_array()
        .unwrap()
        .clone();
    entries.sort_by_key(|entry| entry["connector_id"].to_string());
    assert_eq!(
        json!(entries),
        json!([full_token(one, "token three"), full_token(two, "token two")])
    );
}

#[test]
fn a_short_connector_token_among_several_is_ambiguous() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    tokens(&tenant, &id, full_token("mca_aaaaaaaaaaaaaaaaaaaa", "one")).ok();
    tokens(&tenant, &id, full_token("mca_bbbbbbbbbbbbbbbbbbbb", "two")).ok();
    let before = tenant.get(&path(&id)).text;

    let answer = tokens(
        &tenant,
        &id,
        json!({"token": "three", "connector_token_request_reference_id": "ref"}),
    );

    assert_eq!(
        (answer.status, answer.refusal().0.as_str()),
        (422, "IR_06"),
        "{}",
        answer.text
    );
    assert_eq!(tenant.get(&path(&id)).text, before);
}

#[test]
fn connector_tokens_lie_encrypted_in_the_tables() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());
    let token = vault_tests::random::name("tok");
    tokens(&tenant, &id, full_token("mca_aaaaaaaaaaaaaaaaaaaa", &token)).ok();

    let mut superuser = tenant.stack.superuser();
    for table in crate::support::tables(&mut superuser) {
        let found: i64 = superuser
            .value(
                &format!("select count(*) from vault.{table} t where strpos(t::text, $1) > 0"),
                &[&token],
            )
            .unwrap();
        assert_eq!(found, 0, "in vault.{table}");
    }
}

/// The items of a customer's list.
fn list(tenant: &Tenant, customer: &str) -> Vec<Value> {
    let body = tenant
        .get(&format!("/v2/customers/{customer}/saved-payment-methods"))
        .ok();
    body["customer_payment_methods"].as_array().unwrap().clone()
}

#[test]
fn a_list_item_has_every_member_in_order() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let created = tenant
        .post(
            "/v2/payment-methods",
            &full_request(&Card::new(), &customer),
        )
        .ok();

    let answer = tenant.get(&format!("/v2/customers/{customer}/saved-payment-methods"));

    let expected = json!({"customer_payment_methods": [{
        "id": created["id"], "customer_id": customer, "payment_method_type": "card",
        "payment_method_subtype": "credit", "recurring_enabled": false,
        "payment_method_data": created["payment_method_data"], "created": created["created"],
        "requires_cvv": true, "last_used_at": created["last_used_at"], "is_default": false,
        "billing": billing(), "network_tokenization": null, "connector_tokens": null, "network_transaction_id": null,
    }]});
    assert_eq!(answer.text, expected.to_string());
    assert_eq!(
        tenant
            .sql()
            .call("list_payment_methods($1)", &[&customer])
            .unwrap(),
        answer.json()
    );
}

#[test]
fn the_list_has_the_last_used_method_first() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let ids: Vec<String> = (0..3)
        .map(|_| tenant.store(&Card::new(), &customer))
        .collect();

    let listed: Vec<String> = list(&tenant, &customer)
        .iter()
        .map(|i| i["id"].as_str().unwrap().to_owned())
        .collect();

    assert_eq!(listed, [ids[2].as_str(), &ids[1], &ids[0]]);
}

#[test]
fn a_list_shows_one_customers_methods_only() {
    let tenant = Tenant::new();
    let (one, two) = (tenant.customer(), tenant.customer());
    let id = tenant.store(&Card::new(), &one);

    assert_eq!(list(&tenant, &one)[0]["id"], id);
    assert!(list(&tenant, &two).is_empty());
}

#[test]
fn a_delete_answers_the_id_and_removes_the_ciphertext_but_not_the_row() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let customer = tenant.customer();
    let card = Card::new();
    let created = tenant
        .post("/v2/payment-methods", &full_request(&card, &customer))
        .ok();
    let id = created["id"].as_str().unwrap();
    tokens(
        &tenant,
        id,
        json!({"token": "pm_9UhM", "connector_token_request_reference_id": "ref"}),
    )
    .ok();
    for column in ["instrument", "summary", "duplicate_index"] {
        assert!(
            sealed(&mut superuser, "payment_methods", column, id).is_some(),
            "{column}"
        );
    }

    let answer = tenant.delete(&path(id));

    assert_eq!(
        (answer.status, answer.text),
        (200, json!({"id": id}).to_string())
    );
    for column in ["instrument", "summary", "duplicate_index"] {
        assert_eq!(
            sealed(&mut superuser, "payment_methods", column, id),
            None,
            "{column}"
        );
    }
    let tokens = "select count(*) from vault.connector_tokens where payment_method_id = $1";
    assert_eq!(superuser.value::<i64>(tokens, &[&id]).unwrap(), 0);
    tenant
        .get(&path(id))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
    assert!(list(&tenant, &customer).is_empty());
    assert_ne!(
        tenant.store(&card, &customer),
        id,
        "the same card can be stored again under a new id"
    );
}

#[test]
fn a_delete_by_sql_is_a_delete_over_http() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());

    assert_eq!(
        tenant
            .sql()
            .call("delete_payment_method($1)", &[&id])
            .unwrap(),
        json!({"id": id})
    );

    tenant
        .get(&path(&id))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
    tenant
        .delete(&path(&id))
        .refuses(400, "IR_11", "Payment method has already been redacted");
}
