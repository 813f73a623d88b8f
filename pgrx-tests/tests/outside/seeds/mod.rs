//! Every request that the two documents of the API print, as printed: only host, ids, keys and, where it has
//! passed, the expiry year are put in.

mod of_2025;
mod of_2026;

use serde_json::Value;
use vault_tests::card::this_year;
use vault_tests::ledger::{Kind, record};
use vault_tests::{Answer, Request, Tenant};

const JSON_HEADERS_2025: &[(&str, &str)] = &[
    ("Content-Type", "application/json"),
    ("x-profile-id", "<profile-id>"),
    ("api-key", "<api-key>"),
];

const CUSTOMER_2025: &str = r#"{   
    "merchant_reference_id": "customer_1742551597",
    "name": "John Doe",
    "email": "guest@example.com",
    "phone": "999999999",
    "phone_country_code": "+65",
    "description": "First customer",
    "default_billing_address": {
        "line1": "1467",
        "line2": "Harrison Street",
        "line3": "Harrison Street",
        "city": "San Fransico",
        "state": "California",
        "zip": "94122",
        "country": "US",
        "first_name": "joseph",
        "last_name": "Doe"
    },
    "default_shipping_address": {
        "line1": "1467",
        "line2": "Harrison Street",
        "line3": "Harrison Street",
        "city": "San Fransico",
        "state": "California",
        "zip": "94122",
        "country": "US",
        "first_name": "joseph",
        "last_name": "Doe"
    },
    "metadata": {
        "udf1": "value1",
        "new_customer": "true",
        "login_date": "2019-09-10T10:11:12Z"
    }
}"#;

/// One merchant who follows a document.
struct Reader {
    tenant: Tenant,
}

impl Reader {
    fn new() -> Reader {
        record(Kind::Pan, "4111111145551142");
        record(Kind::Pan, "4111111111111111");
        Reader {
            tenant: Tenant::new(),
        }
    }

    /// Sends a printed request.
    #[track_caller]
    fn send(&self, verb: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let request = headers
            .iter()
            .fold(Request::new(verb, path), |request, (name, value)| {
                let value = value
                    .replace("<profile-id>", &self.tenant.profile)
                    .replace("<api-key>", &self.tenant.key);
                request.header(name, value)
            });
        self.tenant.send(&match body {
            Some(body) => headers
                .iter()
                .filter(|(name, _)| *name == "Content-Type")
                .fold(
                    request.body(body).without("content-type"),
                    |request, (name, value)| request.header(name, value),
                ),
            None => request,
        })
    }

    /// Sends a printed request to store a card, for a customer that exists and with a year that has not passed.
    #[track_caller]
    fn store(&self, path: &str, headers: &[(&str, &str)], printed: &str, customer: &str) -> Answer {
        let later = this_year() + 1;
        let body = printed
            .replace("12345_cus_01926c58bc6e77c09e809964e72af8c8", customer)
            .replace("12345_cus_019e2102e4fb7a32b456d8f896e8f51e", customer)
            .replace(
                r#""card_exp_year": "25""#,
                &format!(r#""card_exp_year": "{}""#, later % 100),
            )
            .replace(
                r#""card_exp_year": "2030""#,
                &format!(r#""card_exp_year": "{}""#, later.max(2030)),
            );
        self.send("POST", path, headers, Some(&body))
    }

    fn customer_2025(&self) -> String {
        self.send(
            "POST",
            "/v2/customers",
            JSON_HEADERS_2025,
            Some(CUSTOMER_2025),
        )
        .id()
    }
}

fn members(printed: &str) -> Value {
    serde_json::from_str(printed).unwrap()
}
