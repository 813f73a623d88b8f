//! The document of 2025.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{CUSTOMER_2025, JSON_HEADERS_2025, Reader, members};
use crate::connectors::{create_connector, provider, token_service};
use crate::support::{NO_PAYMENT_METHOD, found_within, has_form};

const HEADERS_2025: &[(&str, &str)] = &[("x-profile-id", "<profile-id>"), ("api-key", "<api-key>")];

const CARD_2025: &str = r#"{
  "payment_method_type": "card",
  "payment_method_subtype": "credit",
  "metadata": {},
  "customer_id": "12345_cus_01926c58bc6e77c09e809964e72af8c8",
  "payment_method_data": {
"card": {
   "card_number": "4111111145551142",
   "card_exp_month": "10",
   "card_exp_year": "25",
   "card_holder_name": "John Doe",
   "nick_name": "John Doe",
   "card_issuing_country": "AF",
   "card_network": "Visa",
   "card_issuer": "<string>",
   "card_type": "credit",
   "card_cvc": "242"
}

  },
  "billing": {
"address": {
   "city": "New York",
   "country": "AF",
   "line1": "123, King Street",
   "line2": "Powelson Avenue",
   "line3": "Bridgewater",
   "zip": "08807",
   "state": "New York",
   "first_name": "John",
   "last_name": "Doe"
},
"phone": {
   "number": "9123456789",
   "country_code": "+1"
},
"email": "abc@gmail.com"
  }
}"#;

const CARD_WITH_PSP_TOKEN_2025: &str = r#"{
  "payment_method_type": "card",
  "payment_method_subtype": "ach",
  "metadata": {},
  "customer_id": "12345_cus_01926c58bc6e77c09e809964e72af8c8",
  "payment_method_data": {
	"card": {
  	"card_number": "4111111145551142",
  	"card_exp_month": "10",
  	"card_exp_year": "25",
  	"card_holder_name": "John Doe",
  	"nick_name": "John Doe",
  	"card_issuing_country": "AF",
  	"card_network": "Visa",
  	"card_issuer": "<string>",
  	"card_type": "credit",
  	"card_cvc": "242"
	}
  },
  "billing": {
	"address": {
  	"city": "New York",
  	"country": "AF",
  	"line1": "123, King Street",
  	"line2": "Powelson Avenue",
  	"line3": "Bridgewater",
  	"zip": "08807",
  	"state": "New York",
  	"first_name": "John",
  	"last_name": "Doe"
	},
	"phone": {
  	"number": "9123456789",
  	"country_code": "+1"
	},
	"email": "abc@gmail.com"
  },
  "psp_tokenization": {
	"tokenization_type": "single_use",
	"connector_id": "<string>"
  }
}"#;

const CARD_WITH_NETWORK_TOKEN_2025: &str = r#"{
  "payment_method_type": "card",
  "payment_method_subtype": "ach",
  "metadata": {},
  "customer_id": "12345_cus_01926c58bc6e77c09e809964e72af8c8",
  "payment_method_data": {
	"card": {
  	"card_number": "4111111145551142",
  	"card_exp_month": "10",
  	"card_exp_year": "25",
  	"card_holder_name": "John Doe",
  	"nick_name": "John Doe",
  	"card_issuing_country": "AF",
  	"card_network": "Visa",
  	"card_issuer": "<string>",
  	"card_type": "credit",
  	"card_cvc": "242"
	}
  },
  "billing": {
	"address": {
  	"city": "New York",
  	"country": "AF",
  	"line1": "123, King Street",
  	"line2": "Powelson Avenue",
  	"line3": "Bridgewater",
  	"zip": "08807",
  	"state": "New York",
  	"first_name": "John",
  	"last_name": "Doe"
	},
	"phone": {
  	"number": "9123456789",
  	"country_code": "+1"
	},
	"email": "<string>"
  },
  "network_tokenization": {
	"enable": "Enable"
  }
}"#;

const UPDATE_2025: &str = r#"{
  "payment_method_data": {
	"card": {
  	"card_holder_name": "John Doe",
  	"nick_name": "John Doe"
	}
  },
  "connector_token_details": {
	"token": "pm_9UhMqBMEOooRIvJFFdeW",
	"connector_token_request_reference_id": "<string>"
  }
}"#;

#[test]
fn the_2025_document_creates_a_customer() {
    let body = Reader::new()
        .send(
            "POST",
            "/v2/customers",
            JSON_HEADERS_2025,
            Some(CUSTOMER_2025),
        )
        .ok();

    let mut expected = members(CUSTOMER_2025);
    for address in ["default_billing_address", "default_shipping_address"] {
        expected[address]["origin_zip"] = Value::Null;
    }
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
}

#[test]
fn the_2025_document_creates_a_payment_method_token() {
    let reader = Reader::new();
    let customer = reader.customer_2025();

    let body = reader
        .store(
            "/v2/payment-methods",
            JSON_HEADERS_2025,
            CARD_2025,
            &customer,
        )
        .ok();

    let card = &body["payment_method_data"]["card"];
    assert_eq!(body["customer_id"], customer);
    assert_eq!(body["merchant_id"], reader.tenant.merchant);
    assert_eq!(
        (
            &body["payment_method_type"],
            &body["payment_method_subtype"]
        ),
        (&json!("card"), &json!("credit"))
    );
    assert_eq!(
        (&card["last4_digits"], &card["card_isin"]),
        (&json!("1142"), &json!("411111"))
    );
    assert_eq!(
        (&card["issuer_country"], &card["card_issuer"]),
        (&json!("AF"), &json!("<string>"))
    );
    assert_eq!(
        (&body["metadata"], &body["billing"]["email"]),
        (&json!({}), &json!("abc@gmail.com"))
    );
}

/// Stores the card until a GET within two seconds shows `member`, and gives the method. The load of the other tests may make
/// a worker late; one of five customers has to be served in time.
#[track_caller]
fn shown_within_two_seconds(reader: &Reader, printed: &str, member: &str) -> Value {
    let customer = reader.customer_2025();
    for attempt in 0..5 {
        let customer = match attempt {
            0 => customer.clone(),
            _ => reader.tenant.customer(),
        };
        let stored = reader.store("/v2/payment-methods", JSON_HEADERS_2025, printed, &customer);
        let stored_at = Instant::now();
        let stored = stored.ok();
        assert_eq!(stored["payment_method_subtype"], "ach");
        assert_eq!(stored[member], Value::Null);
        let id = stored["id"].as_str().unwrap().to_owned();
        let time_left = Duration::from_secs(2).saturating_sub(stored_at.elapsed());
        let found = found_within(time_left, || {
            let paths =
                ["/v2", "/v1", "/api/v1"].map(|prefix| format!("{prefix}/payment-methods/{id}"));
            let shown = paths.map(|path| reader.send("GET", &path, HEADERS_2025, None).ok());
            (shown[0][member] != Value::Null).then(|| {
                assert_eq!(shown[2], shown[1]);
                shown[2].clone()
            })
        });
        if let Some(shown) = found {
            return shown;
        }
    }
    panic!("{member} is not shown within two seconds");
}

#[test]
fn the_2025_document_has_a_providers_token_made() {
    let reader = Reader::new();
    let provider = provider();
    let connector = create_connector(
        &reader.tenant.stack,
        &reader.tenant.merchant,
        "stripe",
        &provider.stripe_settings(),
        &provider.secret_key,
    )
    .unwrap();
    let printed = CARD_WITH_PSP_TOKEN_2025.replace(
        r#""connector_id": "<string>""#,
        &format!(r#""connector_id": "{connector}""#),
    );

    let shown = shown_within_two_seconds(&reader, &printed, "connector_tokens");

    let token = &shown["connector_tokens"][0];
    assert_eq!(
        (
            &token["connector_id"],
            &token["token_type"],
            &token["status"]
        ),
        (&json!(connector), &json!("single_use"), &json!("active"))
    );
    assert!(token["token"].as_str().unwrap().starts_with("pm_"));
    assert_eq!(provider.violations(), Vec::<String>::new());
}

#[test]
fn the_2025_document_has_a_network_token_made() {
    let reader = Reader::new();
    let service = token_service();
    create_connector(
        &reader.tenant.stack,
        &reader.tenant.merchant,
        "token_service",
        &service.settings(),
        &service.credentials().to_string(),
    )
    .unwrap();
    reader
        .tenant
        .admin()
        .execute(
            "select vault.set_network_tokenization($1, true)",
            &[&reader.tenant.profile],
        )
        .unwrap();

    let shown = shown_within_two_seconds(&reader, CARD_WITH_NETWORK_TOKEN_2025, "network_token");

    let data = &shown["network_token"]["payment_method_data"];
    has_form(&data["last4_digits"], r"\d{4}");
    assert_eq!(data["card_holder_name"], "John Doe");
    assert_eq!(shown["billing"]["email"], "<string>");
    assert_eq!(service.violations(), Vec::<String>::new());
}

#[test]
fn the_2025_document_retrieves_updates_and_deletes() {
    let reader = Reader::new();
    let id = reader
        .store(
            "/v2/payment-methods",
            JSON_HEADERS_2025,
            CARD_2025,
            &reader.customer_2025(),
        )
        .id();
    let path = format!("/v2/payment-methods/{id}");

    assert_eq!(reader.send("GET", &path, HEADERS_2025, None).id(), id);
    let update = format!("{path}/update-saved-payment-method");
    let updated = reader
        .send("PATCH", &update, JSON_HEADERS_2025, Some(UPDATE_2025))
        .ok();
    assert_eq!(
        updated["payment_method_data"]["card"]["nick_name"],
        "John Doe"
    );
    assert_eq!(
        updated["connector_tokens"][0]["token"],
        "pm_9UhMqBMEOooRIvJFFdeW"
    );
    assert_eq!(
        updated["connector_tokens"][0]["connector_token_request_reference_id"],
        "<string>"
    );
    assert_eq!(
        reader.send("DELETE", &path, HEADERS_2025, None).text,
        json!({"id": id}).to_string()
    );
    reader
        .send("GET", &path, HEADERS_2025, None)
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
}
