//! Payment methods: contract, section 4.

mod bank_debits;
mod batches;
mod connector_tokens;
mod counts;
mod create;
mod delete;
mod duplicates;
mod import;
mod list;
mod many;
mod many_retrieves;
mod retrieve;
mod reveal;
mod update;

use serde_json::{Value, json};
use vault_tests::{Card, Tenant};

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

fn tokens(tenant: &Tenant, id: &str, details: Value) -> vault_tests::Answer {
    tenant.put(
        &update_path(id),
        &json!({"connector_token_details": details}),
    )
}

/// The items of a customer's list.
fn list(tenant: &Tenant, customer: &str) -> Vec<Value> {
    let body = tenant
        .get(&format!("/v2/customers/{customer}/saved-payment-methods"))
        .ok();
    body["customer_payment_methods"].as_array().unwrap().clone()
}
