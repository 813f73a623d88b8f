//! Customers: contract, section 3.

mod create;
mod default_methods;
mod delete;
mod lists;
mod update;

use serde_json::{Value, json};

fn address(city: &str) -> Value {
    json!({
        "city": city, "country": "US", "line1": "1467", "line2": "Harrison Street", "line3": "Back yard",
        "zip": "94122", "state": "California", "first_name": "joseph", "last_name": "Doe", "origin_zip": "94000",
    })
}

fn full_customer(reference: &str) -> Value {
    json!({
        "merchant_reference_id": reference,
        "name": "Ada Byron",
        "email": "ada@example.com",
        "phone": "999999999",
        "phone_country_code": "+65",
        "description": "First customer",
        "default_billing_address": address("San Francisco"),
        "default_shipping_address": address("Oakland"),
        "metadata": {"udf1": "value1"},
        "tax_registration_id": "DE123456789",
    })
}
