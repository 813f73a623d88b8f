//! The examples of docs/openapi.json are real: this makes every call once, and compares.
//!
//! With `VAULT_WRITE_EXAMPLES` in the environment, it writes them instead: `make openapi-examples`.

use std::env;
use std::fs;

use serde_json::{Map, Value, json};
use vault_tests::stack::repository;
use vault_tests::{Answer, Tenant};

use crate::routes::with_token_service;
use crate::support::soon;

const FILE: &str = "core/src/openapi/examples.json";

#[test]
fn the_examples_are_what_the_vault_answers() {
    let tenant = Tenant::new();
    let _service = with_token_service(&tenant);
    let walk = Walk {
        tenant: &tenant,
        examples: Map::new(),
    };
    let made = walk.make();
    let file = repository(FILE);
    if env::var_os("VAULT_WRITE_EXAMPLES").is_some() {
        let text = serde_json::to_string_pretty(&made).unwrap();
        fs::write(file, text + "\n").unwrap();
        return;
    }
    let documented: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let other = difference(&documented, &made, "");
    assert_eq!(
        other, None,
        "{FILE} is not what the vault answers: run `make openapi-examples`"
    );
}

/// The first place where two examples differ in more than ids, times and digits.
fn difference(one: &Value, other: &Value, place: &str) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) if one.keys().eq(other.keys()) => one
            .iter()
            .zip(other.values())
            .find_map(|((name, one), other)| difference(one, other, &format!("{place}/{name}"))),
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .find_map(|(one, other)| difference(one, other, place)),
        (Value::String(one), Value::String(other)) if form(one) == form(other) => None,
        (one, other) => (one != other).then(|| place.to_owned()),
    }
}

/// A text in which each run of letters and digits that may be made anew is `#`: it has a digit, or is longer than a word.
fn form(text: &str) -> String {
    let parts = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c));
    let part = |part: &str| -> String {
        let end = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+/=".contains(c));
        let run = part.len() - end.len();
        if run >= 16 || part.contains(|c: char| c.is_ascii_digit()) {
            format!("#{end}")
        } else {
            part.to_owned()
        }
    };
    parts.map(part).collect()
}

/// Every call once, in an order in which each succeeds.
struct Walk<'a> {
    tenant: &'a Tenant,
    examples: Map<String, Value>,
}

impl Walk<'_> {
    fn make(mut self) -> Value {
        let customer = self.customers();
        let method = self.payment_methods(&customer);
        self.network_tokens(&method);
        self.batch(&customer);
        self.call(
            "delete_payment_method",
            "DELETE",
            &format!("/payment-methods/{method}"),
            None,
        );
        self.call(
            "delete_customer",
            "DELETE",
            &format!("/customers/{customer}"),
            None,
        );
        self.examples.sort_keys();
        Value::Object(self.examples)
    }

    fn customers(&mut self) -> String {
        let create = json!({
            "merchant_reference_id": "customer_1",
            "name": "John Doe",
            "email": "guest@example.com",
            "phone": "9123456789",
            "phone_country_code": "+1",
            "default_billing_address": {"line1": "123, King Street", "city": "New York", "country": "US", "zip": "08807"},
        });
        let customer = self
            .call("create_customer", "POST", "/customers", Some(create))
            .id();
        let path = format!("/customers/{customer}");
        self.call("retrieve_customer", "GET", &path, None);
        self.call(
            "update_customer",
            "PUT",
            &path,
            Some(json!({"description": "Comes every week"})),
        );
        self.call(
            "retrieve_customer_by_reference",
            "GET",
            "/customers/reference/customer_1",
            None,
        );
        self.call("list_customers", "GET", "/customers/list?limit=1", None);
        self.call(
            "list_customers_with_count",
            "GET",
            "/customers/list_with_count?limit=1",
            None,
        );
        customer
    }

    fn batch(&mut self, customer: &str) {
        let card = |number: &str| {
            json!({
                "payment_method_type": "card",
                "customer_id": customer,
                "payment_method_data": {"card": {
                    "card_number": number, "card_exp_month": "10", "card_exp_year": "2099",
                }},
            })
        };
        let batch =
            json!({"payment_methods": [card("5555555555554444"), card("5555555555554443")]});
        self.call(
            "create_payment_methods",
            "POST",
            "/payment-methods/batch",
            Some(batch),
        );
    }

    fn payment_methods(&mut self, customer: &str) -> String {
        let create = json!({
            "payment_method_type": "card",
            "payment_method_subtype": "credit",
            "customer_id": customer,
            "payment_method_data": {"card": {
                "card_number": "4111111145551142",
                "card_exp_month": "10",
                "card_exp_year": "2099",
                "card_holder_name": "John Doe",
                "card_cvc": "242",
            }},
            "billing": {"address": {"city": "New York", "country": "US"}, "email": "guest@example.com"},
            "network_tokenization": {"enable": "Enable"},
        });
        let method = self
            .call(
                "create_payment_method",
                "POST",
                "/payment-methods",
                Some(create),
            )
            .id();
        let path = format!("/payment-methods/{method}");
        let details = format!("{path}/details");
        soon("there is a network token", || {
            self.tenant.get(&format!("/v2{details}")).ok()["network_token"] != Value::Null
        });
        self.call(
            "retrieve_payment_method",
            "GET",
            &format!("{path}?fetch_raw_detail=true"),
            None,
        );
        self.call("retrieve_payment_method_details", "GET", &details, None);
        self.call(
            "update_payment_method",
            "PUT",
            &format!("{path}/update-saved-payment-method"),
            Some(json!({"payment_method_data": {"card": {"nick_name": "Travel"}}})),
        );
        let of_customer = format!("/customers/{customer}");
        let default = format!("{of_customer}/payment-methods/{method}/default");
        self.call("set_default_payment_method", "POST", &default, None);
        self.call(
            "list_payment_methods",
            "GET",
            &format!("{of_customer}/saved-payment-methods"),
            None,
        );
        self.call(
            "count_payment_methods",
            "GET",
            "/customers/total-payment-methods",
            None,
        );
        method
    }

    fn network_tokens(&mut self, method: &str) {
        let path = format!("/payment-methods/{method}");
        self.call(
            "check_network_token_status",
            "GET",
            &format!("{path}/check-network-token-status"),
            None,
        );
        let token = Some(json!({"token_type": "network_token"}));
        self.call(
            "get_network_token",
            "POST",
            &format!("{path}/get-token"),
            token,
        );
        let eligibility = "/payment-methods/get-network-token-eligibility?card_bin=411111";
        self.call("get_network_token_eligibility", "GET", eligibility, None);
    }

    /// Makes a call with the key that may see everything, and keeps its body and its answer.
    fn call(&mut self, function: &str, verb: &str, path: &str, body: Option<Value>) -> Answer {
        let request = self.tenant.revealing(verb, &format!("/v2{path}"));
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = self.tenant.send(&request);
        let mut example = json!({"answer": answer.ok()});
        if let Some(body) = body {
            example["request"] = body;
        }
        self.examples.insert(function.to_owned(), example);
        answer
    }
}

#[test]
fn an_example_with_another_member_or_value_is_noticed() {
    let example = json!({"id": "12345_pm_019e2102", "card": {"network": "Visa", "number": "4111"}, "list": [1]});
    let same =
        json!({"id": "12345_pm_000f", "card": {"network": "Visa", "number": "42"}, "list": [1]});
    assert_eq!(difference(&example, &same, ""), None);
    for (other, place) in [
        (
            json!({"id": "12345_pm_1", "card": {"network": "JCB", "number": "1"}, "list": [1]}),
            "/card/network",
        ),
        (
            json!({"id": "12345_cus_1", "card": {"network": "Visa", "number": "1"}, "list": [1]}),
            "/id",
        ),
        (
            json!({"id": "12345_pm_1", "card": {"network": "Visa"}, "list": [1]}),
            "/card",
        ),
        (
            json!({"id": "12345_pm_1", "card": {"network": "Visa", "number": "1"}, "list": []}),
            "/list",
        ),
        (
            json!({"id": "12345_pm_1", "card": {"network": "Visa", "number": "1"}, "list": [2]}),
            "/list",
        ),
    ] {
        assert_eq!(difference(&example, &other, ""), Some(place.to_owned()));
    }
}
