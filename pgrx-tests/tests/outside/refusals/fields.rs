//! Members that are wrong or missing.

use serde_json::{Value, json};
use vault_tests::Card;
use vault_tests::card::{account, ach_for, misread, number};
use vault_tests::tenant::customer;

use super::{Refusal, create_customer, create_method, refused, settled};
use crate::support::holdings;

/// A request for a card with some of its members changed.
fn card_with(customer: &str, changes: &[(&str, &str)]) -> Value {
    let mut request = Card::new().create_for(customer);
    for (member, value) in changes {
        request["payment_method_data"]["card"][*member] = json!(value);
    }
    request
}

#[test]
fn card_numbers_that_are_none_are_refused() {
    let (tenant, customer, _) = settled();
    let refuse = |number: &str, message: &'static str| {
        let call = create_method(card_with(&customer, &[("card_number", number)]));
        refused(&tenant, &call, Refusal(400, "IR_06", message, "22023"));
    };
    let good = number("4", 16);

    refuse(&misread(&good), "card number invalid");
    for strange in [
        good.replacen('4', "x", 1),
        format!("{good}-"),
        good.replacen('4', "\u{664}", 1),
    ] {
        refuse(&strange, "invalid character found in card number");
    }
    for length in [7, 20] {
        refuse(&number("4", length), "invalid card number length");
    }
    for nothing in ["", "   "] {
        refuse(nothing, "invalid card number length");
    }
}

#[test]
fn expiry_months_that_are_none_are_refused() {
    let (tenant, customer, _) = settled();
    for month in ["0", "00", "13", "99"] {
        let call = create_method(card_with(&customer, &[("card_exp_month", month)]));
        refused(
            &tenant,
            &call,
            Refusal(400, "IR_16", "Invalid Expiry Month", "22023"),
        );
    }
    for month in ["", "ab", "1x", "-1"] {
        let answer = tenant.post(
            "/v2/payment-methods",
            &card_with(&customer, &[("card_exp_month", month)]),
        );
        assert_eq!(
            (answer.status, answer.refusal().0.as_str()),
            (400, "IR_07"),
            "{month:?}: {}",
            answer.text
        );
    }
}

#[test]
fn cards_that_have_expired_are_refused() {
    let (tenant, customer, _) = settled();
    let rows = tenant
        .stack
        .superuser()
        .rows(
            "select to_char(past, 'MM'), to_char(past, 'YYYY'), extract(year from past) = extract(year from today)
             from (select now() at time zone 'UTC', now() at time zone 'UTC' - interval '1 month') t (today, past)",
            &[],
        )
        .unwrap();
    let (month, year): (String, String) = (rows[0].get(0), rows[0].get(1));
    // In January the month before belongs to a year that is in the past as a whole.
    let message = if rows[0].get(2) {
        "Card Expired"
    } else {
        "Invalid Expiry Year"
    };
    let expired = card_with(
        &customer,
        &[("card_exp_month", &month), ("card_exp_year", &year)],
    );
    refused(
        &tenant,
        &create_method(expired),
        Refusal(400, "IR_16", message, "22023"),
    );

    for year in ["2020", "1999", "20", "25"] {
        let past = card_with(&customer, &[("card_exp_year", year)]);
        refused(
            &tenant,
            &create_method(past),
            Refusal(400, "IR_16", "Invalid Expiry Year", "22023"),
        );
    }
}

#[test]
fn a_cvc_has_three_or_four_digits() {
    let (tenant, customer, method) = settled();
    for cvc in ["", "12", "12345", "12a", "１２３", " 123"] {
        let answer = tenant.post(
            "/v2/payment-methods",
            &card_with(&customer, &[("card_cvc", cvc)]),
        );
        answer.refuses_like(400, "IR_06", ".*card_cvc.*");
        let update = json!({"payment_method_data": {"card": {"card_cvc": cvc}}});
        let path = format!("/v2/payment-methods/{method}/update-saved-payment-method");
        tenant
            .put(&path, &update)
            .refuses_like(400, "IR_06", ".*card_cvc.*");
    }
}

#[test]
fn what_is_required_is_refused_when_it_is_left_out() {
    let (tenant, id, _) = settled();
    let dropped = |mut whole: Value, pointer: &str, member: &str| {
        whole
            .pointer_mut(pointer)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(member);
        whole
    };
    let card = || Card::new().create_for(&id);
    let ach = || ach_for(&id, &account());
    let calls = [
        create_customer(dropped(customer(), "", "name")),
        create_customer(dropped(customer(), "", "email")),
        create_method(dropped(card(), "", "payment_method_type")),
        create_method(dropped(card(), "", "payment_method_data")),
        create_method(dropped(card(), "/payment_method_data/card", "card_number")),
        create_method(dropped(
            card(),
            "/payment_method_data/card",
            "card_exp_month",
        )),
        create_method(dropped(
            card(),
            "/payment_method_data/card",
            "card_exp_year",
        )),
        create_method(dropped(ach(), "", "payment_method_subtype")),
        create_method(dropped(
            ach(),
            "/payment_method_data/bank_debit/ach",
            "account_number",
        )),
        create_method(dropped(
            ach(),
            "/payment_method_data/bank_debit/ach",
            "routing_number",
        )),
    ];
    let mut sql = tenant.sql();
    let before = holdings(&tenant.stack, &tenant.profile);
    for call in calls {
        let body = call.body.unwrap();
        let answer = tenant.post(&call.path, &body);
        let members: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(
            answer.status, 400,
            "{} with {members:?}: {}",
            call.path, answer.text
        );
        let by_sql = sql.call(call.operation, &[&body]).unwrap_err();
        assert!(
            ["22023", "22032"].contains(&by_sql.sqlstate.as_str()),
            "{by_sql:?}"
        );
    }
    assert_eq!(holdings(&tenant.stack, &tenant.profile), before);
}
