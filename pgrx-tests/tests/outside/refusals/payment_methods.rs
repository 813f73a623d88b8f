//! Payment methods that are not there, and what does not fit them.

use serde_json::{Value, json};
use vault_tests::card::{account, ach_for};
use vault_tests::{Card, Tenant};

use super::{Argument, Call, Refusal, create_method, plain, refused, settled};
use crate::connectors::NO_CONNECTOR;
use crate::support::{NO_PAYMENT_METHOD, unknown_id};

fn update_method(id: &str, body: Value) -> Call {
    let arguments = vec![Argument::Text(id.into()), Argument::Json(body.clone())];
    let path = format!("/v2/payment-methods/{id}/update-saved-payment-method");
    Call {
        verb: "PUT",
        path,
        body: Some(body),
        operation: "update_payment_method($1, $2)",
        arguments,
    }
}

#[test]
fn an_unknown_payment_method_is_not_found() {
    let (tenant, ..) = settled();
    let missing = || Refusal(404, "HE_02", NO_PAYMENT_METHOD, "P0002");
    let other = Tenant::new();
    let stranger = other.store(&Card::new(), &other.customer());
    for id in [unknown_id("pm"), stranger, "nonsense".into()] {
        refused(
            &tenant,
            &plain("GET", "payment-methods", &id, "retrieve_payment_method($1)"),
            missing(),
        );
        refused(
            &tenant,
            &plain(
                "DELETE",
                "payment-methods",
                &id,
                "delete_payment_method($1)",
            ),
            missing(),
        );
        refused(
            &tenant,
            &update_method(&id, json!({"network_transaction_id": "N1"})),
            missing(),
        );
    }
}

#[test]
fn an_inactive_payment_method_is_not_found() {
    let (tenant, _, id) = settled();
    let update = format!("/v2/payment-methods/{id}/update-saved-payment-method");
    tenant
        .put(&update, &json!({"acknowledgement_status": "failed"}))
        .ok();

    let missing = Refusal(404, "HE_02", NO_PAYMENT_METHOD, "P0002");
    refused(
        &tenant,
        &plain("GET", "payment-methods", &id, "retrieve_payment_method($1)"),
        missing,
    );
}

#[test]
fn a_payment_method_is_deleted_only_once() {
    let (tenant, _, id) = settled();
    tenant.delete(&format!("/v2/payment-methods/{id}")).ok();

    let redacted = Refusal(
        400,
        "IR_11",
        "Payment method has already been redacted",
        "55000",
    );
    refused(
        &tenant,
        &plain(
            "DELETE",
            "payment-methods",
            &id,
            "delete_payment_method($1)",
        ),
        redacted,
    );
}

#[test]
fn a_deleted_payment_method_is_not_updated() {
    let (tenant, _, id) = settled();
    tenant.delete(&format!("/v2/payment-methods/{id}")).ok();

    for update in [json!({}), json!({"network_transaction_id": "N1"})] {
        let redacted = Refusal(
            422,
            "IR_06",
            "Redacted Payment Method cannot be updated",
            "55000",
        );
        refused(&tenant, &update_method(&id, update), redacted);
    }
}

#[test]
fn data_that_does_not_fit_the_type_is_refused() {
    let (tenant, customer, _) = settled();
    let misfit = || {
        Refusal(
            422,
            "IR_06",
            "Invalid 'payment_method_data' provided",
            "22023",
        )
    };

    let mut card_as_debit = Card::new().create_for(&customer);
    card_as_debit["payment_method_type"] = json!("bank_debit");
    card_as_debit["payment_method_subtype"] = json!("ach");
    refused(&tenant, &create_method(card_as_debit), misfit());

    let mut no_data = Card::new().create_for(&customer);
    no_data["payment_method_data"] = json!({});
    refused(&tenant, &create_method(no_data), misfit());

    let mut debit_as_card = ach_for(&customer, &account());
    debit_as_card["payment_method_type"] = json!("card");
    refused(&tenant, &create_method(debit_as_card), misfit());
}

#[test]
fn an_update_that_does_not_fit_the_stored_kind_is_refused() {
    let (tenant, customer, card) = settled();
    let debit = tenant
        .post("/v2/payment-methods", &ach_for(&customer, &account()))
        .id();
    let misfit = || Refusal(400, "IR_19", "Payment method type not supported", "0A000");

    let ach = json!({"payment_method_data": {"bank_debit": {"ach": {"bank_account_holder_name": "Jane"}}}});
    refused(&tenant, &update_method(&card, ach), misfit());
    refused(
        &tenant,
        &update_method(
            &debit,
            json!({"payment_method_data": {"card": {"nick_name": "Jane"}}}),
        ),
        misfit(),
    );
}

#[test]
fn types_that_are_not_served_are_refused() {
    let (tenant, customer, _) = settled();
    for kind in [
        "wallet",
        "pay_later",
        "bank_redirect",
        "bank_transfer",
        "crypto",
        "voucher",
        "gift_card",
        "upi",
    ] {
        let mut request = Card::new().create_for(&customer);
        request["payment_method_type"] = json!(kind);
        let invalid = Refusal(
            422,
            "IR_06",
            "Invalid 'payment_method_type' provided",
            "22023",
        );
        refused(&tenant, &create_method(request), invalid);
    }
}

#[test]
fn an_unknown_connector() {
    let (tenant, customer, _) = settled();
    let missing = Refusal(404, "HE_02", NO_CONNECTOR, "P0002");
    let mut psp = Card::new().create_for(&customer);
    psp["psp_tokenization"] =
        json!({"tokenization_type": "multi_use", "connector_id": "mca_aaaaaaaaaaaaaaaaaaaa"});
    refused(&tenant, &create_method(psp), missing);
}
